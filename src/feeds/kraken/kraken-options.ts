import { FinPulseError } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { checkedUrl } from '../streaming/checked-url.ts'
import type { LineLimits } from '../streaming/feed-line.ts'

export interface KrakenOptions {
  /** As WebSocket v2 names pairs: `BTC/USD`, not `XBT/USD`. All in lower case is read as upper case. */
  readonly symbols: readonly string[]
  /** Whether best bids and asks (`ticker`) are taken too. Default: true. */
  readonly hasQuotes?: boolean
  /** Base of the WebSocket address, instead of the venue's own; `/v2` is appended. */
  readonly url?: string
  /** Base of the REST addresses. Default: that of `url` with `http` for `ws`, or the venue's own. */
  readonly restUrl?: string
  readonly limits?: Partial<KrakenLimits>
}

/** Everything that is bounded or timed. Only tests have reasons to change these. */
export interface KrakenLimits extends LineLimits {
  /** The venue states no limit; fewer keep an outage small. */
  readonly symbolsPerSocketMaxCount: number
  /** The venue allows about 150 attempts in ten minutes from an address, and bans it for ten minutes then. */
  readonly attemptsPerFiveMinutes: number
  /** A socket whose subscriptions are not answered within this time is replaced. */
  readonly subscribeTimeoutMs: number
  /** How long after the last answer the snapshots that follow it are waited for. */
  readonly settleMs: number
  /** A symbol of a living socket without a message for this long is called quiet. */
  readonly quietAfterMs: number
  /** How often sockets are looked after. */
  readonly checkEveryMs: number
  /** Frames that were received and not read yet. At this number reading pauses until half are left. */
  readonly queueMaxCount: number
  /** Rows of a step. */
  readonly batchMaxCount: number
  /** Events that come within this time are given together. */
  readonly gatherMs: number
  /** A step without events is given after this time. */
  readonly idleStepMs: number
  /** How far the promise of a quiet step trails the clock. */
  readonly idleLatenessMs: number
  /** For how long the feed stands still before a gap while it is repaired; after it the gap is filled late. */
  readonly holdMaxMs: number
  /** The same for a gap that a snapshot shows: what was missed before a start, or while no socket was open. */
  readonly catchUpMaxMs: number
  /** Ids of one gap that are asked for again; of a larger one the oldest are given up. */
  readonly gapMaxCount: number
  /** Time between requests: the venue allows about one a second from an address. */
  readonly requestEveryMs: number
  readonly requestTimeoutMs: number
  readonly answerMaxBytes: number
  /** How long the venue's complaint about too many requests is heeded. */
  readonly rateLimitWaitMs: number
  /** Times in a row that a gap's request may bring nothing before the gap is given up. */
  readonly repairAttemptsMaxCount: number
  /** Pages in a row that hold only what is known already, as after a gap whose oldest ids were given up. */
  readonly knownPagesMaxCount: number
}

const LIMITS: KrakenLimits = {
  symbolsPerSocketMaxCount: 100,
  attemptsPerFiveMinutes: 60,
  connectTimeoutMs: 10_000,
  silenceMaxMs: 30_000,
  // The venue announces no end of a socket's life, so none is replaced before it ends.
  socketMaxAgeMs: Number.POSITIVE_INFINITY,
  overlapMs: 0,
  backoffFirstMs: 250,
  backoffMaxMs: 60_000,
  frameMaxBytes: 1024 * 1024,
  subscribeTimeoutMs: 10_000,
  settleMs: 1000,
  quietAfterMs: 60_000,
  checkEveryMs: 250,
  queueMaxCount: 65_536,
  batchMaxCount: 4096,
  gatherMs: 10,
  idleStepMs: 1000,
  idleLatenessMs: 5000,
  holdMaxMs: 5000,
  catchUpMaxMs: 60_000,
  gapMaxCount: 100_000,
  requestEveryMs: 1000,
  requestTimeoutMs: 10_000,
  answerMaxBytes: 4 * 1024 * 1024,
  rateLimitWaitMs: 10_000,
  repairAttemptsMaxCount: 12,
  knownPagesMaxCount: 200,
}

export const VENUE = 'kraken'
/** Rows of a REST answer, as the venue documents it. */
export const PAGE_MAX_COUNT = 1000
const URL_OF_VENUE = 'wss://ws.kraken.com'
const REST_URL_OF_VENUE = 'https://api.kraken.com'

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
  const url = checkedUrl(options.url ?? URL_OF_VENUE, /^wss?:$/, 'ws:// or wss://')
  const restDefault = options.url === undefined ? REST_URL_OF_VENUE : url.replace(/^ws/, 'http')
  return {
    symbols,
    hasQuotes: options.hasQuotes ?? true,
    url: `${url}/v2`,
    restUrl: checkedUrl(options.restUrl ?? restDefault, /^https?:$/, 'http:// or https://'),
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
