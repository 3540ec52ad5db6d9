import { FinPulseError } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'

type AlphaVantageFunction = 'GLOBAL_QUOTE' | 'TIME_SERIES_INTRADAY'
/** New York's trading hours, or around the clock. */
type PollHours = 'nyse' | 'always'

/** Where the key is taken from: never from a flag or a file. */
export const API_KEY_VARIABLE = 'ALPHA_VANTAGE_API_KEY'

export interface AlphaVantageOptions {
  readonly symbols: readonly string[]
  /** Absent or empty is refused. It is sent to the vendor and shown to nobody. */
  readonly apiKey: string | undefined
  /** Default: GLOBAL_QUOTE. */
  readonly function?: AlphaVantageFunction
  /** Length of an intraday bar: 1, 5, 15, 30 or 60. Default: 1. */
  readonly barMinutes?: number
  /** How often each symbol is asked for where the quota allows it. Default: 60,000. */
  readonly pollEveryMs?: number
  /** Default: 25, as of a free key. */
  readonly requestsPerDay?: number
  /** Default: 5, as of a free key. */
  readonly requestsPerMinute?: number
  /** Default: nyse. */
  readonly hours?: PollHours
  /** Days without trading beside those of the exchange, `2026-12-25`. */
  readonly holidays?: readonly string[]
  /** Base address instead of the vendor's own; `/query` is appended. */
  readonly url?: string
  readonly limits?: Partial<AlphaVantageLimits>
}

/** Everything else that is bounded or timed. Only tests have reasons to change these. */
interface AlphaVantageLimits {
  readonly requestTimeoutMs: number
  readonly bodyMaxBytes: number
  /** Bars that are taken of one answer; of more the oldest are left out and counted. */
  readonly barsMaxCount: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  /** How long the vendor's per-minute limit is waited for. */
  readonly minuteLimitWaitMs: number
  /** A step without events is given after this time. */
  readonly idleStepMs: number
  /** How far the promise of a quiet step trails the clock. */
  readonly idleLatenessMs: number
}

const LIMITS: AlphaVantageLimits = {
  requestTimeoutMs: 10_000,
  bodyMaxBytes: 4 * 1024 * 1024,
  barsMaxCount: 1000,
  backoffFirstMs: 1000,
  backoffMaxMs: 600_000,
  minuteLimitWaitMs: 60_000,
  idleStepMs: 1000,
  idleLatenessMs: 1000,
}

/** The options with every default in place. */
export interface AlphaVantageSettings {
  /** Upper case, each once. */
  readonly symbols: readonly string[]
  readonly apiKey: string
  readonly function: AlphaVantageFunction
  readonly barMinutes: number
  readonly pollEveryMs: number
  readonly requestsPerDay: number
  readonly requestsPerMinute: number
  readonly hours: PollHours
  readonly holidays: ReadonlySet<string>
  readonly url: string
  readonly limits: AlphaVantageLimits
}

export const VENUE = 'alpha-vantage'
const DEFAULT_URL = 'https://www.alphavantage.co'
const BAR_MINUTES = [1, 5, 15, 30, 60]
const KEY_PATTERN = /^[A-Za-z0-9_-]{4,128}$/

/** @throws FinPulseError config-invalid */
export function alphaVantageSettings(options: AlphaVantageOptions): AlphaVantageSettings {
  const barMinutes = options.barMinutes ?? 1
  if (!BAR_MINUTES.includes(barMinutes)) {
    throw invalid(`bar minutes: expected one of ${BAR_MINUTES.join(', ')}, got ${barMinutes}`)
  }
  return {
    symbols: checkedSymbols(options.symbols),
    apiKey: checkedKey(options.apiKey),
    function: options.function ?? 'GLOBAL_QUOTE',
    barMinutes,
    pollEveryMs: checkedNumber('poll every', options.pollEveryMs ?? 60_000, 1000, 86_400_000),
    requestsPerDay: checkedNumber('requests per day', options.requestsPerDay ?? 25, 1, 10_000_000),
    requestsPerMinute: checkedNumber('requests per minute', options.requestsPerMinute ?? 5, 1, 10_000),
    hours: options.hours ?? 'nyse',
    holidays: checkedDays(options.holidays ?? []),
    url: checkedUrl(options.url ?? DEFAULT_URL),
    limits: { ...LIMITS, ...options.limits },
  }
}

function checkedSymbols(given: readonly string[]): string[] {
  const symbols = [...new Set(given.map((symbol) => symbol.toUpperCase()))]
  if (symbols.length === 0) throw invalid('symbols: expected at least one symbol, got []')
  const odd = symbols.find((symbol) => !NAME_PATTERN.test(symbol))
  if (odd !== undefined) throw invalid(`symbols: expected a ticker such as IBM or TSCO.LON, got "${odd}"`)
  return symbols
}

/** The texts say what is wrong with the key without its value. */
function checkedKey(key: string | undefined): string {
  const trimmed = key?.trim() ?? ''
  if (trimmed === '') throw invalid(`${API_KEY_VARIABLE}: is not set; the feed alpha-vantage needs a key of the vendor`)
  if (!KEY_PATTERN.test(trimmed)) throw invalid(`${API_KEY_VARIABLE}: expected 4 to 128 letters, digits, _ or -`)
  return trimmed
}

function checkedNumber(subject: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw invalid(`${subject}: expected an integer from ${min} to ${max}, got ${value}`)
}

function checkedDays(days: readonly string[]): ReadonlySet<string> {
  const odd = days.find((day) => !/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day)))
  if (odd !== undefined) throw invalid(`holidays: expected days such as 2026-12-25, got "${odd}"`)
  return new Set(days)
}

function checkedUrl(text: string): string {
  const url = URL.parse(text)
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw invalid('feed URL: expected one that begins with http:// or https://, without a query or a password')
  }
  return url.href.replace(/\/$/, '')
}

function invalid(message: string): FinPulseError {
  return new FinPulseError('config-invalid', message)
}
