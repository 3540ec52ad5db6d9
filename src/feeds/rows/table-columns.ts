import { NO_ID, OFF_MARKET, TAKER_BUY, TAKER_SELL } from '../../events/trade-batch.ts'
import { eventTimeUsFromText } from './epoch-time.ts'
import { createTradeRow, type Refusal, readPositiveText } from './market-row.ts'
import type { RowSink } from './row-sink.ts'

/** The columns of trades in CSV and Parquet, and the names they go by: case, spaces, `_` and `-` do not matter. */
const COLUMN_NAMES = {
  time: ['time', 'timestamp', 'ts', 'datetime', 'date', 'eventtime', 'eventtimems', 'eventtimeus', 'tradetime'],
  symbol: ['symbol', 'sym', 'ticker', 'instrument', 'pair'],
  price: ['price', 'px'],
  quantity: ['quantity', 'qty', 'size', 'amount'],
  side: ['side', 'takerside'],
  id: ['id', 'tradeid'],
  lastId: ['lastid', 'lasttradeid'],
  venue: ['venue', 'exchange'],
  receivedTime: ['receivedtime', 'receivedtimems', 'receivedtimeus'],
  offMarket: ['offmarket', 'isoffmarket'],
} as const

export type TradeColumn = keyof typeof COLUMN_NAMES
export const TRADE_COLUMNS = Object.keys(COLUMN_NAMES) as readonly TradeColumn[]
const REQUIRED: readonly TradeColumn[] = ['time', 'symbol', 'price', 'quantity']

/** Where each column is in the input, or -1. */
export type ColumnPlaces = Readonly<Record<TradeColumn, number>>

/** Finds the columns among the names of a header; of two that fit, the first. */
export function placeColumns(names: readonly string[]): ColumnPlaces {
  const plain = names.map((name) => name.toLowerCase().replace(/[\s_-]/g, ''))
  const places = TRADE_COLUMNS.map((column) => {
    const known: readonly string[] = COLUMN_NAMES[column]
    return [column, plain.findIndex((name) => known.includes(name))] as const
  })
  return Object.fromEntries(places) as Record<TradeColumn, number>
}

export function missingColumns(places: ColumnPlaces): TradeColumn[] {
  return REQUIRED.filter((column) => places[column] < 0)
}

/** True for the header line of a CSV of trades. */
export function isTradeHeader(line: string): boolean {
  if (line.length > 4096) return false
  const names = line.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
  return missingColumns(placeColumns(names)).length === 0
}

const SIDES: ReadonlyMap<string, number> = new Map([
  ['', 0],
  ['unknown', 0],
  ['buy', TAKER_BUY],
  ['b', TAKER_BUY],
  ['sell', TAKER_SELL],
  ['s', TAKER_SELL],
])
const OFF_MARKET_FLAGS: ReadonlyMap<string, number> = new Map([
  ['', 0],
  ['false', 0],
  ['0', 0],
  ['true', OFF_MARKET],
  ['1', OFF_MARKET],
])
const ID_MAX_DIGITS = 16
const TRADE_COUNT_MAX = 2 ** 32 - 1

/** Turns the texts of one record into a trade. */
export class TableRowReader {
  receivedTimeUs = Number.NaN
  readonly #venue: string
  readonly #row = createTradeRow()

  /** @param venue for records that name none */
  constructor(venue: string) {
    this.#venue = venue
  }

  /** @param text the record's text in a column; empty where it has none */
  read(text: (column: TradeColumn) => string, sink: RowSink): Refusal | undefined {
    this.receivedTimeUs = Number.NaN
    const venue = text('venue') === '' ? this.#venue : text('venue')
    const instrument = sink.instruments.find(venue, text('symbol'))
    if (instrument === undefined) return refuse('invalid-symbol', 'symbol', `${venue}/${text('symbol')}`)
    if (!instrument.isWanted) return sink.passOver('symbol not asked for')
    return (
      this.#readTimes(text) ?? this.#readAmounts(text) ?? this.#readIds(text) ?? sink.addTrade(instrument, this.#row)
    )
  }

  #readTimes(text: (column: TradeColumn) => string): Refusal | undefined {
    const row = this.#row
    row.eventTimeUs = eventTimeUsFromText(text('time'))
    if (Number.isNaN(row.eventTimeUs)) return refuse('invalid-time', 'time', text('time'))
    row.receivedTimeUs = Number.NaN
    const received = text('receivedTime')
    if (received === '') return undefined
    row.receivedTimeUs = eventTimeUsFromText(received)
    this.receivedTimeUs = row.receivedTimeUs
    return Number.isNaN(row.receivedTimeUs) ? refuse('invalid-time', 'received time', received) : undefined
  }

  #readAmounts(text: (column: TradeColumn) => string): Refusal | undefined {
    const row = this.#row
    return (
      readPositiveText('price', text('price'), row.price) ??
      readPositiveText('quantity', text('quantity'), row.quantity)
    )
  }

  #readIds(text: (column: TradeColumn) => string): Refusal | undefined {
    const row = this.#row
    const side = SIDES.get(text('side').toLowerCase())
    if (side === undefined) return refuse('invalid-side', 'side', text('side'))
    const offMarket = OFF_MARKET_FLAGS.get(text('offMarket').toLowerCase())
    if (offMarket === undefined) return refuse('unknown-shape', 'offMarket', text('offMarket'))
    row.flags = side | offMarket
    row.id = NO_ID
    row.tradeCount = 1
    if (text('id') === '') return undefined
    row.id = idFromText(text('id'))
    if (Number.isNaN(row.id)) return refuse('invalid-id', 'id', text('id'))
    if (text('lastId') === '') return undefined
    row.tradeCount = idFromText(text('lastId')) - row.id + 1
    const isCount = row.tradeCount >= 1 && row.tradeCount <= TRADE_COUNT_MAX
    return isCount ? undefined : refuse('invalid-id', 'last id', text('lastId'))
  }
}

function idFromText(text: string): number {
  if (text.length > ID_MAX_DIGITS || !/^\d+$/.test(text)) return Number.NaN
  const id = Number(text)
  return id <= Number.MAX_SAFE_INTEGER ? id : Number.NaN
}

function refuse(reason: Refusal['reason'], field: string, text: string): Refusal {
  return { reason, detail: `${field}: not valid, got "${text.slice(0, 64)}"` }
}
