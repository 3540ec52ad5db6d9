import type { Candle } from '../../../src/events/candle.ts'
import type { Quote } from '../../../src/events/trade.ts'
import type { MarketRow } from '../../../src/protocol/rest.ts'
import { subtractDecimals } from '../format/decimal.ts'

/** A row of the market as it is on screen: the server's 24-hour figures with live prices on top. */
export interface MarketEntry {
  readonly row: MarketRow
  /** The price that the change is measured from. */
  readonly basePrice: string
  readonly last: string
  readonly change: string
  readonly changePercent: number
  readonly bid: string | null
  readonly ask: string | null
  readonly spreadBasisPoints: number | null
  readonly lastTradeTimeMs: number
  readonly sparkline: readonly number[]
  /** Open time of the minute that `last` comes from; an older minute's correction does not move the price. */
  readonly candleOpenTimeMs: number
  /** Our clock at the last live change; 0 for none. */
  readonly liveTimeMs: number
}

/** Prices that came live are newer than a summary that was computed and sent meanwhile, for this long. */
const LIVE_PREFERRED_MS = 3000

/** The summary's figures; prices stay live where they are fresher than the summary can be. */
export function entryFromRow(row: MarketRow, previous: MarketEntry | undefined, nowMs: number): MarketEntry {
  const basePrice = subtractDecimals(row.last, row.change24h)
  const fresh: MarketEntry = {
    row,
    basePrice,
    last: row.last,
    change: row.change24h,
    changePercent: row.changePercent24h,
    bid: row.bid,
    ask: row.ask,
    spreadBasisPoints: row.spreadBasisPoints,
    lastTradeTimeMs: row.lastTradeTimeMs,
    sparkline: row.sparkline,
    candleOpenTimeMs: 0,
    liveTimeMs: 0,
  }
  if (previous === undefined || nowMs - previous.liveTimeMs > LIVE_PREFERRED_MS) return fresh
  const { bid, ask, spreadBasisPoints, candleOpenTimeMs, liveTimeMs } = previous
  const withQuote = { ...fresh, bid, ask, spreadBasisPoints, candleOpenTimeMs, liveTimeMs }
  if (previous.candleOpenTimeMs === 0) return withQuote
  const lastTradeTimeMs = Math.max(row.lastTradeTimeMs, previous.lastTradeTimeMs)
  return withLast(withQuote, previous.last, lastTradeTimeMs)
}

export function entryWithQuote(entry: MarketEntry, quote: Quote, nowMs: number): MarketEntry {
  return {
    ...entry,
    bid: quote.bidPrice,
    ask: quote.askPrice,
    spreadBasisPoints: spreadBasisPoints(quote.bidPrice, quote.askPrice),
    liveTimeMs: nowMs,
  }
}

/**
 * Takes the price from the running 1m candle: it moves with every trade, and unlike trades it is conflated.
 * @param feedTimeMs newest event time seen of the symbol, the best guess of when the trade was
 */
export function entryWithCandle(entry: MarketEntry, candle: Candle, feedTimeMs: number, nowMs: number): MarketEntry {
  if (candle.openTimeMs < entry.candleOpenTimeMs) return entry
  const tradeTimeMs = Math.min(Math.max(feedTimeMs, candle.openTimeMs), candle.closeTimeMs - 1)
  return {
    ...withLast(entry, candle.close, Math.max(entry.lastTradeTimeMs, tradeTimeMs)),
    candleOpenTimeMs: candle.openTimeMs,
    liveTimeMs: nowMs,
  }
}

function withLast(entry: MarketEntry, last: string, lastTradeTimeMs: number): MarketEntry {
  const change = subtractDecimals(last, entry.basePrice)
  const base = Number(entry.basePrice)
  return {
    ...entry,
    last,
    change,
    changePercent: base === 0 ? 0 : (Number(change) / base) * 100,
    lastTradeTimeMs,
    sparkline: entry.sparkline.length === 0 ? [Number(last)] : [...entry.sparkline.slice(0, -1), Number(last)],
  }
}

/** (ask − bid) / middle, in units of 0.01 %; null where there is no middle. */
export function spreadBasisPoints(bid: string, ask: string): number | null {
  const bidPrice = Number(bid)
  const askPrice = Number(ask)
  const middle = (bidPrice + askPrice) / 2
  return middle > 0 ? ((askPrice - bidPrice) / middle) * 10_000 : null
}
