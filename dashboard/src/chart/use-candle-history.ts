import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Candle } from '../../../src/events/candle.ts'
import type { Interval } from '../../../src/events/interval.ts'
import type { CandlesResponse } from '../../../src/protocol/rest.ts'
import { framePump, generation, liveClient, missed } from '../app/live.ts'
import type { Range } from '../app/route.ts'
import { useValue } from '../app/use-value.ts'
import { apiPath, fetchJson } from '../rest/fetch-json.ts'
import { CandleHistory, type HistorySnapshot, type ReadCandles } from './candle-history.ts'
import { RANGE_MS } from './chart-spans.ts'

/** Candles of one request; the server's limit is 1500. */
const PAGE_COUNT = 1500
/** The server's latest time that a parameter may have. */
const TIME_MAX_MS = 4_102_444_800_000

function candleReader(symbol: string, interval: Interval): ReadCandles {
  return async (fromMs, toMs) => {
    const to = Math.min(toMs, TIME_MAX_MS)
    const parameters = { interval, from: fromMs, to, limit: PAGE_COUNT }
    const path = apiPath(`candles/${encodeURIComponent(symbol)}`, parameters)
    const { data, nextCursor } = await fetchJson<CandlesResponse>(path)
    return { candles: data, isLast: nextCursor === null }
  }
}

export interface LiveHistory {
  readonly history: CandleHistory
  readonly snapshot: HistorySnapshot
  /** Another for each history. */
  readonly key: string
}

/** The candles of a symbol page, live. */
export function useCandleHistory(symbol: string, interval: Interval, range: Range): LiveHistory {
  const isAnew = useValue(generation)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what an earlier generation read is worthless
  const history = useMemo(() => new CandleHistory(candleReader(symbol, interval)), [symbol, interval, isAnew])
  const snapshot = useSyncExternalStore(history.subscribe, history.snapshot)
  const missedCount = useValue(missed)
  useEffect(() => follow(history, symbol, interval), [history, symbol, interval])
  useEffect(() => void history.loadSpan(RANGE_MS[range]), [history, range])
  useEffect(() => {
    if (missedCount > 0) void history.refresh()
  }, [history, missedCount])
  return { history, snapshot, key: `${symbol} ${interval} ${isAnew}` }
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
