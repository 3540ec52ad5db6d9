import { encodePayments, encodeTrades } from '../../events/batch-codec.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { MarketLines, TRADE_CSV_HEADER } from '../../events/market-lines.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { PAYMENT_CSV_HEADER, PaymentLines } from '../../events/payment-lines.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import type { PaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { PaymentsWorld } from '../../feeds/payments/payments-world.ts'
import { MarketWorld, type MarketWorldOptions } from '../../feeds/simulator/world/market-world.ts'

export const GENERATE_FORMATS = ['ndjson', 'csv', 'columnar'] as const
export type GenerateFormat = (typeof GENERATE_FORMATS)[number]

const BATCH_COUNT = 8192
const NOTHING = new Uint8Array(0)

/** A world that is made event by event, and given out as bytes of a format. */
export interface EventSource {
  /** Index of the next event. */
  readonly index: number
  /** Bytes that come before the first event. */
  readonly header: Uint8Array
  /** Events given out so far, by kind. */
  readonly counts: Readonly<Record<string, number>>
  skipTo(index: number): void
  /** The next events, as many as make a piece, at most up to `endIndex`. The bytes are valid until the next call. */
  next(endIndex: number): Uint8Array
}

/** Trades, quotes or both of a market. CSV and columnar pieces hold trades alone. */
export class MarketSource implements EventSource {
  readonly header: Uint8Array
  readonly counts = { trades: 0, quotes: 0 }
  readonly #world: MarketWorld
  readonly #trades: TradeBatch
  readonly #quotes: QuoteBatch
  readonly #encode: () => Uint8Array
  /** The kind that is made with the other, but not given out. */
  readonly #forgotten: TradeBatch | QuoteBatch | undefined

  constructor(
    options: MarketWorldOptions,
    format: GenerateFormat,
    kinds: { readonly trades: boolean; readonly quotes: boolean },
  ) {
    const instruments = new InstrumentTable()
    this.#world = new MarketWorld(options, instruments)
    this.#trades = new TradeBatch(instruments, BATCH_COUNT)
    this.#quotes = new QuoteBatch(instruments, BATCH_COUNT)
    this.header = format === 'csv' ? new TextEncoder().encode(TRADE_CSV_HEADER) : NOTHING
    this.#encode = this.#encoder(new MarketLines(instruments), format, kinds)
    if (!kinds.trades) this.#forgotten = this.#trades
    else if (!kinds.quotes) this.#forgotten = this.#quotes
  }

  #encoder(lines: MarketLines, format: GenerateFormat, kinds: { readonly quotes: boolean }): () => Uint8Array {
    if (format === 'columnar') return () => framed(encodeTrades(this.#trades))
    if (format === 'csv') return () => lines.csv(this.#trades)
    if (!kinds.quotes) return () => lines.ndjson(this.#trades)
    return () => lines.ndjsonMerged(this.#trades, this.#quotes)
  }

  get index(): number {
    return this.#world.index
  }

  skipTo(index: number): void {
    this.#world.skipTo(index)
  }

  next(endIndex: number): Uint8Array {
    this.#trades.count = 0
    this.#quotes.count = 0
    this.#world.fill(this.#trades, this.#quotes, endIndex)
    if (this.#forgotten !== undefined) this.#forgotten.count = 0
    this.counts.trades += this.#trades.count
    this.counts.quotes += this.#quotes.count
    return this.#encode()
  }
}

/** Card payments and transfers. */
export class PaymentsSource implements EventSource {
  readonly header: Uint8Array
  readonly counts = { payments: 0 }
  readonly #world: PaymentsWorld
  readonly #batch = new PaymentBatch(BATCH_COUNT)
  readonly #encode: () => Uint8Array

  constructor(options: PaymentsOptions, format: GenerateFormat) {
    this.#world = new PaymentsWorld(options)
    this.header = format === 'csv' ? new TextEncoder().encode(PAYMENT_CSV_HEADER) : NOTHING
    const lines = new PaymentLines()
    if (format === 'columnar') this.#encode = () => framed(encodePayments(this.#batch))
    else this.#encode = format === 'csv' ? () => lines.csv(this.#batch) : () => lines.ndjson(this.#batch)
  }

  get index(): number {
    return this.#world.index
  }

  skipTo(index: number): void {
    this.#world.skipTo(index)
  }

  next(endIndex: number): Uint8Array {
    this.#batch.count = 0
    this.#world.fill(this.#batch, endIndex)
    this.counts.payments += this.#batch.count
    return this.#encode()
  }
}

/** Columnar batches follow one another, each behind its length: u32 little-endian, then 4 bytes of zero. */
function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(8 + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length, true)
  frame.set(payload, 8)
  return frame
}
