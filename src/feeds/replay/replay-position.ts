import type { TradeStream } from '../rows/row-instruments.ts'
import type { RowCounts } from '../rows/row-ledger.ts'

/** What must be known of an instrument to go on as before. */
export interface PositionInstrument {
  readonly venue: string
  readonly symbol: string
  readonly priceDecimals: number
  readonly quantityDecimals: number
  readonly tradeStream: TradeStream
  readonly priceDigitsMax: number
  readonly quantityDigitsMax: number
}

/**
 * Where a replay stands after a step: given back as `startAt`, with the same paths and options, the reader yields exactly
 * what it would have yielded next. JSON-serialisable.
 */
export interface ReplayPosition {
  /** Index into `paths`. */
  readonly file: number
  /** Index among the files within a zip; else 0. */
  readonly entry: number
  /** Lines or records of that entry that were read. */
  readonly line: number
  /** Venue told for a Binance capture that was begun. */
  readonly venue?: string
  readonly lastTradeTimeUs?: number
  /** In the order of the instrument table. */
  readonly instruments: readonly PositionInstrument[]
  readonly counts: RowCounts
}
