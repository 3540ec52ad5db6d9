import { AlphaVantageFeed } from '../feeds/alpha-vantage/alpha-vantage-feed.ts'
import { API_KEY_VARIABLE } from '../feeds/alpha-vantage/alpha-vantage-options.ts'
import { BinanceFeed } from '../feeds/binance/binance-feed.ts'
import { binanceSettings } from '../feeds/binance/binance-options.ts'
import { WeightBudget } from '../feeds/binance/weight-budget.ts'
import type { Feed } from '../feeds/feed.ts'
import { KrakenFeed } from '../feeds/kraken/kraken-feed.ts'
import { krakenSettings } from '../feeds/kraken/kraken-options.ts'
import { RequestPace } from '../feeds/kraken/request-pace.ts'
import { ConnectionBudget } from '../feeds/streaming/connection-budget.ts'
import { ThresholdFeed, type ThresholdSources } from '../feeds/threshold/threshold-feed.ts'
import type { ThresholdOptions } from '../feeds/threshold/threshold-options.ts'
import { TickerPollFeed } from '../feeds/threshold/ticker-poll-feed.ts'
import type { ThresholdConfig } from './config.ts'
import type { FeedContext } from './feed-context.ts'

type Streams = Pick<ThresholdSources, 'openStream' | 'streamVenue'>

/** Polled sources name symbols in upper case. */
const nameOf = (symbol: string) => symbol.toUpperCase()

/** @throws FinPulseError config-invalid */
export function createThreshold(config: ThresholdConfig, context: FeedContext): Feed {
  const { clock, logger, position } = context
  const symbols = [...new Set(config.symbols.map(nameOf))]
  const streamAs = Object.entries(config.streamAs).map(([symbol, name]) => [nameOf(symbol), name] as const)
  const named = new Map(streamAs)
  const streamed = symbols.map((symbol) => named.get(symbol) ?? symbol)
  const weight = new WeightBudget(binanceSettings({ market: config.market, symbols: ['ANY'] }).limits.weightPerMinute)
  const streams =
    config.stream === 'kraken'
      ? krakenStreams(config, context, streamed)
      : binanceStreams(config, context, streamed, weight)
  const options = {
    symbols,
    thresholds: thresholdsOf(config.thresholds),
    bySymbol: Object.fromEntries(
      Object.entries(config.bySymbol).map(([symbol, thresholds]) => [nameOf(symbol), thresholdsOf(thresholds)]),
    ),
    streamAs: Object.fromEntries(streamAs),
    streamedMaxCount: config.streamedMaxCount,
    pollEveryMs: config.pollEvery,
  }
  const sources = { ...streams, openPolled: polledSource(config, context, symbols, weight) }
  return new ThresholdFeed(options, sources, { clock, logger, ...(position === undefined ? {} : { position }) })
}

function thresholdsOf({ window, calm, minimumStay, ...rest }: ThresholdConfig['thresholds']): ThresholdOptions {
  const given = { ...rest, windowMs: window, calmMs: calm, minimumStayMs: minimumStay }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function polledSource(
  config: ThresholdConfig,
  { clock, logger, environment = process.env }: FeedContext,
  symbols: readonly string[],
  budget: WeightBudget,
): ThresholdSources['openPolled'] {
  return (position) => {
    const context = { clock, logger, seed: clock.nowUs(), ...(position === undefined ? {} : { position }) }
    if (config.poll === 'alpha-vantage') {
      const { url, ...rest } = config.alphaVantage
      const apiKey = environment[API_KEY_VARIABLE]
      const options = { ...rest, symbols, pollEveryMs: config.pollEvery, apiKey, ...(url === undefined ? {} : { url }) }
      return { feed: new AlphaVantageFeed(options, context) }
    }
    const { market, pollEvery: pollEveryMs, restUrl = config.url?.replace(/^ws/, 'http') } = config
    const options = { market, symbols, pollEveryMs, ...(restUrl === undefined ? {} : { restUrl }) }
    const feed = new TickerPollFeed(options, { ...context, budget })
    return { feed, readings: () => feed.readings }
  }
}

/** Addresses as both venues' options have them. */
function addressesOf({ url, restUrl }: ThresholdConfig): { readonly url?: string; readonly restUrl?: string } {
  return { ...(url === undefined ? {} : { url }), ...(restUrl === undefined ? {} : { restUrl }) }
}

function binanceStreams(
  config: ThresholdConfig,
  { clock, logger }: FeedContext,
  symbols: readonly string[],
  weight: WeightBudget,
): Streams {
  const common = { market: config.market, ...addressesOf(config) }
  // Checked now: streams are opened later.
  const { facts, limits } = binanceSettings({ ...common, symbols })
  const budgets = { connections: new ConnectionBudget(limits.attemptsPerFiveMinutes), weight }
  return {
    streamVenue: facts.venue,
    openStream: (symbol, position) => {
      const context = { clock, logger, seed: clock.nowUs(), budgets, ...(position === undefined ? {} : { position }) }
      return new BinanceFeed({ ...common, symbols: [symbol] }, context)
    },
  }
}

function krakenStreams(config: ThresholdConfig, { clock, logger }: FeedContext, symbols: readonly string[]): Streams {
  const common = addressesOf(config)
  const { limits } = krakenSettings({ ...common, symbols })
  const budgets = {
    connections: new ConnectionBudget(limits.attemptsPerFiveMinutes),
    requests: new RequestPace(limits.requestEveryMs),
  }
  return {
    streamVenue: 'kraken',
    openStream: (symbol, position) => {
      const context = { clock, logger, seed: clock.nowUs(), budgets, ...(position === undefined ? {} : { position }) }
      return new KrakenFeed({ ...common, symbols: [symbol] }, context)
    },
  }
}
