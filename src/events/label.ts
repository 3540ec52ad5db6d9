import type { PaymentLabel } from './payment.ts'

/** What a generator can do to a market on purpose. */
export const MARKET_ANOMALY_KINDS = [
  'flash-crash',
  'fat-finger',
  'price-spike',
  'volume-burst',
  'pump-and-dump',
  'quote-stuffing',
  'wash-trades',
  'stale-feed',
  'crossed-quotes',
] as const
export type MarketAnomalyKind = (typeof MARKET_ANOMALY_KINDS)[number]

/** What was wrong with a stretch of one symbol's market: the truth, as the generator knows it, an event of its own. */
export interface MarketLabel {
  readonly type: 'market-label'
  /** Unique in a market, and the same in every run of it. */
  readonly id: string
  readonly kind: MarketAnomalyKind
  readonly venue: string
  readonly symbol: string
  /** The stretch `[fromMs, toMs)` of event time that is touched. */
  readonly fromMs: number
  readonly toMs: number
  /** How strong it is, in the unit of its kind (`docs/market-anomalies.md`). */
  readonly magnitude: number
  /** When the label is given out: the end of the stretch, or later. */
  readonly eventTimeMs: number
}

export type Label = PaymentLabel | MarketLabel
