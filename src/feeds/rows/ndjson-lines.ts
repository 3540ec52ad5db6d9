import { parseDecimalText } from '../../base/decimal.ts'
import { messageOf } from '../../base/errors.ts'
import { flagsFromTakerSide } from '../../events/json.ts'
import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import type { TakerSide } from '../../events/trade.ts'
import { NO_ID, OFF_MARKET } from '../../events/trade-batch.ts'
import { NumberText, parseExactJson } from './exact-json.ts'
import {
  createQuoteRow,
  createTradeRow,
  type QuoteRow,
  type Refusal,
  readPositiveText,
  refuseDecimal,
} from './market-row.ts'
import type { RowInstrument } from './row-instruments.ts'
import type { LineReader, RowSink } from './row-sink.ts'

const textDecoder = new TextDecoder('utf-8', { fatal: true })
const TAKER_SIDES: ReadonlySet<unknown> = new Set<TakerSide>(['buy', 'sell', 'unknown'])
const TRADE_COUNT_MAX = 2 ** 32 - 1
const NO_SEQUENCE = -1

export type Json = Readonly<Record<string, unknown>>

/** Reads a line of another type than trade and quote. @returns why it is bad */
export type OtherTypes = (type: string, json: Json, sink: RowSink) => Refusal | undefined

const passOver: OtherTypes = (type, _json, sink) => sink.passOver(type)

/** Reads what `tradeAt` and `quoteAt` print, one JSON a line; other FinPulse types are passed over by default. */
export class NdjsonLines implements LineReader {
  receivedTimeUs = Number.NaN
  readonly #venue: string
  readonly #trade = createTradeRow()
  readonly #quote = createQuoteRow()
  readonly #readOther: OtherTypes

  /** @param venue for events that name none */
  constructor(venue: string, readOther: OtherTypes = passOver) {
    this.#venue = venue
    this.#readOther = readOther
  }

  readLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    this.receivedTimeUs = Number.NaN
    let json: unknown
    let text = ''
    try {
      text = textDecoder.decode(bytes.subarray(start, end))
      json = JSON.parse(text)
      if (hasNumericAmount(json)) json = withExactAmounts(json, text)
    } catch (error) {
      return refuse('malformed', `not JSON: ${messageOf(error)}`)
    }
    if (!isObject(json)) return refuse('unknown-shape', 'expected a JSON object')
    const type = json.type
    if (typeof type !== 'string') return refuse('unknown-shape', 'type: expected a text')
    if (type !== 'trade' && type !== 'quote') return this.#readOther(type, json, sink)
    const venue = json.venue ?? this.#venue
    const symbol = json.symbol
    const isNamed = typeof venue === 'string' && typeof symbol === 'string'
    const instrument = isNamed ? sink.instruments.find(venue, symbol) : undefined
    if (instrument === undefined) return refuse('invalid-symbol', `symbol: got ${shown(venue)}/${shown(symbol)}`)
    if (!instrument.isWanted) return sink.passOver('symbol not asked for')
    return type === 'trade' ? this.#readTrade(json, instrument, sink) : this.#readQuote(json, instrument, sink)
  }

  #readTrade(json: Json, instrument: RowInstrument, sink: RowSink): Refusal | undefined {
    const row = this.#trade
    const refusal =
      this.#readTimes(json, row) ??
      readPositive(json, 'price', 'price', row.price) ??
      readPositive(json, 'quantity', 'quantity', row.quantity)
    if (refusal !== undefined) return refusal
    const { takerSide = 'unknown', isOffMarket = false, id, lastId = id } = json
    if (!isTakerSide(takerSide)) return refuse('invalid-side', `takerSide: got ${shown(takerSide)}`)
    if (typeof isOffMarket !== 'boolean') return refuse('unknown-shape', `isOffMarket: got ${shown(isOffMarket)}`)
    row.flags = flagsFromTakerSide(takerSide) | (isOffMarket ? OFF_MARKET : 0)
    row.id = NO_ID
    row.tradeCount = 1
    if (id !== undefined) {
      if (!isId(id)) return refuse('invalid-id', `id: got ${shown(id)}`)
      if (!isId(lastId) || lastId < id || lastId - id >= TRADE_COUNT_MAX) {
        return refuse('invalid-id', `lastId: got ${shown(lastId)}`)
      }
      row.id = id
      row.tradeCount = lastId - id + 1
    }
    return sink.addTrade(instrument, row)
  }

  #readQuote(json: Json, instrument: RowInstrument, sink: RowSink): Refusal | undefined {
    const row = this.#quote
    const { sequence } = json
    if (sequence !== undefined && !isId(sequence)) return refuse('invalid-id', `sequence: got ${shown(sequence)}`)
    row.sequence = sequence ?? NO_SEQUENCE
    const refusal =
      this.#readTimes(json, row) ??
      readPositive(json, 'bidPrice', 'price', row.bidPrice) ??
      readQuantity(json, 'bidQuantity', row.bidQuantity) ??
      readPositive(json, 'askPrice', 'price', row.askPrice) ??
      readQuantity(json, 'askQuantity', row.askQuantity)
    return refusal ?? sink.addQuote(instrument, row)
  }

  #readTimes(json: Json, row: { eventTimeUs: number; receivedTimeUs: number }): Refusal | undefined {
    row.eventTimeUs = timeUs(json.eventTimeMs)
    if (Number.isNaN(row.eventTimeUs)) return refuse('invalid-time', `eventTimeMs: got ${shown(json.eventTimeMs)}`)
    row.receivedTimeUs = Number.NaN
    const received = json.receivedTimeMs
    if (received === undefined) return undefined
    row.receivedTimeUs = timeUs(received)
    this.receivedTimeUs = row.receivedTimeUs
    return Number.isNaN(row.receivedTimeUs)
      ? refuse('invalid-time', `receivedTimeMs: got ${shown(received)}`)
      : undefined
  }
}

const AMOUNTS = ['price', 'quantity', 'bidPrice', 'bidQuantity', 'askPrice', 'askQuantity', 'amount']

function hasNumericAmount(json: unknown): json is Json {
  return isObject(json) && AMOUNTS.some((field) => typeof json[field] === 'number')
}

/** Amounts are texts in FinPulse's own files; where others write numbers, their digits are kept as written. */
function withExactAmounts(json: Json, text: string): Json {
  const exact = parseExactJson(text) as Json
  const amounts = AMOUNTS.filter((field) => exact[field] instanceof NumberText)
  return { ...json, ...Object.fromEntries(amounts.map((field) => [field, (exact[field] as NumberText).text])) }
}

function readPositive(
  json: Json,
  field: string,
  kind: 'price' | 'quantity',
  into: QuoteRow['bidPrice'],
): Refusal | undefined {
  const text = json[field]
  return typeof text === 'string'
    ? readPositiveText(kind, text, into)
    : refuse(`invalid-${kind}`, `${field}: got ${shown(text)}`)
}

/** The quantity of a quote, which may be 0. */
function readQuantity(json: Json, field: string, into: QuoteRow['bidQuantity']): Refusal | undefined {
  const text = json[field]
  if (typeof text !== 'string') return refuse('invalid-quantity', `${field}: got ${shown(text)}`)
  return parseDecimalText(text, into) ? undefined : refuseDecimal('quantity', text.slice(0, 64))
}

function timeUs(value: unknown): number {
  if (typeof value !== 'number') return Number.NaN
  const rounded = Math.round(value * 1000)
  return rounded >= 0 && rounded < EVENT_TIME_MAX_US ? rounded : Number.NaN
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTakerSide(value: unknown): value is TakerSide {
  return TAKER_SIDES.has(value)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 64)
}

function refuse(reason: Refusal['reason'], detail: string): Refusal {
  return { reason, detail }
}
