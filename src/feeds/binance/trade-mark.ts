import { createTradeRow } from '../rows/market-row.ts'
import type { BinanceTradeStream } from './binance-options.ts'
import { restIdOf, tradeFromRest } from './market-from-rest.ts'
import type { RestRow } from './rest-requests.ts'

/** A trade's id in its stream, and its time in µs, 0 where that is not known. */
export interface TradeMark {
  readonly id: number
  readonly timeUs: number
  /** The last trade of an aggregate; -1 for single trades, and where it is not known. */
  readonly lastTradeId: number
}

const row = createTradeRow()

/** The marks of those rows of an answer that have an id. */
export function marksOf(rows: readonly RestRow[], stream: BinanceTradeStream): TradeMark[] {
  return rows.flatMap((each) => {
    const id = restIdOf(each, stream)
    if (Number.isNaN(id)) return []
    if (tradeFromRest(each, stream, row) !== undefined) return [{ id, timeUs: 0, lastTradeId: -1 }]
    const lastTradeId = stream === 'trade' ? -1 : row.id + row.tradeCount - 1
    return [{ id, timeUs: row.eventTimeUs, lastTradeId }]
  })
}

/**
 * The id of each symbol's last trade, never of an aggregate, from the rows of `ticker/24hr` (`symbol, lastId` and more).
 * A symbol without a trade in 24 h has -1 for an id, and is left out.
 */
export function lastTradeIdsOf(rows: readonly RestRow[]): ReadonlyMap<string, number> {
  const ids = new Map<string, number>()
  for (const { symbol, lastId } of rows) {
    if (typeof symbol === 'string' && typeof lastId === 'number' && lastId >= 0) ids.set(symbol, lastId)
  }
  return ids
}
