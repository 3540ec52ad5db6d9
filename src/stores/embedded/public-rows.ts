import type { DuckDBValue } from '@duckdb/node-api'
import { digitsToBigInt, formatDecimal } from '../../base/decimal.ts'
import type { Instrument } from '../../events/instrument.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { Quote, TakerSide, Trade } from '../../events/trade.ts'
import { NO_ID, OFF_MARKET, TAKER_BUY, TAKER_SELL, TAKER_SIDE_MASK, type TradeBatch } from '../../events/trade-batch.ts'
import type { LatestRows } from './latest-rows.ts'
import { digitsOf } from './typed-chunk.ts'

/*
 * Stored rows as public JSON, in the form of `tradeAt` and `quoteAt` (events/json.ts). Those print a batch in its
 * table's decimals; a stored row keeps the decimals that it was written with.
 */

export const TRADE_SELECT =
  'seq, instrument, event_time_us, received_time_us, id, trade_count, flags, ' +
  'price, price_high, quantity, quantity_high, price_decimals, quantity_decimals'

/** A row of `TRADE_SELECT`. */
export function tradeFrom(row: readonly DuckDBValue[], instrument: Instrument): Trade {
  return tradeOf(instrument, {
    id: Number(row[4]),
    tradeCount: Number(row[5]),
    flags: Number(row[6]),
    price: formatDecimal(digitsOf(row[7] as bigint, row[8] as number), Number(row[11])),
    quantity: formatDecimal(digitsOf(row[9] as bigint, row[10] as number), Number(row[12])),
    eventTimeUs: Number(row[2]),
    receivedTimeUs: Number(row[3]),
  })
}

export function latestTrade(latest: LatestRows<TradeBatch>, id: number, instrument: Instrument): Trade {
  const { rows, priceDecimals, quantityDecimals } = latest
  return tradeOf(instrument, {
    id: rows.id[id]!,
    tradeCount: rows.tradeCount[id]!,
    flags: rows.flags[id]!,
    price: formatDecimal(digitsToBigInt(rows.priceLow[id]!, rows.priceHigh[id]!), priceDecimals[id]!),
    quantity: formatDecimal(digitsToBigInt(rows.quantityLow[id]!, rows.quantityHigh[id]!), quantityDecimals[id]!),
    eventTimeUs: rows.eventTimeUs[id]!,
    receivedTimeUs: rows.receivedTimeUs[id]!,
  })
}

export function latestQuote(latest: LatestRows<QuoteBatch>, id: number, instrument: Instrument): Quote {
  const { rows } = latest
  const price = (low: Float64Array, high: Uint32Array) =>
    formatDecimal(digitsToBigInt(low[id]!, high[id]!), latest.priceDecimals[id]!)
  const quantity = (low: Float64Array, high: Uint32Array) =>
    formatDecimal(digitsToBigInt(low[id]!, high[id]!), latest.quantityDecimals[id]!)
  const sequence = rows.sequence[id]!
  return {
    type: 'quote',
    venue: instrument.venue,
    symbol: instrument.symbol,
    bidPrice: price(rows.bidPriceLow, rows.bidPriceHigh),
    bidQuantity: quantity(rows.bidQuantityLow, rows.bidQuantityHigh),
    askPrice: price(rows.askPriceLow, rows.askPriceHigh),
    askQuantity: quantity(rows.askQuantityLow, rows.askQuantityHigh),
    eventTimeMs: rows.eventTimeUs[id]! / 1000,
    receivedTimeMs: rows.receivedTimeUs[id]! / 1000,
    ...(sequence < 0 ? {} : { sequence }),
  }
}

interface TradeFields {
  readonly id: number
  readonly tradeCount: number
  readonly flags: number
  readonly price: string
  readonly quantity: string
  readonly eventTimeUs: number
  readonly receivedTimeUs: number
}

function tradeOf(instrument: Instrument, fields: TradeFields): Trade {
  const { id, tradeCount, flags } = fields
  return {
    type: 'trade',
    venue: instrument.venue,
    symbol: instrument.symbol,
    ...(id === NO_ID ? {} : { id }),
    ...(id === NO_ID || tradeCount === 1 ? {} : { lastId: id + tradeCount - 1 }),
    price: fields.price,
    quantity: fields.quantity,
    takerSide: takerSideOf(flags & TAKER_SIDE_MASK),
    eventTimeMs: fields.eventTimeUs / 1000,
    receivedTimeMs: fields.receivedTimeUs / 1000,
    ...((flags & OFF_MARKET) === 0 ? {} : { isOffMarket: true as const }),
  }
}

function takerSideOf(bits: number): TakerSide {
  if (bits === TAKER_BUY) return 'buy'
  return bits === TAKER_SELL ? 'sell' : 'unknown'
}
