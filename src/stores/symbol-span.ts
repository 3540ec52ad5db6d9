import { addExact, compareExact, type ExactDecimal, exactVwap, formatExact } from './exact-decimal.ts'
import type { SymbolSummary } from './market-store.ts'

/** Some 1m candles of one instrument folded into one, in any order. */
export interface SymbolSpan {
  readonly venue: string
  readonly symbol: string
  readonly firstOpenTimeMs: number
  readonly lastOpenTimeMs: number
  readonly lastCloseTimeMs: number
  readonly open: ExactDecimal
  readonly high: ExactDecimal
  readonly low: ExactDecimal
  readonly close: ExactDecimal
  readonly volume: ExactDecimal
  readonly quoteVolume: ExactDecimal
  readonly tradeCount: number
}

/** Both spans as one; they have no candle in common. */
export function joinSpans(a: SymbolSpan, b: SymbolSpan): SymbolSpan {
  const earlier = a.firstOpenTimeMs <= b.firstOpenTimeMs ? a : b
  const later = a.lastOpenTimeMs > b.lastOpenTimeMs ? a : b
  return {
    venue: a.venue,
    symbol: a.symbol,
    firstOpenTimeMs: earlier.firstOpenTimeMs,
    lastOpenTimeMs: later.lastOpenTimeMs,
    lastCloseTimeMs: later.lastCloseTimeMs,
    open: earlier.open,
    high: compareExact(a.high, b.high) >= 0 ? a.high : b.high,
    low: compareExact(a.low, b.low) <= 0 ? a.low : b.low,
    close: later.close,
    volume: addExact(a.volume, b.volume),
    quoteVolume: addExact(a.quoteVolume, b.quoteVolume),
    tradeCount: a.tradeCount + b.tradeCount,
  }
}

/** @param lastTradeTimeMs of the newest stored trade; where there is none, the end of the last candle stands for it */
export function summaryOf(span: SymbolSpan, lastTradeTimeMs: number | undefined): SymbolSummary {
  return {
    venue: span.venue,
    symbol: span.symbol,
    open: formatExact(span.open),
    high: formatExact(span.high),
    low: formatExact(span.low),
    last: formatExact(span.close),
    volume: formatExact(span.volume),
    quoteVolume: formatExact(span.quoteVolume),
    vwap: formatExact(exactVwap(span.quoteVolume, span.volume, span.close)),
    tradeCount: span.tradeCount,
    lastTradeTimeMs: lastTradeTimeMs ?? span.lastCloseTimeMs,
  }
}
