import type { Interval } from './interval.ts'

/**
 * complete: the data covers the whole interval; partial: it begins or ends inside; gapped: trades are known to be
 * missing, and a candle that is partial too is gapped; patched: was gapped, and all that was missing has come since.
 */
export const COMPLETENESS = ['complete', 'partial', 'gapped', 'patched'] as const
export type Completeness = (typeof COMPLETENESS)[number]

/**
 * OHLCV over `[openTimeMs, closeTimeMs)`, as it is in the log and in every public JSON, in this order of fields.
 * Prices, quantities and volumes are exact decimal strings.
 */
export interface Candle {
  readonly type: 'candle'
  readonly venue: string
  readonly symbol: string
  readonly interval: Interval
  readonly openTimeMs: number
  /** Exclusive. */
  readonly closeTimeMs: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  /** Sum of quantities, in base units. */
  readonly volume: string
  /** Sum of price × quantity. */
  readonly quoteVolume: string
  readonly tradeCount: number
  readonly takerBuyVolume: string
  readonly takerBuyQuoteVolume: string
  /** quoteVolume / volume, rounded half to even at the price's decimals plus four. */
  readonly vwap: string
  /** False while trades of the interval are still expected. */
  readonly isFinal: boolean
  /** 0 for the first final form; each correction adds 1. */
  readonly revision: number
  readonly completeness: Completeness
}
