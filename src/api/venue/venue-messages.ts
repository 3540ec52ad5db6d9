import type { Quote, Trade } from '../../events/trade.ts'
import type { DayStatistics } from './day-statistics.ts'
import type { Kline } from './kline.ts'

/*
 * Messages of the venue's streams (web-socket-streams.md of its documentation), in its order of fields. Decimals are the
 * instrument's own digits, not padded to eight places.
 */

/** Price and quantity. */
export type Level = readonly [price: string, quantity: string]

/** A trade that has an id: streams carry no others. */
export type NumberedTrade = Trade & { readonly id: number }

export function isNumbered(trade: Trade): trade is NumberedTrade {
  return trade.id !== undefined
}

export function tradeMessage(s: string, trade: NumberedTrade, sentMs: number) {
  const { id: t, price: p, quantity: q } = trade
  return { e: 'trade', E: sentMs, s, t, p, q, T: timeMs(trade), m: isBuyerMaker(trade), M: true }
}

/** One row of the engine is one aggregate, numbered by its first trade. */
export function aggTradeMessage(s: string, trade: NumberedTrade, sentMs: number) {
  const { id: f, price: p, quantity: q } = trade
  const l = trade.lastId ?? f
  return { e: 'aggTrade', E: sentMs, s, a: f, p, q, f, l, T: timeMs(trade), m: isBuyerMaker(trade), M: true }
}

export function bookTickerMessage(s: string, quote: Quote) {
  const { bidPrice: b, bidQuantity: B, askPrice: a, askQuantity: A } = quote
  return { u: updateIdOf(quote), s, b, B, a, A }
}

/** The ids of a candle's first and last trade; -1 where they are not known. */
export interface CandleIds {
  readonly firstId: number
  readonly lastId: number
}

export function klineMessage(s: string, candle: Kline, { firstId, lastId }: CandleIds, sentMs: number) {
  const k = {
    t: candle.openTimeMs,
    T: candle.closeTimeMs - 1,
    s,
    i: candle.interval,
    f: firstId,
    L: lastId,
    o: candle.open,
    c: candle.close,
    h: candle.high,
    l: candle.low,
    v: candle.volume,
    n: candle.tradeCount,
    x: candle.isFinal,
    q: candle.quoteVolume,
    V: candle.takerBuyVolume,
    Q: candle.takerBuyQuoteVolume,
    B: '0',
  }
  return { e: 'kline', E: sentMs, s, k }
}

export function miniTickerMessage(s: string, day: DayStatistics, sentMs: number) {
  const { last: c, open: o, high: h, low: l, volume: v, quoteVolume: q } = day
  return { e: '24hrMiniTicker', E: sentMs, s, c, o, h, l, v, q }
}

export function tickerMessage(s: string, day: DayStatistics, sentMs: number) {
  return {
    e: '24hrTicker',
    E: sentMs,
    s,
    p: day.change,
    P: day.changePercent,
    w: day.vwap,
    x: day.open,
    c: day.last,
    Q: day.lastQuantity,
    b: day.bidPrice,
    B: day.bidQuantity,
    a: day.askPrice,
    A: day.askQuantity,
    o: day.open,
    h: day.high,
    l: day.low,
    v: day.volume,
    q: day.quoteVolume,
    O: day.openTimeMs,
    C: day.closeTimeMs,
    F: day.firstId,
    L: day.lastId,
    n: day.tradeCount,
  }
}

export function partialDepthMessage(quote: Quote) {
  return { lastUpdateId: updateIdOf(quote), ...bookOf(quote) }
}

export function depthMessage(
  s: string,
  change: { readonly U: number; readonly u: number; readonly b: readonly Level[]; readonly a: readonly Level[] },
  sentMs: number,
) {
  const { U, u, b, a } = change
  return { e: 'depthUpdate', E: sentMs, s, U, u, b, a }
}

/** The book as far as the engine knows it: one level a side. */
export function bookOf(quote: Quote): { readonly bids: Level[]; readonly asks: Level[] } {
  return { bids: [[quote.bidPrice, quote.bidQuantity]], asks: [[quote.askPrice, quote.askQuantity]] }
}

/** The venue's update counter; of sources without one the time in µs, which grows as well. */
export function updateIdOf(quote: Quote): number {
  return quote.sequence ?? Math.round(quote.eventTimeMs * 1000)
}

/** Of a trade whose taker is not known the venue would still say something: the buyer counts as the taker. */
export function isBuyerMaker({ takerSide }: Trade): boolean {
  return takerSide !== 'buy'
}

/** Times on the wire are whole milliseconds. */
export function timeMs({ eventTimeMs }: Trade): number {
  return Math.floor(eventTimeMs)
}
