/** Candle intervals, shortest first. Each is a whole multiple of the one before it, which the roll-up rests on. */
export const INTERVALS = ['1m', '5m', '15m', '1h', '4h', '1d'] as const
export type Interval = (typeof INTERVALS)[number]

const MINUTE_MS = 60_000
const INTERVAL_MS: Readonly<Record<Interval, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '4h': 240 * MINUTE_MS,
  '1d': 1440 * MINUTE_MS,
}

/** Length in ms. Candles are aligned to the Unix epoch in UTC: `openTimeMs` is a multiple of it. */
export function intervalMs(interval: Interval): number {
  return INTERVAL_MS[interval]
}

export function isInterval(text: string): text is Interval {
  return Object.hasOwn(INTERVAL_MS, text)
}
