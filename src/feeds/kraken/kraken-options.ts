import { FinPulseError } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { checkedRestUrl, socketAndRestUrl } from '../streaming/checked-url.ts'
import { STREAMING_LIMITS, type StreamingLimits } from '../streaming/streaming-limits.ts'

export interface KrakenOptions {
  /** As WebSocket v2 names pairs: `BTC/USD`, not `XBT/USD`. All in lower case is read as upper case. */
  readonly symbols: readonly string[]
  /** Whether best bids and asks (`ticker`) are taken too. Default: true. */
  readonly hasQuotes?: boolean
  /** Base of the WebSocket address, instead of the venue's own; `http` is read as `ws`, `/v2` is appended. */
  readonly url?: string
  /** Base of the REST addresses. Default: that of `url` with `http` for `ws`, or the venue's own. */
  readonly restUrl?: string
  readonly limits?: Partial<KrakenLimits>
}

/** Everything that is bounded or timed. Only tests have reasons to change these. */
export interface KrakenLimits extends StreamingLimits {
  /** The venue states no limit; fewer keep an outage small. */
  readonly symbolsPerSocketMaxCount: number
  /** A socket whose subscriptions are not answered within this time is replaced. */
  readonly subscribeTimeoutMs: number
  /** How long after the last answer the snapshots that follow it are waited for. */
  readonly settleMs: number
  /** As for any feed; here for each gap that a snapshot shows, so also for what was missed while no socket was open. */
  readonly catchUpMaxMs: number
  /** Time between requests: the venue allows about one a second from an address. */
  readonly requestEveryMs: number
  readonly answerMaxBytes: number
  /** How long the venue's complaint about too many requests is heeded. */
  readonly rateLimitWaitMs: number
  /** Pages in a row that hold only what is known already, as after a gap whose oldest ids were given up. */
  readonly knownPagesMaxCount: number
}

const LIMITS: KrakenLimits = {
  ...STREAMING_LIMITS,
  symbolsPerSocketMaxCount: 100,
  // The venue allows about 150 attempts in ten minutes from an address, and bans it for ten minutes then.
  attemptsPerFiveMinutes: 60,
  // The venue announces no end of a socket's life, so none is replaced before it ends.
  socketMaxAgeMs: Number.POSITIVE_INFINITY,
  overlapMs: 0,
  subscribeTimeoutMs: 10_000,
  settleMs: 1000,
  gapMaxCount: 100_000,
  requestEveryMs: 1000,
  answerMaxBytes: 4 * 1024 * 1024,
  rateLimitWaitMs: 10_000,
  knownPagesMaxCount: 200,
}

export const VENUE = 'kraken'
/** Rows of a REST answer, as the venue documents it. */
export const PAGE_MAX_COUNT = 1000
const ADDRESSES_OF_VENUE = { url: 'wss://ws.kraken.com', restUrl: 'https://api.kraken.com' }

/** The options with every default in place. */
export interface KrakenSettings {
  /** Each once. */
  readonly symbols: readonly string[]
  readonly hasQuotes: boolean
  readonly url: string
  readonly restUrl: string
  readonly limits: KrakenLimits
}

/** @throws FinPulseError config-invalid */
export function krakenSettings(options: KrakenOptions): KrakenSettings {
  const symbols = [...new Set(options.symbols.map(nameOf))]
  if (symbols.length === 0) throw invalid('symbols: expected at least one symbol, got []')
  const odd = symbols.find((symbol) => !NAME_PATTERN.test(symbol) || !symbol.includes('/'))
  if (odd !== undefined) throw invalid(`symbols: expected pairs such as BTC/USD, got "${odd}"`)
  const { url, restUrl } = options.url === undefined ? ADDRESSES_OF_VENUE : socketAndRestUrl(options.url)
  return {
    symbols,
    hasQuotes: options.hasQuotes ?? true,
    url: `${url}/v2`,
    restUrl: options.restUrl === undefined ? restUrl : checkedRestUrl(options.restUrl),
    limits: { ...LIMITS, ...options.limits },
  }
}

/** Some names have lower case in them (`AAPLx/USD`), so only what has nothing else is brought to upper case. */
function nameOf(symbol: string): string {
  return symbol === symbol.toLowerCase() ? symbol.toUpperCase() : symbol
}

function invalid(message: string): FinPulseError {
  return new FinPulseError('config-invalid', message)
}
