import { parseDecimalText } from '../../base/decimal.ts'
import { TAKER_BUY, TAKER_SELL } from '../../events/trade-batch.ts'
import { eventTimeUsFromText } from '../rows/epoch-time.ts'
import {
  isZero,
  type QuoteRow,
  type Refusal,
  readPositiveText,
  refuseDecimal,
  type TradeRow,
} from '../rows/market-row.ts'
import { type JsonObject, textOf } from './kraken-message.ts'

/**
 * A row of the channel `trade` (`symbol, side, price, qty, ord_type, trade_id, timestamp`) as a trade. `side` is the
 * taker's. Leaves `receivedTimeUs` to the caller.
 */
export function tradeFromKraken(row: JsonObject, into: TradeRow): Refusal | undefined {
  return readTrade(into, textOf(row.trade_id), textOf(row.timestamp), textOf(row.side), row.price, row.qty)
}

/** Sides of REST rows. */
const REST_SIDES: Readonly<Record<string, string>> = { b: 'buy', s: 'sell' }

/**
 * A row of REST `Trades` (`[price, volume, time, side, order type, miscellaneous, trade_id]`, time in s with up to seven
 * decimals) as a trade. Leaves `receivedTimeUs` to the caller.
 */
export function tradeFromRest(row: readonly unknown[], into: TradeRow): Refusal | undefined {
  const [price, quantity, time, side] = row
  return readTrade(into, textOf(row[6]), textOf(time), REST_SIDES[textOf(side)] ?? textOf(side), price, quantity)
}

function readTrade(
  into: TradeRow,
  id: string,
  time: string,
  side: string,
  price: unknown,
  quantity: unknown,
): Refusal | undefined {
  into.id = tradeIdOf(id)
  into.tradeCount = 1
  if (Number.isNaN(into.id)) {
    return { reason: 'invalid-id', detail: `trade id: expected an integer from 1 to 2^53, got "${id.slice(0, 64)}"` }
  }
  into.eventTimeUs = eventTimeUsFromText(time)
  if (Number.isNaN(into.eventTimeUs)) return refuseTime(time)
  if (side !== 'buy' && side !== 'sell') {
    return { reason: 'invalid-side', detail: `side: expected buy or sell, got "${side.slice(0, 64)}"` }
  }
  into.flags = side === 'buy' ? TAKER_BUY : TAKER_SELL
  return (
    readPositiveText('price', textOf(price), into.price) ??
    readPositiveText('quantity', textOf(quantity), into.quantity)
  )
}

/** Of a row of REST `Trades`; NaN where it has none. */
export function restIdOf(row: readonly unknown[]): number {
  return tradeIdOf(textOf(row[6]))
}

/** NaN for anything but an integer above 0: the venue has been seen to give 0 to trades that it had not numbered. */
function tradeIdOf(text: string): number {
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN
  return id <= Number.MAX_SAFE_INTEGER ? id : Number.NaN
}

/**
 * A row of the channel `ticker` as a quote; without a `timestamp` its time is that of arrival. The venue numbers none.
 * @returns `one-sided` where nobody bids or nobody asks: there is no best price then
 */
export function quoteFromKraken(
  row: JsonObject,
  receivedTimeUs: number,
  into: QuoteRow,
): Refusal | 'one-sided' | undefined {
  if (isEmptySide(row.bid) || isEmptySide(row.ask)) return 'one-sided'
  const time = textOf(row.timestamp)
  into.eventTimeUs = time === '' ? receivedTimeUs : eventTimeUsFromText(time)
  if (Number.isNaN(into.eventTimeUs)) return refuseTime(time)
  into.receivedTimeUs = receivedTimeUs
  into.sequence = -1
  return (
    readPositiveText('price', textOf(row.bid), into.bidPrice) ??
    readPositiveText('price', textOf(row.ask), into.askPrice) ??
    readQuantity(textOf(row.bid_qty), into.bidQuantity) ??
    readQuantity(textOf(row.ask_qty), into.askQuantity)
  )
}

const scratch = { low: 0, high: 0, decimals: 0 }

function isEmptySide(price: unknown): boolean {
  return price === null || price === undefined || (parseDecimalText(textOf(price), scratch) && isZero(scratch))
}

function readQuantity(text: string, into: QuoteRow['bidQuantity']): Refusal | undefined {
  return parseDecimalText(text, into) ? undefined : refuseDecimal('quantity', text.slice(0, 64))
}

function refuseTime(text: string): Refusal {
  return { reason: 'invalid-time', detail: `time: expected a time from 1970 to 2099, got "${text.slice(0, 64)}"` }
}
