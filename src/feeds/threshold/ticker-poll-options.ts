import { FinPulseError } from '../../base/errors.ts'
import {
  type BinanceMarket,
  type BinanceSettings,
  binanceSettings,
  type MarketFacts,
} from '../binance/binance-options.ts'

export interface TickerPollOptions {
  readonly market: BinanceMarket
  /** In any case: `btcusdt`. */
  readonly symbols: readonly string[]
  /** How often all symbols are asked for, where the request weight allows it. Default: 10,000. */
  readonly pollEveryMs?: number
  /** Base of the REST addresses, instead of the venue's own. */
  readonly restUrl?: string
  readonly limits?: Partial<TickerPollLimits>
}

/** Everything else that is bounded or timed. Only tests have reasons to change these. */
interface TickerPollLimits {
  readonly requestTimeoutMs: number
  readonly answerMaxBytes: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  /** A step without events is given after this time. */
  readonly idleStepMs: number
  /** How far the promise of a quiet step trails the clock. */
  readonly idleLatenessMs: number
}

const LIMITS: TickerPollLimits = {
  requestTimeoutMs: 10_000,
  answerMaxBytes: 4 * 1024 * 1024,
  backoffFirstMs: 1000,
  backoffMaxMs: 60_000,
  idleStepMs: 1000,
  idleLatenessMs: 1000,
}

/** The options with every default in place. */
export interface TickerPollSettings {
  readonly market: BinanceMarket
  readonly venue: string
  /** What paths of requests are put to. */
  readonly base: string
  /** Upper case, each once. */
  readonly symbols: readonly string[]
  readonly tickers: MarketFacts['tickers']
  readonly pollEveryMs: number
  readonly limits: TickerPollLimits
}

const POLL_EVERY_MIN_MS = 10

/** @throws FinPulseError config-invalid */
export function tickerPollSettings(options: TickerPollOptions): TickerPollSettings {
  const { market, restUrl } = options
  const shared: BinanceSettings = binanceSettings({
    market,
    symbols: options.symbols,
    ...(restUrl === undefined ? {} : { restUrl }),
  })
  const pollEveryMs = options.pollEveryMs ?? 10_000
  if (!(Number.isFinite(pollEveryMs) && pollEveryMs >= POLL_EVERY_MIN_MS)) {
    throw new FinPulseError(
      'config-invalid',
      `poll every: expected ${POLL_EVERY_MIN_MS} ms or more, got ${pollEveryMs}`,
    )
  }
  return {
    market,
    venue: shared.facts.venue,
    base: `${shared.restUrl}${shared.facts.restPath}`,
    symbols: shared.symbols,
    tickers: shared.facts.tickers,
    pollEveryMs,
    limits: { ...LIMITS, ...options.limits },
  }
}
