import { digitsToBigInt, formatDecimal } from '../base/decimal.ts'
import { codeText, currencyDecimals, type Payment } from './payment.ts'
import { ONLINE, type PaymentBatch, TRANSFER } from './payment-batch.ts'
import type { QuoteBatch } from './quote-batch.ts'
import type { Quote, TakerSide, Trade } from './trade.ts'
import { NO_ID, OFF_MARKET, TAKER_BUY, TAKER_SELL, TAKER_SIDE_MASK, type TradeBatch } from './trade-batch.ts'

const SIDES: readonly TakerSide[] = ['unknown', 'buy', 'sell', 'unknown']
const SIDE_FLAGS: Readonly<Record<TakerSide, number>> = { unknown: 0, buy: TAKER_BUY, sell: TAKER_SELL }

export function flagsFromTakerSide(side: TakerSide): number {
  return SIDE_FLAGS[side]
}

/** One row as public JSON. Allocates: for what leaves the engine, not for the hot path. */
export function tradeAt(batch: TradeBatch, row: number): Trade {
  const instrument = batch.instruments.at(batch.instrument[row]!)
  const id = batch.id[row]!
  const tradeCount = batch.tradeCount[row]!
  const flags = batch.flags[row]!
  return {
    type: 'trade',
    venue: instrument.venue,
    symbol: instrument.symbol,
    ...(id === NO_ID ? {} : { id }),
    ...(id === NO_ID || tradeCount === 1 ? {} : { lastId: id + tradeCount - 1 }),
    price: formatDecimal(digitsToBigInt(batch.priceLow[row]!, batch.priceHigh[row]!), instrument.priceDecimals),
    quantity: formatDecimal(
      digitsToBigInt(batch.quantityLow[row]!, batch.quantityHigh[row]!),
      instrument.quantityDecimals,
    ),
    takerSide: SIDES[flags & TAKER_SIDE_MASK]!,
    eventTimeMs: batch.eventTimeUs[row]! / 1000,
    receivedTimeMs: batch.receivedTimeUs[row]! / 1000,
    ...((flags & OFF_MARKET) === 0 ? {} : { isOffMarket: true as const }),
  }
}

/** One row as public JSON. */
export function quoteAt(batch: QuoteBatch, row: number): Quote {
  const instrument = batch.instruments.at(batch.instrument[row]!)
  const price = (low: Float64Array, high: Uint32Array) =>
    formatDecimal(digitsToBigInt(low[row]!, high[row]!), instrument.priceDecimals)
  const quantity = (low: Float64Array, high: Uint32Array) =>
    formatDecimal(digitsToBigInt(low[row]!, high[row]!), instrument.quantityDecimals)
  const sequence = batch.sequence[row]!
  return {
    type: 'quote',
    venue: instrument.venue,
    symbol: instrument.symbol,
    bidPrice: price(batch.bidPriceLow, batch.bidPriceHigh),
    bidQuantity: quantity(batch.bidQuantityLow, batch.bidQuantityHigh),
    askPrice: price(batch.askPriceLow, batch.askPriceHigh),
    askQuantity: quantity(batch.askQuantityLow, batch.askQuantityHigh),
    eventTimeMs: batch.eventTimeUs[row]! / 1000,
    receivedTimeMs: batch.receivedTimeUs[row]! / 1000,
    ...(sequence < 0 ? {} : { sequence }),
  }
}

/** One row as public JSON. */
export function paymentAt(batch: PaymentBatch, row: number): Payment {
  const flags = batch.flags[row]!
  const currency = codeText(batch.currency[row]!)
  const id = batch.id[row]!
  const customer = batch.customer[row]!
  const amount = {
    amount: formatDecimal(BigInt(batch.amountDigits[row]!), currencyDecimals(currency)),
    currency,
    country: codeText(batch.country[row]!),
  }
  const times = { eventTimeMs: batch.eventTimeUs[row]! / 1000, receivedTimeMs: batch.receivedTimeUs[row]! / 1000 }
  if ((flags & TRANSFER) !== 0) {
    const counterparty = batch.counterparty[row]!
    return { type: 'payment', kind: 'transfer', id, customer, counterparty, ...amount, ...times }
  }
  return {
    type: 'payment',
    kind: 'card',
    id,
    customer,
    card: batch.card[row]!,
    merchant: batch.merchant[row]!,
    terminal: batch.terminal[row]!,
    channel: (flags & ONLINE) === 0 ? 'terminal' : 'online',
    ...amount,
    x: batch.x[row]!,
    y: batch.y[row]!,
    ...times,
  }
}

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

/** Records of the text topics (candles, alerts, gaps, dead letters): one JSON a line. */
export function encodeRecords(records: readonly object[]): Uint8Array {
  return textEncoder.encode(records.map((record) => JSON.stringify(record)).join('\n'))
}

/** The inverse of `encodeRecords`; the caller names the type that the topic carries. */
export function decodeRecords<T>(payload: Uint8Array): T[] {
  if (payload.length === 0) return []
  return textDecoder
    .decode(payload)
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}
