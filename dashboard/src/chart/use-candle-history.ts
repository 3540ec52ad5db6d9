import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Candle } from '../../../src/events/candle.ts'
import type { Interval } from '../../../src/events/interval.ts'
import type { CandlesResponse, SymbolRow } from '../../../src/protocol/rest.ts'
import { framePump, generation, liveClient, missed } from '../app/live.ts'
import type { Range } from '../app/route.ts'
import { useValue } from '../app/use-value.ts'
import { apiPath, fetchJson } from '../rest/fetch-json.ts'
import { CandleHistory, type HistorySnapshot, type ReadCandles } from './candle-history.ts'
import { INTERVAL_MS, RANGE_MS } from './chart-spans.ts'

const DAY_MS = 86_400_000
/** The server's latest time that a parameter may have. */
const TIME_MAX_MS = 4_102_444_800_000

function candleReader(symbol: string, interval: Interval): ReadCandles {
  return async (fromMs, toMs) => {
    const to = Math.min(toMs, TIME_MAX_MS)
    const path = apiPath(`candles/${encodeURIComponent(symbol)}`, { interval, from: fromMs, to, limit: 1500 })
    return (await fetchJson<CandlesResponse>(path)).data
  }
}

export interface LiveHistory {
  readonly history: CandleHistory
  readonly snapshot: HistorySnapshot
  /** Another for each history. */
  readonly key: string
}

/** The candles of a symbol page, live. */
export function useCandleHistory(symbol: SymbolRow, interval: Interval, range: Range): LiveHistory {
  const isAnew = useValue(generation)
  const name = symbol.symbol
  // Newer bounds of the same symbol are no reason to begin anew: live candles carry the chart on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above; `isAnew` is such a reason
  const history = useMemo(() => {
    const bounds = {
      intervalMs: INTERVAL_MS[interval],
      firstMs: symbol.firstTradeTimeMs ?? 0,
      lastMs: symbol.lastTradeTimeMs ?? 0,
    }
    return new CandleHistory(candleReader(name, interval), bounds)
  }, [name, interval, isAnew])
  const missedCount = useValue(missed)
  useEffect(() => {
    if (missedCount > 0) void history.refresh()
  }, [history, missedCount])
  useEffect(() => follow(history, name, interval), [history, name, interval])
  useEffect(() => {
    const newest = history.snapshot().candles.at(-1)?.openTimeMs ?? symbol.lastTradeTimeMs ?? 0
    void history.loadBackTo(firstWanted(newest, range))
  }, [history, range, symbol.lastTradeTimeMs])
  const snapshot = useSyncExternalStore(history.subscribe, history.snapshot)
  return { history, snapshot, key: `${name} ${interval} ${isAnew}` }
}

function follow(history: CandleHistory, symbol: string, interval: Interval): () => void {
  const isOurs = (candle: Candle) => candle.symbol === symbol && candle.interval === interval
  const endUpdates = framePump.onUpdate((update) => {
    const candles = update.candles.filter(isOurs)
    if (candles.length > 0) history.merge(candles)
  })
  const endSubscription = liveClient.subscribe(`candles:${interval}`, [symbol])
  return () => {
    endUpdates()
    endSubscription()
  }
}

/** The range, and back to midnight UTC, where its VWAP begins. */
function firstWanted(newestMs: number, range: Range): number {
  const fromMs = newestMs - RANGE_MS[range]
  return Math.floor(fromMs / DAY_MS) * DAY_MS
}
