import type { Interval } from '../../../src/events/interval.ts'
import type { Range } from '../app/route.ts'

const MINUTE_MS = 60_000

export const INTERVAL_MS: Readonly<Record<Interval, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '4h': 240 * MINUTE_MS,
  '1d': 1440 * MINUTE_MS,
}

export const RANGE_MS: Readonly<Record<Range, number>> = {
  '1h': 60 * MINUTE_MS,
  '6h': 360 * MINUTE_MS,
  '24h': 1440 * MINUTE_MS,
  '7d': 7 * 1440 * MINUTE_MS,
}

const BEST_INTERVAL: Readonly<Record<Range, Interval>> = { '1h': '1m', '6h': '1m', '24h': '5m', '7d': '1h' }
const CANDLES_MIN_COUNT = 6
const CANDLES_MAX_COUNT = 1440

/** The interval to show a newly chosen range in: the current one, unless it would give a handful or a carpet. */
export function intervalForRange(range: Range, current: Interval): Interval {
  const count = RANGE_MS[range] / INTERVAL_MS[current]
  return count < CANDLES_MIN_COUNT || count > CANDLES_MAX_COUNT ? BEST_INTERVAL[range] : current
}
