import { FinPulseError } from '../../base/errors.ts'
import { checkedRestUrl, socketAndRestUrl } from '../streaming/checked-url.ts'
import { STREAMING_LIMITS, type StreamingLimits } from '../streaming/streaming-limits.ts'

export type BinanceMarket = 'spot' | 'usdm'
/** Both streams tell of the same trades, one by one or gathered by taker order and price. */
export type BinanceTradeStream = 'trade' | 'aggTrade'

export interface BinanceOptions {
  readonly market: BinanceMarket
  /** In any case: `btcusdt`. */
  readonly symbols: readonly string[]
  /** Default: `trade` on spot, `aggTrade` on USD-M, whose single trades cannot be asked for again without a key. */
  readonly tradeStream?: BinanceTradeStream
  /** Whether best bids and asks (`bookTicker`) are taken too. Default: true. */
  readonly hasQuotes?: boolean
  /** Base of the WebSocket addresses, instead of the venue's own: `ws://127.0.0.1:9000/binance`; `http` is read as `ws`. */
  readonly url?: string
  /** Base of the REST addresses. Default: that of `url` with `http` for `ws`, or the venue's own. */
  readonly restUrl?: string
  readonly limits?: Partial<BinanceLimits>
}

/** Everything that is bounded or timed. Only tests have reasons to change these. */
export interface BinanceLimits extends StreamingLimits {
  /** Streams of one socket. The venue allows 1,024; fewer keep the address short, and an outage small. */
  readonly streamsPerSocketMaxCount: number
  /** Request weight that repairs may use in a minute; the venue allows 6,000 on spot, 2,400 on USD-M. */
  readonly weightPerMinute: number
  readonly answerMaxBytes: number
  /** How old what `ticker/24hr` tells may be at most. The venue does not say; its streams of tickers come each second. */
  readonly tickerLagMs: number
}

const BINANCE_LIMITS: BinanceLimits = {
  ...STREAMING_LIMITS,
  streamsPerSocketMaxCount: 200,
  // The venue allows 300 an address.
  attemptsPerFiveMinutes: 280,
  // The venue cuts a socket at 24 h.
  socketMaxAgeMs: 23.5 * 3_600_000,
  overlapMs: 2000,
  gapMaxCount: 200_000,
  weightPerMinute: 1200,
  answerMaxBytes: 4 * 1024 * 1024,
  tickerLagMs: 2000,
}

const STREAMS_PER_SOCKET_LIMIT = 1024

/** How one request for statistics of 24 hours (`ticker/24hr`) is made. */
interface TickerFacts {
  /** Symbols of a request; Infinity where one request brings all that the venue has. */
  readonly symbolMaxCount: number
  readonly weight: number
  /** @param type `MINI` has neither quotes nor the last quantity; USD-M knows no types */
  readonly parameters: (symbols: readonly string[], type: 'FULL' | 'MINI') => Readonly<Record<string, string>>
}

/** What differs between the markets; addresses and weights as the venue's documentation has them. */
export interface MarketFacts {
  readonly venue: string
  readonly url: string
  readonly restUrl: string
  readonly restPath: string
  /** Part of the address by stream. USD-M keeps book data and trades on servers of their own since 2026. */
  readonly tiers: Readonly<Partial<Record<BinanceTradeStream | 'bookTicker', string>>>
  readonly weights: Readonly<Record<'historicalTrades' | 'aggTrades' | 'trades', number>>
  /** Rows of an answer. */
  readonly pageMaxCount: Readonly<Record<BinanceTradeStream, number>>
  readonly tickers: TickerFacts
}

const MARKETS: Readonly<Record<BinanceMarket, MarketFacts>> = {
  spot: {
    venue: 'binance-spot',
    url: 'wss://stream.binance.com:9443',
    restUrl: 'https://api.binance.com',
    restPath: '/api/v3',
    tiers: {},
    weights: { historicalTrades: 25, aggTrades: 4, trades: 25 },
    pageMaxCount: { trade: 1000, aggTrade: 1000 },
    // Up to 20 symbols weigh 2, up to 100 weigh 40, more 80.
    tickers: {
      symbolMaxCount: 20,
      weight: 2,
      parameters: (symbols, type) => ({ symbols: JSON.stringify(symbols), ...(type === 'MINI' && { type }) }),
    },
  },
  usdm: {
    venue: 'binance-usdm',
    url: 'wss://fstream.binance.com',
    restUrl: 'https://fapi.binance.com',
    restPath: '/fapi/v1',
    tiers: { trade: '/public', bookTicker: '/public', aggTrade: '/market' },
    weights: { historicalTrades: 20, aggTrades: 20, trades: 5 },
    pageMaxCount: { trade: 500, aggTrade: 1000 },
    // One symbol can be asked for, or all.
    tickers: { symbolMaxCount: Number.POSITIVE_INFINITY, weight: 40, parameters: () => ({}) },
  },
}

/** The options with every default in place. */
export interface BinanceSettings {
  readonly market: BinanceMarket
  readonly facts: MarketFacts
  /** Upper case, as the venue's messages have them; each once. */
  readonly symbols: readonly string[]
  readonly tradeStream: BinanceTradeStream
  readonly hasQuotes: boolean
  readonly url: string
  readonly restUrl: string
  /** False where the base is not the venue's own: other servers have one path for all. */
  readonly hasTiers: boolean
  readonly limits: BinanceLimits
}

/** @throws FinPulseError config-invalid */
export function binanceSettings(options: BinanceOptions): BinanceSettings {
  const facts = MARKETS[options.market]
  const symbols = [...new Set(options.symbols.map((symbol) => symbol.toUpperCase()))]
  const limits = { ...BINANCE_LIMITS, ...options.limits }
  if (symbols.length === 0) throw invalid('symbols: expected at least one symbol, got []')
  const odd = symbols.find((symbol) => !/^[A-Z0-9_]{1,40}$/.test(symbol))
  if (odd !== undefined) throw invalid(`symbols: expected letters and digits such as btcusdt, got "${odd}"`)
  const perSocket = limits.streamsPerSocketMaxCount
  if (!(perSocket >= 2 && perSocket <= STREAMS_PER_SOCKET_LIMIT)) {
    throw invalid(`streams a socket: expected 2 to ${STREAMS_PER_SOCKET_LIMIT}, got ${perSocket}`)
  }
  const { url, restUrl } = options.url === undefined ? facts : socketAndRestUrl(options.url)
  return {
    market: options.market,
    facts,
    symbols,
    tradeStream: options.tradeStream ?? (options.market === 'spot' ? 'trade' : 'aggTrade'),
    hasQuotes: options.hasQuotes ?? true,
    url,
    restUrl: options.restUrl === undefined ? restUrl : checkedRestUrl(options.restUrl),
    hasTiers: options.url === undefined,
    limits,
  }
}

function invalid(message: string): FinPulseError {
  return new FinPulseError('config-invalid', message)
}
