import { createQuoteRow, createTradeRow, type QuoteRow, type Refusal, type TradeRow } from '../rows/market-row.ts'
import { type RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import type { BinanceSettings } from './binance-options.ts'
import {
  aggTradeFromBinance,
  hasSymbol,
  isEmptyTrade,
  isOneSided,
  quoteFromBinance,
  SYMBOL,
  tradeFromBinance,
} from './market-from-binance.ts'
import { MessageFields } from './message-fields.ts'
import { parseMessage } from './message-parser.ts'
import { AGG_TRADE, BOOK_TICKER, type MessageKind, PASSED_OVER, scanMessage, TRADE } from './message-scanner.ts'

/** What a frame is; the row that it holds is in the reader, and valid until the next frame is read. */
export type FrameKind =
  | { readonly kind: 'trade' | 'empty-trade' | 'quote'; readonly instrument: RowInstrument }
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const EVENT_TIME = 'E'.charCodeAt(0)
const AGGREGATE_ID = 'a'.charCodeAt(0)
const NEWLINE = 10
const PASSED: FrameKind = { kind: 'passed-over' }

/** Reads one frame at a time into reused rows. */
export class FrameReader {
  readonly instruments: RowInstruments
  readonly trade: TradeRow = createTradeRow()
  readonly quote: QuoteRow = createQuoteRow()
  /** Id of the last trade in its stream: of the trade, or of the aggregate. */
  streamId = 0
  /** The venue's time of the last trade's message, µs, or NaN. */
  sentTimeUs = Number.NaN
  readonly #settings: BinanceSettings
  readonly #wantedTrade: MessageKind
  readonly #fields = new MessageFields()
  #scratch = new Uint8Array(4096)
  /** By instrument, so that a frame makes no object. */
  readonly #found = new Map<RowInstrument, Record<'trade' | 'empty-trade' | 'quote', FrameKind>>()

  constructor(settings: BinanceSettings) {
    this.#settings = settings
    this.#wantedTrade = settings.tradeStream === 'trade' ? TRADE : AGG_TRADE
    this.instruments = new RowInstruments(settings.symbols)
  }

  read(frame: Uint8Array, receivedTimeUs: number): FrameKind {
    const fields = this.#fields
    const bytes = this.#withNewline(frame)
    let kind = scanMessage(bytes, 0, frame.length, fields)
    if (kind === PASSED_OVER) return PASSED
    if (kind === 0) {
      const parsed = parseMessage(bytes, 0, frame.length, fields)
      if (parsed.refusal !== undefined) return { kind: 'refused', refusal: parsed.refusal }
      if (parsed.kind === PASSED_OVER) return PASSED
      kind = parsed.kind
    }
    const { venue } = this.#settings.facts
    const instrument = hasSymbol(fields)
      ? this.instruments.findBytes(venue, fields.bytes, fields.start[SYMBOL]!, fields.end[SYMBOL]!)
      : undefined
    if (instrument === undefined) {
      return refused('invalid-symbol', `s: expected a symbol, got "${fields.text(SYMBOL).slice(0, 64)}"`)
    }
    if (!instrument.isWanted) return PASSED
    if (kind === BOOK_TICKER) return this.#readQuote(instrument, receivedTimeUs)
    return kind === this.#wantedTrade ? this.#readTrade(instrument, receivedTimeUs) : PASSED
  }

  /** The scanner wants a control character behind the text. */
  #withNewline(frame: Uint8Array): Uint8Array {
    if (frame.length >= this.#scratch.length) this.#scratch = new Uint8Array(frame.length * 2)
    this.#scratch.set(frame)
    this.#scratch[frame.length] = NEWLINE
    return this.#scratch
  }

  #readTrade(instrument: RowInstrument, receivedTimeUs: number): FrameKind {
    const fields = this.#fields
    const row = this.trade
    const isSingle = this.#wantedTrade === TRADE
    const refusal = isSingle ? tradeFromBinance(fields, row) : aggTradeFromBinance(fields, row)
    this.streamId = isSingle ? row.id : fields.integer(AGGREGATE_ID)
    if (refusal !== undefined) {
      if (isEmptyTrade(fields)) return this.#foundAs('empty-trade', instrument)
      return { kind: 'refused', refusal }
    }
    if (Number.isNaN(this.streamId))
      return refused('invalid-id', `a: expected an integer, got "${fields.text(AGGREGATE_ID)}"`)
    row.receivedTimeUs = receivedTimeUs
    const sent = fields.integer(EVENT_TIME)
    // Sixteen digits are µs, thirteen ms.
    this.sentTimeUs = sent >= 1e15 ? sent : sent * 1000
    return this.#foundAs('trade', instrument)
  }

  #readQuote(instrument: RowInstrument, receivedTimeUs: number): FrameKind {
    const row = this.quote
    row.receivedTimeUs = receivedTimeUs
    row.eventTimeUs = receivedTimeUs
    const refusal = quoteFromBinance(this.#fields, row)
    if (refusal === undefined) return this.#foundAs('quote', instrument)
    return isOneSided(this.#fields) ? PASSED : { kind: 'refused', refusal }
  }

  #foundAs(kind: 'trade' | 'empty-trade' | 'quote', instrument: RowInstrument): FrameKind {
    let kinds = this.#found.get(instrument)
    if (kinds === undefined) {
      kinds = {
        trade: { kind: 'trade', instrument },
        'empty-trade': { kind: 'empty-trade', instrument },
        quote: { kind: 'quote', instrument },
      }
      this.#found.set(instrument, kinds)
    }
    return kinds[kind]
  }
}

function refused(reason: Refusal['reason'], detail: string): FrameKind {
  return { kind: 'refused', refusal: { reason, detail } }
}
