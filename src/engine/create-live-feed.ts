import { AlphaVantageFeed } from '../feeds/alpha-vantage/alpha-vantage-feed.ts'
import { API_KEY_VARIABLE } from '../feeds/alpha-vantage/alpha-vantage-options.ts'
import { BinanceFeed } from '../feeds/binance/binance-feed.ts'
import type { Feed } from '../feeds/feed.ts'
import { KrakenFeed } from '../feeds/kraken/kraken-feed.ts'
import type { AlphaVantageConfig, BinanceConfig, KrakenConfig, ThresholdConfig } from './config.ts'
import { createThreshold } from './create-threshold-feed.ts'
import type { FeedContext } from './feed-context.ts'

/** A feed of a venue or vendor. @throws FinPulseError config-invalid */
export function createLiveFeed(
  config: AlphaVantageConfig | BinanceConfig | KrakenConfig | ThresholdConfig,
  context: FeedContext,
): Feed {
  switch (config.type) {
    case 'binance':
      return createBinance(config, context)
    case 'kraken':
      return createKraken(config, context)
    case 'alpha-vantage':
      return createAlphaVantage(config, context)
    case 'threshold':
      return createThreshold(config, context)
  }
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
