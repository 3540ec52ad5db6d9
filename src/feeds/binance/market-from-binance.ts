import { parseDecimalBytes } from '../../base/decimal.ts'
import { OFF_MARKET, TAKER_BUY, TAKER_SELL } from '../../events/trade-batch.ts'
import { epochUsFromBytes } from '../rows/epoch-time.ts'
import {
  isZero,
  type QuoteRow,
  type Refusal,
  readPositiveBytes,
  refuseDecimal,
  type TradeRow,
} from '../rows/market-row.ts'
import { ABSENT, FALSE, type MessageFields, STRING, TRUE } from './message-fields.ts'

const code = (letter: string) => letter.charCodeAt(0)
const PRICE = code('p')
const QUANTITY = code('q')
const TRADE_TIME = code('T')
const EVENT_TIME = code('E')
const TRADE_ID = code('t')
const FIRST_ID = code('f')
const LAST_ID = code('l')
const IS_BUYER_MAKER = code('m')
const TRADE_TYPE = code('X')
const UPDATE_ID = code('u')
const BID_PRICE = code('b')
const BID_QUANTITY = code('B')
const ASK_PRICE = code('a')
const ASK_QUANTITY = code('A')
export const SYMBOL = code('s')

const MARKET = new TextEncoder().encode('MARKET')
const TRADE_COUNT_MAX = 2 ** 32 - 1

/**
 * A `trade` message as a row (wire formats of the exchange: web-socket-streams.md). Its time is the trade time `T`,
 * never `E`: after a reconnect `E` can be seconds later. Leaves `receivedTimeUs` to the caller.
 */
export function tradeFromBinance(fields: MessageFields, into: TradeRow): Refusal | undefined {
  into.id = fields.integer(TRADE_ID)
  into.tradeCount = 1
  if (Number.isNaN(into.id)) return refuseId('t', fields.text(TRADE_ID))
  return readTrade(fields, into)
}

/** An `aggTrade` message as a row that stands for its trades `f` to `l`. */
export function aggTradeFromBinance(fields: MessageFields, into: TradeRow): Refusal | undefined {
  into.id = fields.integer(FIRST_ID)
  const lastId = fields.integer(LAST_ID)
  if (Number.isNaN(into.id)) return refuseId('f', fields.text(FIRST_ID))
  into.tradeCount = lastId - into.id + 1
  if (!(into.tradeCount >= 1 && into.tradeCount <= TRADE_COUNT_MAX)) return refuseId('l', fields.text(LAST_ID))
  return readTrade(fields, into)
}

function readTrade(fields: MessageFields, into: TradeRow): Refusal | undefined {
  into.eventTimeUs = timeUs(fields, TRADE_TIME)
  if (Number.isNaN(into.eventTimeUs)) return refuseTime('T', fields.text(TRADE_TIME))
  const refusal =
    readPositive(fields, PRICE, 'price', into.price) ?? readPositive(fields, QUANTITY, 'quantity', into.quantity)
  if (refusal !== undefined) return refusal
  const isBuyerMaker = fields.type[IS_BUYER_MAKER]
  if (isBuyerMaker !== TRUE && isBuyerMaker !== FALSE) {
    return { reason: 'invalid-side', detail: `m: expected true or false, got "${fields.text(IS_BUYER_MAKER)}"` }
  }
  // The buyer was waiting in the book, so the seller was the aggressor.
  into.flags = isBuyerMaker === TRUE ? TAKER_SELL : TAKER_BUY
  if (!isOnMarket(fields)) into.flags |= OFF_MARKET
  return undefined
}

/** Futures trades carry `X`; the exchange leaves all but MARKET out of its own candles. Spot trades carry none. */
export function isOnMarket(fields: MessageFields): boolean {
  if (fields.type[TRADE_TYPE] === ABSENT) return true
  const start = fields.start[TRADE_TYPE]!
  if (fields.end[TRADE_TYPE]! - start !== MARKET.length) return false
  for (let index = 0; index < MARKET.length; index++) if (fields.bytes[start + index] !== MARKET[index]) return false
  return true
}

/** Futures streams announce some trades as `X:"NA"` with price and quantity 0: there is nothing in them to keep. */
export function isEmptyTrade(fields: MessageFields): boolean {
  return !isOnMarket(fields) && isZeroText(fields, PRICE) && isZeroText(fields, QUANTITY)
}

/**
 * A `bookTicker` message as a row. Futures carry their time (`T`, else `E`); spot carries none, and then `eventTimeUs`
 * is left as the caller set it. Leaves `receivedTimeUs` to the caller.
 */
export function quoteFromBinance(fields: MessageFields, into: QuoteRow): Refusal | undefined {
  const timeKey = fields.type[TRADE_TIME] === ABSENT ? EVENT_TIME : TRADE_TIME
  if (fields.type[timeKey] !== ABSENT) {
    into.eventTimeUs = timeUs(fields, timeKey)
    if (Number.isNaN(into.eventTimeUs)) return refuseTime(String.fromCharCode(timeKey), fields.text(timeKey))
  }
  into.sequence = fields.integer(UPDATE_ID)
  if (Number.isNaN(into.sequence)) return refuseId('u', fields.text(UPDATE_ID))
  return (
    readSide(fields, BID_PRICE, BID_QUANTITY, into.bidPrice, into.bidQuantity) ??
    readSide(fields, ASK_PRICE, ASK_QUANTITY, into.askPrice, into.askQuantity)
  )
}

/** True where nobody bids or nobody asks: price and quantity 0. There is no best price then. */
export function isOneSided(fields: MessageFields): boolean {
  return (
    (isZeroText(fields, BID_PRICE) && isZeroText(fields, BID_QUANTITY)) ||
    (isZeroText(fields, ASK_PRICE) && isZeroText(fields, ASK_QUANTITY))
  )
}

function readSide(
  fields: MessageFields,
  priceKey: number,
  quantityKey: number,
  price: QuoteRow['bidPrice'],
  quantity: QuoteRow['bidQuantity'],
): Refusal | undefined {
  const refusal = readPositive(fields, priceKey, 'price', price)
  if (refusal !== undefined) return refusal
  const start = fields.start[quantityKey]!
  if (fields.isText(quantityKey) && parseDecimalBytes(fields.bytes, start, fields.end[quantityKey]!, quantity)) {
    return undefined
  }
  return refuseDecimal('quantity', fields.text(quantityKey).slice(0, 64))
}

function readPositive(
  fields: MessageFields,
  key: number,
  field: 'price' | 'quantity',
  into: TradeRow['price'],
): Refusal | undefined {
  if (!fields.isText(key)) return refuseDecimal(field, fields.text(key).slice(0, 64))
  return readPositiveBytes(field, fields.bytes, fields.start[key]!, fields.end[key]!, into)
}

const scratch = { low: 0, high: 0, decimals: 0 }

function isZeroText(fields: MessageFields, key: number): boolean {
  if (!fields.isText(key)) return false
  return parseDecimalBytes(fields.bytes, fields.start[key]!, fields.end[key]!, scratch) && isZero(scratch)
}

/** Times are in ms, or in µs where the recorder asked for them (`timeUnit=MICROSECOND`). */
function timeUs(fields: MessageFields, key: number): number {
  const start = fields.start[key]!
  const end = fields.end[key]!
  if (!fields.isText(key) || (end - start !== 13 && end - start !== 16)) return Number.NaN
  return epochUsFromBytes(fields.bytes, start, end)
}

function refuseTime(key: string, text: string): Refusal {
  return { reason: 'invalid-time', detail: `${key}: expected ms or µs since 1970 from 2001 to 2099, got "${text}"` }
}

function refuseId(key: string, text: string): Refusal {
  return { reason: 'invalid-id', detail: `${key}: expected an integer from 0 to 2^53, got "${text}"` }
}

/** True where the symbol is a text; whether it is a name is for the instrument table to say. */
export function hasSymbol(fields: MessageFields): boolean {
  return fields.type[SYMBOL] === STRING
}
