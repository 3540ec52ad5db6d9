import { FinPulseError } from '../base/errors.ts'
import { isAlphaVantagePosition } from '../feeds/alpha-vantage/poll-position.ts'
import type { Feed } from '../feeds/feed.ts'
import { isPushPosition } from '../feeds/push/push-position.ts'
import { SimulatorFeed } from '../feeds/simulator/simulator-feed.ts'
import { presetSymbols } from '../feeds/simulator/symbol-presets.ts'
import { isPositionOf } from '../feeds/streaming/feed-position.ts'
import type { Config, ReplayConfig, SimulatorConfig } from './config.ts'
import type { FeedContext } from './feed-context.ts'
import { anomaliesOf } from './settings/anomaly-settings.ts'

/**
 * The feed that the configuration names.
 * @throws FinPulseError config-invalid where the position is that of another kind of feed
 */
export async function createFeed(config: Config['feed'], context: FeedContext): Promise<Feed> {
  if (context.position !== undefined) checkPosition(config.type, context.position)
  switch (config.type) {
    case 'replay':
      return createReplay(config, context)
    case 'simulator':
      return createSimulator(config, context)
    case 'binance':
    case 'kraken':
    case 'alpha-vantage':
    case 'threshold': {
      // A start waits for nothing that it does not need.
      const { createLiveFeed } = await import('./create-live-feed.ts')
      return createLiveFeed(config, context)
    }
    case 'push':
      throw new FinPulseError('internal', 'feed push: has settings of its own, see createPushFeed')
  }
}

async function createReplay(config: ReplayConfig, { clock, position }: FeedContext): Promise<Feed> {
  const { ReplayFeed } = await import('../feeds/replay/replay-feed.ts')
  const { paths, speed, format, venue, symbols } = config
  const options = {
    paths,
    speed,
    ...(format === undefined ? {} : { format }),
    ...(venue === undefined ? {} : { venue }),
    ...(symbols === undefined ? {} : { symbols }),
  }
  return ReplayFeed.open(options, clock, position)
}

function createSimulator(config: SimulatorConfig, { clock, position }: FeedContext): Feed {
  const options = {
    symbols: config.symbols ?? presetSymbols(config.market),
    ratePerSecond: config.ratePerSecond,
    seed: config.seed,
    backfillUs: config.backfill * 1000,
    market: config.market,
    hours: config.hours,
    holidays: config.holidays,
    models: config.models,
    anomalies: anomaliesOf(config.anomalies),
    ...(config.startTime === undefined ? {} : { startTimeUs: Date.parse(config.startTime) * 1000 }),
    ...(config.maxCount === undefined ? {} : { maxCount: config.maxCount }),
  }
  return new SimulatorFeed(options, clock, position)
}

/** First byte of what `v8.serialize` writes. */
const SERIALIZED = 0xff

/**
 * Positions are opaque to the log, but their kinds begin differently.
 * @throws FinPulseError config-invalid where the position is that of another kind of feed
 */
export function checkPosition(type: Config['feed']['type'], position: Uint8Array): void {
  const before = kindOf(position)
  if (before === type) return
  throw new FinPulseError(
    'config-invalid',
    `data directory: holds the events of the feed ${before}; give the feed ${type} a --data-dir of its own`,
  )
}

function kindOf(position: Uint8Array): Config['feed']['type'] {
  if (position[0] === SERIALIZED) return 'simulator'
  if (isPushPosition(position)) return 'push'
  for (const feed of ['binance', 'kraken', 'threshold'] as const) if (isPositionOf(feed, position)) return feed
  return isAlphaVantagePosition(position) ? 'alpha-vantage' : 'replay'
}
