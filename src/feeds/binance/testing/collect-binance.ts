import { systemClock } from '../../../base/clock.ts'
import { CollectedFeed, FAST_STREAMING_LIMITS } from '../../streaming/testing/collected-feed.ts'
import { BinanceFeed } from '../binance-feed.ts'
import type { BinanceLimits, BinanceOptions } from '../binance-options.ts'

export const FAST_LIMITS: Partial<BinanceLimits> = {
  ...FAST_STREAMING_LIMITS,
  silenceMaxMs: 600,
  overlapMs: 30,
  weightPerMinute: 1e9,
  tickerLagMs: 20,
}

/** Binance's feed, with limits that suit a test. */
export function collectBinance(options: BinanceOptions): CollectedFeed<BinanceFeed> {
  const limits = { ...FAST_LIMITS, ...options.limits }
  return new CollectedFeed(
    (position) =>
      new BinanceFeed({ ...options, limits }, { clock: systemClock, seed: 1, ...(position && { position }) }),
  )
}
