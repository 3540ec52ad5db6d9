import { createTradeRow } from '../rows/market-row.ts'
import type { BinanceTradeStream } from './binance-options.ts'
import { restIdOf, tradeFromRest } from './market-from-rest.ts'
import type { RestRow } from './rest-client.ts'

/** A trade's id in its stream, and its time in µs, 0 where that is not known. */
export interface TradeMark {
  readonly id: number
  readonly timeUs: number
}

const row = createTradeRow()

/** The marks of those rows of an answer that have an id. */
export function marksOf(rows: readonly RestRow[], stream: BinanceTradeStream): TradeMark[] {
  return rows.flatMap((each) => {
    const id = restIdOf(each, stream)
    if (Number.isNaN(id)) return []
    return [{ id, timeUs: tradeFromRest(each, stream, row) === undefined ? row.eventTimeUs : 0 }]
  })
}
