import { LIMB } from '../../base/decimal.ts'
import { decodeQuotes, decodeTrades } from '../../events/batch-codec.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import { NO_ID, type TradeBatch } from '../../events/trade-batch.ts'
import { createQuoteRow, createTradeRow, type Refusal } from '../rows/market-row.ts'
import type { RowInstrument } from '../rows/row-instruments.ts'
import type { RowSink } from '../rows/row-sink.ts'
import { type ByteSource, unreadable } from './byte-source.ts'
import type { ReplayInput } from './line-input.ts'

/** Batches follow one another, each behind its length (u32, little-endian) and 4 bytes of zero. */
const FRAME_HEADER_BYTES = 8
/** As large as the log takes them. */
const FRAME_MAX_BYTES = 64 * 1024 * 1024
const KIND_TRADES = 1
const KIND_QUOTES = 2
const NO_SEQUENCE = -1

/** True for the beginning of a file of columnar batches: the magic number of the first one. */
export function isColumnar(head: Uint8Array): boolean {
  const marks = [0, 0, 0, 0, 0x46, 0x50, 0x42, 0x31]
  return marks.every((byte, index) => head[4 + index] === byte)
}

/** Batches whose rows are being given: trades with the quotes that follow them, by time; or others, passed over. */
interface OpenBatches {
  readonly trades?: TradeBatch
  readonly quotes?: QuoteBatch
  readonly otherCount: number
}

/** Reads columnar batches, as `finpulse generate --format columnar` writes them: a record is a row. */
export class ColumnarInput implements ReplayInput {
  readonly #source: ByteSource
  readonly #table = new InstrumentTable()
  readonly #trade = createTradeRow()
  readonly #quote = createQuoteRow()
  /** By index in the table: the same instruments as the reader knows them, null for a name that is none. */
  readonly #known: (RowInstrument | null)[] = []
  #bytes: Uint8Array = new Uint8Array(0)
  #open: OpenBatches = { otherCount: 0 }
  /** What was read ahead: the batch behind the open ones. */
  #ahead: OpenBatches | undefined
  #failure: unknown
  #tradeAt = 0
  #quoteAt = 0
  #otherAt = 0
  #recordCount = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  get recordCount(): number {
    return this.#recordCount
  }

  get bytesRead(): number {
    return this.#source.bytesRead
  }

  read(sink: RowSink, recordMaxCount: number): number {
    let count = 0
    while (count < recordMaxCount && !sink.step.isFull && this.#step(sink)) count += 1
    sink.ledger.lines += count
    return count
  }

  async fetch(): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure
    const first = this.#ahead ?? (await this.#next())
    this.#ahead = undefined
    this.#tradeAt = 0
    this.#quoteAt = 0
    this.#otherAt = 0
    this.#open = first ?? { otherCount: 0 }
    if (first?.trades !== undefined) {
      // What came before the damage is given first.
      this.#ahead = await this.#next().catch((error: unknown) => {
        this.#failure = error
        return undefined
      })
      if (this.#ahead?.quotes !== undefined && this.#ahead.trades === undefined) {
        this.#open = { ...first, quotes: this.#ahead.quotes }
        this.#ahead = undefined
      }
    }
    return first !== undefined
  }

  async skip(count: number): Promise<void> {
    while (this.#recordCount < count) {
      if (!this.#step(undefined) && !(await this.fetch())) return
    }
  }

  refuseTorn(): void {
    // A batch is read as a whole or not at all.
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  /** Takes the next row, into the sink where there is one. @returns false behind the last one */
  #step(sink: RowSink | undefined): boolean {
    const { trades, quotes, otherCount } = this.#open
    const hasTrade = trades !== undefined && this.#tradeAt < trades.count
    const hasQuote = quotes !== undefined && this.#quoteAt < quotes.count
    if (!hasTrade && !hasQuote && this.#otherAt >= otherCount) return false
    this.#recordCount += 1
    if (hasQuote && !(hasTrade && trades.eventTimeUs[this.#tradeAt]! < quotes.eventTimeUs[this.#quoteAt]!)) {
      const row = this.#quoteAt++
      if (sink !== undefined) this.#give(quotes, row, sink, (known) => this.#readQuote(quotes, row, known, sink))
    } else if (hasTrade) {
      const row = this.#tradeAt++
      if (sink !== undefined) this.#give(trades, row, sink, (known) => this.#readTrade(trades, row, known, sink))
    } else {
      this.#otherAt += 1
      sink?.passOver('payment')
    }
    return true
  }

  #give(
    rows: TradeBatch | QuoteBatch,
    row: number,
    sink: RowSink,
    read: (known: RowInstrument) => Refusal | undefined,
  ): void {
    const refusal = this.#refusalOf(rows, row, sink, read)
    if (refusal === undefined) return
    sink.ledger.refuse(refusal, `${this.#source.name}:${this.#recordCount}`, Number.NaN, () => `row ${row} of a batch`)
  }

  #refusalOf(
    rows: TradeBatch | QuoteBatch,
    row: number,
    sink: RowSink,
    read: (known: RowInstrument) => Refusal | undefined,
  ): Refusal | undefined {
    const index = rows.instrument[row]!
    const known = this.#instrument(index, sink)
    if (known === null) {
      const { venue, symbol } = this.#table.at(index)
      return refuse('invalid-symbol', `symbol: got ${venue}/${symbol}`)
    }
    if (!known.isWanted) return sink.passOver('symbol not asked for')
    return timeRefusal(rows, row) ?? read(known)
  }

  async #next(): Promise<OpenBatches | undefined> {
    const header = await this.#take(FRAME_HEADER_BYTES)
    if (header === undefined) return undefined
    const length = new DataView(header.buffer, header.byteOffset).getUint32(0, true)
    if (length > FRAME_MAX_BYTES) throw this.#damaged(`has a batch of ${length} bytes, at most ${FRAME_MAX_BYTES}`)
    const payload = await this.#take(length)
    if (payload === undefined) throw this.#damaged('is cut short')
    return this.#decode(payload)
  }

  #decode(payload: Uint8Array): OpenBatches {
    try {
      if (payload.length < 12) throw new RangeError('a batch is shorter than its header')
      const view = new DataView(payload.buffer, payload.byteOffset)
      const kind = view.getUint32(4, true)
      if (kind === KIND_TRADES) return { trades: decodeTrades(payload, this.#table), otherCount: 0 }
      if (kind === KIND_QUOTES) return { quotes: decodeQuotes(payload, this.#table), otherCount: 0 }
      return { otherCount: view.getUint32(8, true) }
    } catch (error) {
      throw this.#damaged('is damaged', error)
    }
  }

  #readTrade(rows: TradeBatch, row: number, instrument: RowInstrument, sink: RowSink): Refusal | undefined {
    const { priceDecimals, quantityDecimals } = this.#table.at(rows.instrument[row]!)
    const trade = this.#trade
    const refusal =
      readDigits('price', rows.priceLow, rows.priceHigh, row, priceDecimals, trade.price, 1) ??
      readDigits('quantity', rows.quantityLow, rows.quantityHigh, row, quantityDecimals, trade.quantity, 1)
    if (refusal !== undefined) return refusal
    trade.eventTimeUs = rows.eventTimeUs[row]!
    trade.receivedTimeUs = rows.receivedTimeUs[row]!
    trade.id = rows.id[row]!
    trade.tradeCount = rows.tradeCount[row]!
    trade.flags = rows.flags[row]!
    const isNumbered = Number.isSafeInteger(trade.id) && trade.id >= NO_ID && trade.tradeCount >= 1
    if (!isNumbered) return refuse('invalid-id', `id: got ${trade.id}, ${trade.tradeCount} trades`)
    return sink.addTrade(instrument, trade)
  }

  #readQuote(rows: QuoteBatch, row: number, instrument: RowInstrument, sink: RowSink): Refusal | undefined {
    const { priceDecimals, quantityDecimals } = this.#table.at(rows.instrument[row]!)
    const quote = this.#quote
    const refusal =
      readDigits('price', rows.bidPriceLow, rows.bidPriceHigh, row, priceDecimals, quote.bidPrice, 1) ??
      readDigits('quantity', rows.bidQuantityLow, rows.bidQuantityHigh, row, quantityDecimals, quote.bidQuantity, 0) ??
      readDigits('price', rows.askPriceLow, rows.askPriceHigh, row, priceDecimals, quote.askPrice, 1) ??
      readDigits('quantity', rows.askQuantityLow, rows.askQuantityHigh, row, quantityDecimals, quote.askQuantity, 0)
    if (refusal !== undefined) return refusal
    quote.eventTimeUs = rows.eventTimeUs[row]!
    quote.receivedTimeUs = rows.receivedTimeUs[row]!
    quote.sequence = rows.sequence[row]!
    const isNumbered = Number.isSafeInteger(quote.sequence) && quote.sequence >= NO_SEQUENCE
    return isNumbered ? sink.addQuote(instrument, quote) : refuse('invalid-id', `sequence: got ${quote.sequence}`)
  }

  #instrument(index: number, sink: RowSink): RowInstrument | null {
    let known = this.#known[index]
    if (known === undefined) {
      const { venue, symbol } = this.#table.at(index)
      known = sink.instruments.find(venue, symbol) ?? null
      this.#known[index] = known
    }
    return known
  }

  /** The next bytes, of their own; undefined at the end. @throws FinPulseError input-unreadable inside of a batch */
  async #take(count: number): Promise<Uint8Array | undefined> {
    const pieces = [this.#bytes]
    let length = this.#bytes.length
    while (length < count) {
      const piece = await this.#source.read()
      if (piece === undefined) break
      pieces.push(piece)
      length += piece.length
    }
    if (length === 0) return count === 0 ? this.#bytes : undefined
    if (length < count) throw this.#damaged('is cut short')
    const all = pieces.length === 1 ? this.#bytes : Buffer.concat(pieces)
    this.#bytes = all.subarray(count)
    // A batch needs an alignment of its own.
    return new Uint8Array(all.subarray(0, count))
  }

  #damaged(what: string, cause?: unknown) {
    return unreadable(this.#source.name, `${what} after record ${this.#recordCount}`, cause)
  }
}

function timeRefusal(rows: TradeBatch | QuoteBatch, row: number): Refusal | undefined {
  for (const timeUs of [rows.eventTimeUs[row]!, rows.receivedTimeUs[row]!]) {
    const isTime = Number.isInteger(timeUs) && timeUs >= 0 && timeUs < EVENT_TIME_MAX_US
    if (!isTime) return refuse('invalid-time', `time: got ${timeUs} µs`)
  }
  return undefined
}

function readDigits(
  field: 'price' | 'quantity',
  low: Float64Array,
  high: Uint32Array,
  row: number,
  decimals: number,
  into: { low: number; high: number; decimals: number },
  minimum: 0 | 1,
): Refusal | undefined {
  into.low = low[row]!
  into.high = high[row]!
  into.decimals = decimals
  const isWhole = Number.isInteger(into.low) && into.low >= 0 && into.low < LIMB
  if (isWhole && (into.low >= minimum || into.high > 0)) return undefined
  return refuse(`invalid-${field}`, `${field}: got digits ${into.low}, ${into.high}`)
}

function refuse(reason: Refusal['reason'], detail: string): Refusal {
  return { reason, detail }
}
