import {
  aggTradeFromBinance,
  hasSymbol,
  isEmptyTrade,
  isOneSided,
  quoteFromBinance,
  SYMBOL,
  tradeFromBinance,
} from '../binance/market-from-binance.ts'
import { MessageFields } from '../binance/message-fields.ts'
import { parseMessage } from '../binance/message-parser.ts'
import {
  AGG_TRADE,
  BOOK_TICKER,
  type MessageKind,
  PASSED_OVER,
  scanMessage,
  TRADE,
} from '../binance/message-scanner.ts'
import { epochUsFromBytes } from '../rows/epoch-time.ts'
import { createQuoteRow, createTradeRow, type Refusal } from '../rows/market-row.ts'
import { type RowInstrument, TRADES_AGGREGATED, TRADES_ALONE } from '../rows/row-instruments.ts'
import type { LineReader, RowSink } from '../rows/row-sink.ts'

const SPACE = 0x20
const TAB = 0x09
const OPEN = 0x7b
const OPEN_LIST = 0x5b
const COLON = 0x3a
const EVENT = 'e'.charCodeAt(0)
const PREFIX_MAX_BYTES = 4096

/** Lines that a recorder writes around the messages: connects, requests, its own configuration. */
const RECORDER_NOTE = /^(?:\w+:\/\/\S+ (?:<->|<-) |configuration: )/
/** The body of an HTTP answer: `<url> -> <time>: <json>`. */
const HTTP_ANSWER = /^\w+:\/\/\S+ -> ([\d.]+): /

const textDecoder = new TextDecoder()

/**
 * Reads captures of Binance streams: `<receive time> {json}`, `<receive time>: {json}` (cryptofeed) or plain `{json}`
 * a line. Trades and best quotes become rows; everything else is counted by kind.
 */
export class BinanceLines implements LineReader {
  receivedTimeUs = Number.NaN
  readonly #venue: string
  readonly #fields = new MessageFields()
  readonly #trade = createTradeRow()
  readonly #quote = createQuoteRow()
  readonly #kindNames = new KindNames()

  constructor(venue: string) {
    this.#venue = venue
  }

  readLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    this.receivedTimeUs = Number.NaN
    let at = start
    while (bytes[at] === SPACE || bytes[at] === TAB) at += 1
    if (bytes[at] === OPEN) return this.#readMessage(bytes, at, end, sink)
    const timeStart = at
    while (isTimeByte(bytes[at]!)) at += 1
    const timeEnd = at
    if (bytes[at] === COLON) at += 1
    while (bytes[at] === SPACE || bytes[at] === TAB) at += 1
    const isMessage = bytes[at] === OPEN || bytes[at] === OPEN_LIST
    if (timeEnd === timeStart || !isMessage) return this.#readOddLine(bytes, start, end, sink)
    this.receivedTimeUs = epochUsFromBytes(bytes, timeStart, timeEnd)
    if (Number.isNaN(this.receivedTimeUs)) {
      const text = textDecoder.decode(bytes.subarray(timeStart, Math.min(timeEnd, timeStart + 32)))
      return { reason: 'invalid-time', detail: `receive time: expected s, ms, µs or ns since 1970, got "${text}"` }
    }
    return this.#readMessage(bytes, at, end, sink)
  }

  #readMessage(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    const fields = this.#fields
    const kind = scanMessage(bytes, start, end, fields)
    if (kind === PASSED_OVER) {
      return sink.passOver(this.#kindNames.nameOf(bytes, fields.start[EVENT]!, fields.end[EVENT]!))
    }
    if (kind !== 0) return this.#readEvent(kind, sink)
    const parsed = parseMessage(bytes, start, end, fields)
    if (parsed.refusal !== undefined) return parsed.refusal
    return parsed.kind === PASSED_OVER ? sink.passOver(parsed.name) : this.#readEvent(parsed.kind, sink)
  }

  #readEvent(kind: MessageKind, sink: RowSink): Refusal | undefined {
    const fields = this.#fields
    const instrument = hasSymbol(fields)
      ? sink.instruments.findBytes(this.#venue, fields.bytes, fields.start[SYMBOL]!, fields.end[SYMBOL]!)
      : undefined
    if (instrument === undefined) {
      return { reason: 'invalid-symbol', detail: `s: expected a symbol, got "${fields.text(SYMBOL).slice(0, 64)}"` }
    }
    if (!instrument.isWanted) return sink.passOver('symbol not asked for')
    return kind === BOOK_TICKER ? this.#readQuote(instrument, sink) : this.#readTrade(kind, instrument, sink)
  }

  #readTrade(kind: MessageKind, instrument: RowInstrument, sink: RowSink): Refusal | undefined {
    const stream = kind === TRADE ? TRADES_ALONE : TRADES_AGGREGATED
    // The two streams tell of the same trades: both together would count them twice.
    if (instrument.tradeStream !== 0 && instrument.tradeStream !== stream) {
      return sink.passOver(kind === AGG_TRADE ? 'aggTrade besides trade' : 'trade besides aggTrade')
    }
    const row = this.#trade
    const refusal = kind === TRADE ? tradeFromBinance(this.#fields, row) : aggTradeFromBinance(this.#fields, row)
    if (refusal !== undefined) return isEmptyTrade(this.#fields) ? sink.passOver('trade without quantity') : refusal
    row.receivedTimeUs = this.receivedTimeUs
    const refusalOfRow = sink.addTrade(instrument, row)
    if (refusalOfRow === undefined) instrument.tradeStream = stream
    return refusalOfRow
  }

  #readQuote(instrument: RowInstrument, sink: RowSink): Refusal | undefined {
    const row = this.#quote
    row.receivedTimeUs = this.receivedTimeUs
    row.eventTimeUs = Number.isNaN(this.receivedTimeUs) ? sink.lastTradeTimeUs : this.receivedTimeUs
    const refusal = quoteFromBinance(this.#fields, row)
    if (refusal !== undefined) return isOneSided(this.#fields) ? sink.passOver('one-sided bookTicker') : refusal
    if (Number.isNaN(row.eventTimeUs)) return sink.passOver('bookTicker before any time')
    return sink.addQuote(instrument, row)
  }

  /** A line that is no message by its beginning. */
  #readOddLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    const prefix = textDecoder.decode(bytes.subarray(start, Math.min(end, start + PREFIX_MAX_BYTES)))
    const answer = HTTP_ANSWER.exec(prefix)
    if (answer !== null) return sink.passOver('HTTP answer')
    if (RECORDER_NOTE.test(prefix)) return sink.passOver('recorder note')
    return { reason: 'malformed', detail: 'expected "<receive time> {json}" or "{json}"' }
  }
}

function isTimeByte(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46
}

/** Names of passed-over kinds by their bytes, so that a passed-over line makes no text. */
class KindNames {
  readonly #known: { bytes: Uint8Array; name: string }[] = []

  nameOf(bytes: Uint8Array, start: number, end: number): string {
    for (const { bytes: known, name } of this.#known) {
      if (known.length !== end - start) continue
      let index = 0
      while (index < known.length && known[index] === bytes[start + index]) index += 1
      if (index === known.length) return name
    }
    const name = textDecoder.decode(bytes.subarray(start, end))
    if (this.#known.length < 32) this.#known.push({ bytes: bytes.slice(start, end), name })
    return name
  }
}
