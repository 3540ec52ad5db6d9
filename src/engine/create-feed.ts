import { FinPulseError } from '../base/errors.ts'
import { AlphaVantageFeed } from '../feeds/alpha-vantage/alpha-vantage-feed.ts'
import { API_KEY_VARIABLE } from '../feeds/alpha-vantage/alpha-vantage-options.ts'
import { isAlphaVantagePosition } from '../feeds/alpha-vantage/poll-position.ts'
import { BinanceFeed } from '../feeds/binance/binance-feed.ts'
import type { Feed } from '../feeds/feed.ts'
import { KrakenFeed } from '../feeds/kraken/kraken-feed.ts'
import { isPushPosition } from '../feeds/push/push-position.ts'
import { ReplayFeed } from '../feeds/replay/replay-feed.ts'
import { SimulatorFeed } from '../feeds/simulator/simulator-feed.ts'
import { presetSymbols } from '../feeds/simulator/symbol-presets.ts'
import { isPositionOf } from '../feeds/streaming/feed-position.ts'
import type {
  AlphaVantageConfig,
  BinanceConfig,
  Config,
  KrakenConfig,
  ReplayConfig,
  SimulatorConfig,
} from './config.ts'
import { createThreshold } from './create-threshold-feed.ts'
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
      return createBinance(config, context)
    case 'kraken':
      return createKraken(config, context)
    case 'alpha-vantage':
      return createAlphaVantage(config, context)
    case 'threshold':
      return createThreshold(config, context)
    case 'push':
      throw new FinPulseError('internal', 'feed push: has settings of its own, see createPushFeed')
  }
}

function createReplay(config: ReplayConfig, { clock, position }: FeedContext): Promise<Feed> {
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

function createBinance(config: BinanceConfig, { clock, logger, position }: FeedContext): Feed {
  const { market, symbols, tradeStream, quotes, url, restUrl } = config
  const options = {
    market,
    symbols,
    hasQuotes: quotes,
    ...(tradeStream === undefined ? {} : { tradeStream }),
    ...(url === undefined ? {} : { url }),
    ...(restUrl === undefined ? {} : { restUrl }),
  }
  // Clients that were started together must not come back together: the time of the start is what differs.
  const seed = clock.nowUs()
  return new BinanceFeed(options, { clock, logger, seed, ...(position === undefined ? {} : { position }) })
}

function createKraken(config: KrakenConfig, { clock, logger, position }: FeedContext): Feed {
  const { symbols, quotes, url, restUrl } = config
  const options = {
    symbols,
    hasQuotes: quotes,
    ...(url === undefined ? {} : { url }),
    ...(restUrl === undefined ? {} : { restUrl }),
  }
  const seed = clock.nowUs()
  return new KrakenFeed(options, { clock, logger, seed, ...(position === undefined ? {} : { position }) })
}

function createAlphaVantage(config: AlphaVantageConfig, context: FeedContext): Feed {
  const { clock, logger, position, environment = process.env } = context
  const { type: _, pollEvery, url, ...rest } = config
  const apiKey = environment[API_KEY_VARIABLE]
  const options = { ...rest, pollEveryMs: pollEvery, apiKey, ...(url === undefined ? {} : { url }) }
  const seed = clock.nowUs()
  return new AlphaVantageFeed(options, { clock, logger, seed, ...(position === undefined ? {} : { position }) })
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
