import type { Columns } from './column.ts'
import { rescaleRow } from './column.ts'
import type { InstrumentTable } from './instrument.ts'

/** Best bids and asks as a struct of arrays; digits in the instrument's decimals, as in `TradeBatch`. */
export class QuoteBatch {
  readonly instruments: InstrumentTable
  readonly capacity: number
  count = 0
  readonly instrument: Uint32Array
  readonly bidPriceLow: Float64Array
  readonly bidPriceHigh: Uint32Array
  readonly bidQuantityLow: Float64Array
  readonly bidQuantityHigh: Uint32Array
  readonly askPriceLow: Float64Array
  readonly askPriceHigh: Uint32Array
  readonly askQuantityLow: Float64Array
  readonly askQuantityHigh: Uint32Array
  /** Venue's clock, µs; where the venue sends none (Binance spot), the time of arrival. */
  readonly eventTimeUs: Float64Array
  readonly receivedTimeUs: Float64Array
  /** The venue's update counter, or -1. */
  readonly sequence: Float64Array
  readonly columns: Columns

  constructor(instruments: InstrumentTable, capacity: number) {
    this.instruments = instruments
    this.capacity = capacity
    this.instrument = new Uint32Array(capacity)
    this.bidPriceLow = new Float64Array(capacity)
    this.bidPriceHigh = new Uint32Array(capacity)
    this.bidQuantityLow = new Float64Array(capacity)
    this.bidQuantityHigh = new Uint32Array(capacity)
    this.askPriceLow = new Float64Array(capacity)
    this.askPriceHigh = new Uint32Array(capacity)
    this.askQuantityLow = new Float64Array(capacity)
    this.askQuantityHigh = new Uint32Array(capacity)
    this.eventTimeUs = new Float64Array(capacity)
    this.receivedTimeUs = new Float64Array(capacity)
    this.sequence = new Float64Array(capacity)
    // The order is the order on the wire (quote-codec.ts).
    this.columns = [
      this.instrument,
      this.bidPriceLow,
      this.bidPriceHigh,
      this.bidQuantityLow,
      this.bidQuantityHigh,
      this.askPriceLow,
      this.askPriceHigh,
      this.askQuantityLow,
      this.askQuantityHigh,
      this.eventTimeUs,
      this.receivedTimeUs,
      this.sequence,
    ]
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  /** Brings the rows of one instrument to `pricePlaces` and `quantityPlaces` more decimals. */
  rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void {
    for (let row = 0; row < this.count; row++) {
      if (this.instrument[row] !== instrument) continue
      rescaleRow(this.bidPriceLow, this.bidPriceHigh, row, pricePlaces)
      rescaleRow(this.askPriceLow, this.askPriceHigh, row, pricePlaces)
      rescaleRow(this.bidQuantityLow, this.bidQuantityHigh, row, quantityPlaces)
      rescaleRow(this.askQuantityLow, this.askQuantityHigh, row, quantityPlaces)
    }
  }
}
