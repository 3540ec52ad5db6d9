import { add, compare, decimalsOf, ratio, subtract } from '../../base/decimal-text.ts'
import type { Candle } from '../../events/candle.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import type { MarketRow } from '../../protocol/rest.ts'
import type { SymbolSummary } from '../../stores/market-store.ts'

/** What a market row is made of. Candles of `openCandles` are not in `summaries`. */
export interface MarketSources {
  /** From the finished 1m candles of the last 24 hours. */
  readonly summaries: readonly SymbolSummary[]
  /** 1m candles that are still open. */
  readonly openCandles: readonly Candle[]
  readonly latestTrades: readonly Trade[]
  readonly latestQuotes: readonly Quote[]
  readonly alertCounts: ReadonlyMap<string, number>
  readonly recentCloses: ReadonlyMap<string, readonly string[]>
}

/** Decimals of a VWAP beyond those of the price, as in candles. */
const VWAP_EXTRA_DECIMALS = 4

/** One row per (venue, symbol), in order of symbol. */
export function marketRowsFrom(sources: MarketSources): MarketRow[] {
  const quotes = new Map(sources.latestQuotes.map((row) => [keyOf(row), row]))
  return currentSummaries(sources)
    .map((summary) => marketRow(summary, quotes.get(keyOf(summary)), sources))
    .sort((a, b) => compareText(a.symbol, b.symbol) || compareText(a.venue, b.venue))
}

/** The summaries, brought up to now by what is open still and by the newest trades. */
export function currentSummaries(
  sources: Pick<MarketSources, 'summaries' | 'openCandles' | 'latestTrades'>,
): SymbolSummary[] {
  const summaries = new Map(sources.summaries.map((row) => [keyOf(row), row]))
  const byOpenTime = [...sources.openCandles].sort((a, b) => a.openTimeMs - b.openTimeMs)
  for (const candle of byOpenTime) summaries.set(keyOf(candle), withCandle(summaries.get(keyOf(candle)), candle))
  const trades = new Map(sources.latestTrades.map((row) => [keyOf(row), row]))
  return [...summaries].map(([key, summary]) => withTrade(summary, trades.get(key)))
}

function marketRow(summary: SymbolSummary, quote: Quote | undefined, sources: MarketSources): MarketRow {
  const change = subtract(summary.last, summary.open)
  const open = Number(summary.open)
  return {
    symbol: summary.symbol,
    venue: summary.venue,
    last: summary.last,
    change24h: change,
    changePercent24h: open === 0 ? 0 : rounded((Number(change) / open) * 100, 4),
    high24h: summary.high,
    low24h: summary.low,
    volume24h: summary.volume,
    quoteVolume24h: summary.quoteVolume,
    vwap24h: summary.vwap,
    tradeCount24h: summary.tradeCount,
    bid: quote?.bidPrice ?? null,
    ask: quote?.askPrice ?? null,
    spreadBasisPoints: quote === undefined ? null : spreadBasisPoints(quote),
    lastTradeTimeMs: summary.lastTradeTimeMs,
    alertCount24h: sources.alertCounts.get(summary.symbol) ?? 0,
    sparkline: (sources.recentCloses.get(summary.symbol) ?? []).map(Number),
  }
}

function withCandle(summary: SymbolSummary | undefined, candle: Candle): SymbolSummary {
  if (summary === undefined) {
    const { venue, symbol, open, high, low, close, volume, quoteVolume, vwap, tradeCount, openTimeMs } = candle
    return {
      venue,
      symbol,
      open,
      high,
      low,
      last: close,
      volume,
      quoteVolume,
      vwap,
      tradeCount,
      lastTradeTimeMs: openTimeMs,
    }
  }
  const volume = add(summary.volume, candle.volume)
  const quoteVolume = add(summary.quoteVolume, candle.quoteVolume)
  return {
    ...summary,
    high: compare(candle.high, summary.high) > 0 ? candle.high : summary.high,
    low: compare(candle.low, summary.low) < 0 ? candle.low : summary.low,
    last: candle.close,
    volume,
    quoteVolume,
    vwap: ratio(quoteVolume, volume, decimalsOf(candle.close) + VWAP_EXTRA_DECIMALS),
    tradeCount: summary.tradeCount + candle.tradeCount,
    lastTradeTimeMs: Math.max(summary.lastTradeTimeMs, candle.openTimeMs),
  }
}

/** The newest trade sets the last price, and widens high and low where its candle was not read yet. */
function withTrade(summary: SymbolSummary, trade: Trade | undefined): SymbolSummary {
  if (trade === undefined || trade.isOffMarket || trade.eventTimeMs < summary.lastTradeTimeMs) return summary
  return {
    ...summary,
    last: trade.price,
    high: compare(trade.price, summary.high) > 0 ? trade.price : summary.high,
    low: compare(trade.price, summary.low) < 0 ? trade.price : summary.low,
    lastTradeTimeMs: trade.eventTimeMs,
  }
}

function spreadBasisPoints(quote: Quote): number | null {
  const bid = Number(quote.bidPrice)
  const ask = Number(quote.askPrice)
  return bid > 0 && ask > 0 ? rounded(((ask - bid) / ((ask + bid) / 2)) * 10_000, 4) : null
}

function rounded(value: number, places: number): number {
  return Number(value.toFixed(places))
}

function keyOf(row: { readonly venue: string; readonly symbol: string }): string {
  return `${row.venue} ${row.symbol}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
