import { BIGINT, type DuckDBAppender, INTEGER, UINTEGER, UTINYINT } from '@duckdb/node-api'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { RowMapping } from './store-instruments.ts'
import { CHUNK_ROWS, setDigits, setInteger, TypedChunk } from './typed-chunk.ts'

const DIGITS = [BIGINT, UINTEGER]
const DECIMALS = [UTINYINT, UTINYINT]

/** Writes the rows of a batch into the columns of its table, chunk by chunk. `fill` writes all but the first column. */
abstract class BatchChunk<B extends TradeBatch | QuoteBatch> {
  protected abstract readonly chunk: TypedChunk
  protected abstract fill(batch: B, start: number, count: number, mapping: RowMapping): void

  /** @param first the first column: its values, or the number from which it counts up */
  append(batch: B, mapping: RowMapping, first: number | Float64Array, appender: DuckDBAppender): void {
    const column = this.chunk.words[0]!
    for (let start = 0; start < batch.count; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, batch.count - start)
      for (let row = 0; row < count; row++) {
        setInteger(column, row, typeof first === 'number' ? first + start + row : first[start + row]!)
      }
      this.fill(batch, start, count, mapping)
      this.chunk.appendTo(appender, count)
    }
  }
}

export class TradeChunk extends BatchChunk<TradeBatch> {
  protected readonly chunk = new TypedChunk([
    BIGINT,
    INTEGER,
    BIGINT,
    BIGINT,
    BIGINT,
    UINTEGER,
    UTINYINT,
    ...DIGITS,
    ...DIGITS,
    ...DECIMALS,
  ])

  protected fill(batch: TradeBatch, start: number, count: number, mapping: RowMapping): void {
    const [, instrument, eventTime, receivedTime, id, tradeCount, , price, priceHigh, quantity, quantityHigh] =
      this.chunk.words
    const flags = this.chunk.bytes[6]!
    const priceDecimals = this.chunk.bytes[11]!
    const quantityDecimals = this.chunk.bytes[12]!
    for (let row = 0; row < count; row++) {
      const from = start + row
      const index = batch.instrument[from]!
      instrument![row] = mapping.ids[index]!
      setInteger(eventTime!, row, batch.eventTimeUs[from]!)
      setInteger(receivedTime!, row, batch.receivedTimeUs[from]!)
      setInteger(id!, row, batch.id[from]!)
      tradeCount![row] = batch.tradeCount[from]!
      flags[row] = batch.flags[from]!
      setDigits(price!, priceHigh!, row, batch.priceLow[from]!, batch.priceHigh[from]!)
      setDigits(quantity!, quantityHigh!, row, batch.quantityLow[from]!, batch.quantityHigh[from]!)
      priceDecimals[row] = mapping.priceDecimals[index]!
      quantityDecimals[row] = mapping.quantityDecimals[index]!
    }
  }
}

export class QuoteChunk extends BatchChunk<QuoteBatch> {
  protected readonly chunk = new TypedChunk([
    BIGINT,
    INTEGER,
    BIGINT,
    BIGINT,
    BIGINT,
    ...DIGITS,
    ...DIGITS,
    ...DIGITS,
    ...DIGITS,
    ...DECIMALS,
  ])

  protected fill(batch: QuoteBatch, start: number, count: number, mapping: RowMapping): void {
    const words = this.chunk.words
    const priceDecimals = this.chunk.bytes[13]!
    const quantityDecimals = this.chunk.bytes[14]!
    for (let row = 0; row < count; row++) {
      const from = start + row
      const index = batch.instrument[from]!
      words[1]![row] = mapping.ids[index]!
      setInteger(words[2]!, row, batch.eventTimeUs[from]!)
      setInteger(words[3]!, row, batch.receivedTimeUs[from]!)
      setInteger(words[4]!, row, batch.sequence[from]!)
      setDigits(words[5]!, words[6]!, row, batch.bidPriceLow[from]!, batch.bidPriceHigh[from]!)
      setDigits(words[7]!, words[8]!, row, batch.bidQuantityLow[from]!, batch.bidQuantityHigh[from]!)
      setDigits(words[9]!, words[10]!, row, batch.askPriceLow[from]!, batch.askPriceHigh[from]!)
      setDigits(words[11]!, words[12]!, row, batch.askQuantityLow[from]!, batch.askQuantityHigh[from]!)
      priceDecimals[row] = mapping.priceDecimals[index]!
      quantityDecimals[row] = mapping.quantityDecimals[index]!
    }
  }
}
