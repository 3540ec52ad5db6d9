import { multiply } from '../../base/decimal-text.ts'
import type { Quote } from '../../events/trade.ts'
import type { DayStatistics } from './day-statistics.ts'
import type { Kline } from './kline.ts'
import { isBuyerMaker, type NumberedTrade, timeMs } from './venue-messages.ts'
import { type Listing, zeroAt } from './venue-symbols.ts'

/* Rows of the venue's REST answers (rest-api.md of its documentation), in its order of fields. */

export function tradeRow(trade: NumberedTrade) {
  return {
    id: trade.id,
    price: trade.price,
    qty: trade.quantity,
    quoteQty: multiply(trade.price, trade.quantity),
    time: timeMs(trade),
    isBuyerMaker: isBuyerMaker(trade),
    isBestMatch: true,
  }
}

export function aggTradeRow(trade: NumberedTrade) {
  const { id: f, price: p, quantity: q } = trade
  return { a: f, p, q, f, l: trade.lastId ?? f, T: timeMs(trade), m: isBuyerMaker(trade), M: true }
}

export function klineRow(kline: Kline) {
  return [
    kline.openTimeMs,
    kline.open,
    kline.high,
    kline.low,
    kline.close,
    kline.volume,
    kline.closeTimeMs - 1,
    kline.quoteVolume,
    kline.tradeCount,
    kline.takerBuyVolume,
    kline.takerBuyQuoteVolume,
    '0',
  ]
}

export function dayRow(symbol: string, day: DayStatistics) {
  return {
    symbol,
    priceChange: day.change,
    priceChangePercent: day.changePercent,
    weightedAvgPrice: day.vwap,
    prevClosePrice: day.open,
    lastPrice: day.last,
    lastQty: day.lastQuantity,
    bidPrice: day.bidPrice,
    bidQty: day.bidQuantity,
    askPrice: day.askPrice,
    askQty: day.askQuantity,
    openPrice: day.open,
    highPrice: day.high,
    lowPrice: day.low,
    volume: day.volume,
    quoteVolume: day.quoteVolume,
    openTime: day.openTimeMs,
    closeTime: day.closeTimeMs,
    firstId: day.firstId,
    lastId: day.lastId,
    count: day.tradeCount,
  }
}

/** The answer to `type=MINI`. */
export function miniDayRow(symbol: string, day: DayStatistics) {
  const {
    openPrice,
    highPrice,
    lowPrice,
    lastPrice,
    volume,
    quoteVolume,
    openTime,
    closeTime,
    firstId,
    lastId,
    count,
  } = dayRow(symbol, day)
  const prices = { symbol, openPrice, highPrice, lowPrice, lastPrice }
  return { ...prices, volume, quoteVolume, openTime, closeTime, firstId, lastId, count }
}

/** Zeroes where there is no quote yet, as at the venue where nobody bids or asks. */
export function bookTickerRow(listing: Listing, quote: Quote | undefined) {
  const zero = { price: zeroAt(listing.priceDecimals), quantity: zeroAt(listing.quantityDecimals) }
  return {
    symbol: listing.wireSymbol,
    bidPrice: quote?.bidPrice ?? zero.price,
    bidQty: quote?.bidQuantity ?? zero.quantity,
    askPrice: quote?.askPrice ?? zero.price,
    askQty: quote?.askQuantity ?? zero.quantity,
  }
}
