import { systemClock } from '../../../base/clock.ts'
import { CollectedFeed } from '../../streaming/testing/collected-feed.ts'
import { BinanceFeed } from '../binance-feed.ts'
import type { BinanceLimits, BinanceOptions } from '../binance-options.ts'

/** Limits that make minutes of a venue's life into a second. */
export const FAST_LIMITS: Partial<BinanceLimits> = {
  connectTimeoutMs: 500,
  silenceMaxMs: 600,
  quietAfterMs: 150,
  overlapMs: 30,
  backoffFirstMs: 10,
  backoffMaxMs: 50,
  checkEveryMs: 5,
  gatherMs: 1,
  idleStepMs: 20,
  holdMaxMs: 400,
  weightPerMinute: 1e9,
}

/** Binance's feed, with limits that suit a test. */
export function collectBinance(options: BinanceOptions): CollectedFeed<BinanceFeed> {
  const limits = { ...FAST_LIMITS, ...options.limits }
  return new CollectedFeed(
    (position) =>
      new BinanceFeed({ ...options, limits }, { clock: systemClock, seed: 1, ...(position && { position }) }),
  )
}
