import type { InstrumentTable } from '../../events/instrument.ts'
import { MarketLines, QUOTE_CSV_HEADER, TRADE_CSV_HEADER } from '../../events/market-lines.ts'
import type { PaymentBatch } from '../../events/payment-batch.ts'
import { PAYMENT_CSV_HEADER, PaymentLines } from '../../events/payment-lines.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { LineBuffer } from './line-buffer.ts'
import type { SourceSpec } from './source-spec.ts'

/** Bytes that come before the first event of a stream. */
export function headerOf({ format, market }: SourceSpec): Uint8Array {
  if (format !== 'csv') return new Uint8Array(0)
  const marketHeader = market?.quotes === true ? QUOTE_CSV_HEADER : TRADE_CSV_HEADER
  return new TextEncoder().encode(market === undefined ? PAYMENT_CSV_HEADER : marketHeader)
}

/** Turns batches into lines, whose event times can be told apart. */
export class EventLines {
  readonly #isCsv: boolean
  readonly #market: MarketLines
  readonly #payments = new PaymentLines()
  #times = new Float64Array(1 << 14)

  constructor(format: 'ndjson' | 'csv', instruments: InstrumentTable) {
    this.#isCsv = format === 'csv'
    this.#market = new MarketLines(instruments)
  }

  /** The lines of trades and quotes in order of time, valid until the next call. CSV is of one of them alone. */
  market(trades: TradeBatch, quotes: QuoteBatch): Uint8Array {
    if (this.#isCsv) return quotes.count === 0 ? this.#market.csv(trades) : this.#market.quotesCsv(quotes)
    return quotes.count === 0 ? this.#market.ndjson(trades) : this.#market.ndjsonMerged(trades, quotes)
  }

  payments(batch: PaymentBatch): Uint8Array {
    return this.#isCsv ? this.#payments.csv(batch) : this.#payments.ndjson(batch)
  }

  /** Appends what `market` gives, with the time of each line. */
  addMarket(trades: TradeBatch, quotes: QuoteBatch, to: LineBuffer): void {
    const count = trades.count + quotes.count
    const times = this.#timesFor(count)
    let [line, quote] = [0, 0]
    for (let row = 0; row < trades.count; row++) {
      const timeUs = trades.eventTimeUs[row]!
      while (quote < quotes.count && quotes.eventTimeUs[quote]! <= timeUs) times[line++] = quotes.eventTimeUs[quote++]!
      times[line++] = timeUs
    }
    while (quote < quotes.count) times[line++] = quotes.eventTimeUs[quote++]!
    to.append(this.market(trades, quotes), times, count)
  }

  addPayments(batch: PaymentBatch, to: LineBuffer): void {
    to.append(this.payments(batch), batch.eventTimeUs, batch.count)
  }

  #timesFor(count: number): Float64Array {
    if (this.#times.length < count) this.#times = new Float64Array(count)
    return this.#times
  }
}
