import type { Clock } from '../../base/clock.ts'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep, QuotaStatus } from '../feed.ts'
import { Backoff } from '../streaming/backoff.ts'
import { Wake } from '../streaming/wake.ts'
import {
  type AlphaVantageOptions,
  type AlphaVantageSettings,
  alphaVantageSettings,
  VENUE,
} from './alpha-vantage-options.ts'
import { AnswerTaker } from './answer-taker.ts'
import { KeyRedactor } from './key-redactor.ts'
import { type Fetch, PollClient, type PollResult } from './poll-client.ts'
import { decodePosition, encodePosition } from './poll-position.ts'
import { QuotaBudget } from './quota-budget.ts'

export interface AlphaVantageFeedContext {
  readonly clock: Clock
  /** Seed of the jitter. */
  readonly seed: number
  readonly logger?: Logger
  /** Of a step that was committed before. */
  readonly position?: Uint8Array
  /** Default: the one of Node. */
  readonly fetch?: Fetch
}

/** Symbols that `status` names. */
const GIVEN_UP_MAX_COUNT = 20

interface Request {
  readonly symbol: string
  isMade: boolean
  result?: PollResult
}

/**
 * Prices asked for by REST, symbol after symbol, within a quota. A request is counted in a step of its own, and made
 * when that step was taken: so a quota that is committed is never behind the requests, whatever ends the process.
 * Symbols that were given up are tried once more after a restart.
 */
export class AlphaVantageFeed implements Feed {
  readonly name = 'alpha-vantage'
  readonly venues = [VENUE]
  readonly #settings: AlphaVantageSettings
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #budget: QuotaBudget
  readonly #client: PollClient
  readonly #taker: AnswerTaker
  readonly #backoff: Backoff
  readonly #wake = new Wake()
  readonly #closing = new AbortController()
  #request: Request | undefined
  #running: Promise<void> = Promise.resolve()
  #failure: unknown
  #turn = 0
  #hasAnswer = false

  /** @throws FinPulseError config-invalid */
  constructor(options: AlphaVantageOptions, context: AlphaVantageFeedContext) {
    const settings = alphaVantageSettings(options)
    const { clock, seed, logger = silentLogger, fetch: ask = fetch } = context
    const { backoffFirstMs: firstMs, backoffMaxMs: maxMs } = settings.limits
    const redactor = new KeyRedactor(settings.apiKey)
    this.#settings = settings
    this.#clock = clock
    this.#logger = logger
    this.#budget = new QuotaBudget(settings)
    this.#client = new PollClient(settings, clock, ask, redactor)
    this.#taker = new AnswerTaker({ settings, logger, redactor, budget: this.#budget })
    this.#backoff = new Backoff({ firstMs, maxMs }, new Random(seed))
    if (context.position !== undefined) this.#restore(context.position)
  }

  #restore(position: Uint8Array): void {
    const saved = decodePosition(position)
    if (saved === undefined) return
    const { symbols, barMinutes, function: name } = this.#settings
    this.#budget.restore(saved.quota)
    this.#turn = saved.turn % symbols.length
    if (saved.function !== name || saved.barMinutes !== barMinutes) return
    for (const symbol of symbols) {
      const memory = saved.symbols[symbol]
      if (memory !== undefined) this.#taker.restore(symbol, memory)
    }
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure
    this.#make()
    const { idleStepMs } = this.#settings.limits
    const idleUs = this.#clock.nowUs() + idleStepMs * 1000
    for (;;) {
      const result = this.#request?.result
      if (result !== undefined) return this.#take(this.#request!.symbol, result)
      const nowUs = this.#clock.nowUs()
      const symbol = this.#request === undefined ? this.#nextSymbol() : undefined
      const dueUs = symbol === undefined ? Number.POSITIVE_INFINITY : this.#budget.dueUs(nowUs, this.#askedCount)
      if (symbol !== undefined && dueUs <= nowUs) return this.#reserve(symbol)
      if (idleUs <= nowUs) return this.#finish(this.#promiseUs())
      // Whole milliseconds: a clock may not know finer ones, and must not wake before the time.
      await this.#wake.wait(this.#clock, Math.ceil((Math.min(idleUs, dueUs) - nowUs) / 1000), signal)
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  /** The symbol whose turn it is, of those that are not given up. */
  #nextSymbol(): string | undefined {
    const { symbols } = this.#settings
    const inTurn = [...symbols.slice(this.#turn), ...symbols.slice(0, this.#turn)]
    return inTurn.find((symbol) => !this.#taker.givenUp.has(symbol))
  }

  /** Symbols that are asked for in turn. */
  get #askedCount(): number {
    return this.#settings.symbols.length - this.#taker.givenUp.size
  }

  /** Counts a request, so that it is committed before it is made. */
  #reserve(symbol: string): FeedStep {
    this.#budget.spend(this.#clock.nowUs())
    this.#turn = (this.#settings.symbols.indexOf(symbol) + 1) % this.#settings.symbols.length
    this.#request = { symbol, isMade: false }
    return this.#finish(this.#promiseUs(), true)
  }

  /** Makes the request that the step before has counted. */
  #make(): void {
    const request = this.#request
    if (request === undefined || request.isMade) return
    request.isMade = true
    const { signal } = this.#closing
    this.#running = this.#client.ask(request.symbol, signal).then(
      (result) => {
        request.result = result
        this.#wake.ring()
      },
      (error: unknown) => {
        if (!signal.aborted) this.#failure = error
        this.#wake.ring()
      },
    )
  }

  #take(symbol: string, result: PollResult): FeedStep {
    this.#request = undefined
    this.#taker.beginStep()
    if ('reason' in result) this.#noteFailed(symbol, result.reason, result.retryAfterMs)
    else {
      this.#backoff.reset()
      this.#hasAnswer = true
      this.#takeBody(symbol, result.body, result.receivedTimeUs)
    }
    const { trades } = this.#taker.step
    return this.#step(trades.count === 0 ? this.#promiseUs() : -1, true)
  }

  #takeBody(symbol: string, body: string, receivedTimeUs: number): void {
    try {
      this.#taker.take(symbol, body, receivedTimeUs)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  #noteFailed(symbol: string, reason: string, retryAfterMs: number): void {
    const delayMs = Math.max(retryAfterMs, this.#backoff.nextDelayMs())
    this.#budget.block(this.#clock.nowUs() + Math.ceil(delayMs) * 1000)
    this.#taker.count('request-failed')
    this.#taker.lastError = `${symbol}: ${reason}`
    this.#logger.warn({ symbol, reason, delayMs }, 'alpha-vantage feed: a request failed')
  }

  #finish(watermarkUs: number, keepsPosition = false): FeedStep {
    this.#taker.beginStep()
    return this.#step(watermarkUs, keepsPosition)
  }

  /** @param keepsPosition true where the account of requests has changed */
  #step(watermarkUs: number, keepsPosition: boolean): FeedStep {
    const { step, deadLetters, memories } = this.#taker
    const { function: name, barMinutes } = this.#settings
    step.trades.watermarkUs = watermarkUs
    const state = { function: name, barMinutes, turn: this.#turn, symbols: Object.fromEntries(memories) }
    const position = encodePosition(state, this.#budget)
    return { trades: step.trades, quotes: step.quotes, deadLetters, position, keepsPosition }
  }

  /**
   * What a step without rows may promise. A quote's event time is that of its arrival, so nothing older than now comes;
   * of bars nothing comes that is older than the end of the last ones, once each symbol has some. -1 else.
   */
  #promiseUs(): number {
    const { limits, symbols, barMinutes, function: name } = this.#settings
    if (name === 'GLOBAL_QUOTE') {
      const heardUs = this.#request?.result?.receivedTimeUs ?? this.#clock.nowUs()
      return Math.max(-1, Math.floor(heardUs - limits.idleLatenessMs * 1000))
    }
    const { givenUp, memories } = this.#taker
    const lastUs = symbols.flatMap((each) => (givenUp.has(each) ? [] : (memories.get(each)?.lastBarUs ?? -1)))
    const oldestUs = lastUs.length === 0 ? -1 : Math.min(...lastUs)
    return oldestUs < 0 ? -1 : oldestUs + barMinutes * 60_000_000
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#taker.dropped
  }

  status(): FeedStatus {
    const { lastError, dropped, givenUp } = this.#taker
    const isWell = lastError === null && givenUp.size === 0 && !this.#budget.isStopped(this.#clock.nowUs())
    return {
      name: this.name,
      venue: VENUE,
      state: isWell ? (this.#hasAnswer ? 'running' : 'connecting') : 'degraded',
      sockets: [],
      quota: this.#quota(),
      clockAheadMs: null,
      reconnects: 0,
      queueCount: this.#request?.result === undefined ? 0 : 1,
      queueWaits: 0,
      dropped: { ...dropped },
      lastError:
        this.#failure === undefined
          ? (lastError ?? this.#givenUpText() ?? this.#stoppedText())
          : messageOf(this.#failure),
    }
  }

  #quota(): QuotaStatus {
    const nowUs = this.#clock.nowUs()
    return {
      usedCount: this.#budget.usedCount(nowUs),
      maxCount: this.#settings.requestsPerDay,
      nextTimeMs: this.#askedCount === 0 ? null : this.#budget.dueUs(nowUs, this.#askedCount) / 1000,
    }
  }

  #givenUpText(): string | null {
    const { givenUp } = this.#taker
    if (givenUp.size === 0) return null
    const texts = [...givenUp].map(([symbol, why]) => `${symbol} (${why})`)
    return `no longer asked for: ${texts.slice(0, GIVEN_UP_MAX_COUNT).join(', ')}`
  }

  /** What a start within the day of a stop knows of it. */
  #stoppedText(): string | null {
    return this.#budget.isStopped(this.#clock.nowUs()) ? 'the limit of the day was reached before this start' : null
  }

  async close(): Promise<void> {
    this.#closing.abort(new FinPulseError('not-ready', 'alpha-vantage feed: is closed'))
    await this.#running
    this.#logger.debug('alpha-vantage feed: closed')
  }
}
