import type { Columns } from './column.ts'
import { copyRows, rescaleRow } from './column.ts'
import type { InstrumentTable } from './instrument.ts'

/** Bits of a trade's `flags`. The two lowest are the taker side: 0 unknown, 1 buy, 2 sell. */
export const TAKER_SIDE_MASK = 0b11
export const TAKER_BUY = 0b01
export const TAKER_SELL = 0b10
/** The venue leaves this trade out of its own candles (insurance fund, liquidation clearance): so do we. */
export const OFF_MARKET = 0b100

/** `id` of a trade whose source gives none: such trades cannot be checked for gaps or duplicates. */
export const NO_ID = -1

/**
 * Trades as a struct of arrays: row `i` of every column is one trade (or one aggregate of consecutive trades).
 * The digits are in the instrument's decimals as they are in `instruments` now.
 */
export class TradeBatch {
  readonly instruments: InstrumentTable
  readonly capacity: number
  count = 0
  /**
   * A promise of the source, µs: after this batch no event older than this follows, so windows may close although
   * nothing trades. A batch without rows may carry it. -1: no promise.
   */
  watermarkUs = -1
  /** Index into `instruments`. */
  readonly instrument: Uint32Array
  readonly priceLow: Float64Array
  readonly priceHigh: Uint32Array
  readonly quantityLow: Float64Array
  readonly quantityHigh: Uint32Array
  /** Venue's clock, µs since the epoch, integer. */
  readonly eventTimeUs: Float64Array
  /** Our clock on arrival, µs since the epoch, integer. */
  readonly receivedTimeUs: Float64Array
  /** First trade id of the row, or NO_ID. Ids are consecutive per instrument. */
  readonly id: Float64Array
  /** How many venue trades the row stands for: 1, or `l - f + 1` of an aggregate. */
  readonly tradeCount: Uint32Array
  readonly flags: Uint8Array
  readonly columns: Columns

  constructor(instruments: InstrumentTable, capacity: number) {
    this.instruments = instruments
    this.capacity = capacity
    this.instrument = new Uint32Array(capacity)
    this.priceLow = new Float64Array(capacity)
    this.priceHigh = new Uint32Array(capacity)
    this.quantityLow = new Float64Array(capacity)
    this.quantityHigh = new Uint32Array(capacity)
    this.eventTimeUs = new Float64Array(capacity)
    this.receivedTimeUs = new Float64Array(capacity)
    this.id = new Float64Array(capacity)
    this.tradeCount = new Uint32Array(capacity)
    this.flags = new Uint8Array(capacity)
    // The order is the order on the wire (trade-codec.ts).
    this.columns = [
      this.instrument,
      this.priceLow,
      this.priceHigh,
      this.quantityLow,
      this.quantityHigh,
      this.eventTimeUs,
      this.receivedTimeUs,
      this.id,
      this.tradeCount,
      this.flags,
    ]
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  /** Appends one row of another batch over the same instrument table. */
  appendRow(from: TradeBatch, row: number): void {
    copyRows(from.columns, row, this.columns, this.count, 1)
    this.count += 1
  }

  /** Brings the rows of one instrument to `pricePlaces` and `quantityPlaces` more decimals. */
  rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void {
    for (let row = 0; row < this.count; row++) {
      if (this.instrument[row] !== instrument) continue
      rescaleRow(this.priceLow, this.priceHigh, row, pricePlaces)
      rescaleRow(this.quantityLow, this.quantityHigh, row, quantityPlaces)
    }
  }
}
