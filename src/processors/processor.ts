import type { Alert } from '../events/alert.ts'
import type { Candle } from '../events/candle.ts'
import type { DeadLetter } from '../events/dead-letter.ts'
import type { Gap } from '../events/gap.ts'
import type { InstrumentTable } from '../events/instrument.ts'
import type { TradeBatch } from '../events/trade-batch.ts'

/** Where derived events go. Called in the order in which they are derived. */
export interface Outputs {
  candle(candle: Candle): void
  alert(alert: Alert): void
  gap(gap: Gap): void
  deadLetter(deadLetter: DeadLetter): void
}

/**
 * Derives events from the trades of one partition.
 *
 * Pure: no I/O, no clock, no randomness. The outputs are a function of the sequence of rows and watermarks alone; how
 * they are cut into batches, and where a snapshot was taken and restored, changes nothing, to the byte.
 */
export interface TradeProcessor {
  /** The table that batches given to `onTrades` must use. */
  readonly instruments: InstrumentTable
  onTrades(batch: TradeBatch): void
  /** The input has ended: everything still open becomes final. */
  finish(): void
  /** The whole state, to be given to `restore` of a new processor with the same options. */
  snapshot(): Uint8Array
  restore(snapshot: Uint8Array): void
}
