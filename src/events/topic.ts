/** The named streams of the event log. What each carries is said in `docs/topics.md`. */
export const TOPICS = [
  'market.trades',
  'market.quotes',
  'market.candles',
  'alerts',
  'payments',
  'labels',
  'gaps',
  'dead-letters',
] as const
export type Topic = (typeof TOPICS)[number]
