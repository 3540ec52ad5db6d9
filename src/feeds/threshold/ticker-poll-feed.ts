import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import { type RestAnswer, RestRequests } from '../binance/rest-requests.ts'
import { WeightBudget } from '../binance/weight-budget.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import { Backoff } from '../streaming/backoff.ts'
import { Wake } from '../streaming/wake.ts'
import type { Reading } from './threshold-state.ts'
import { type TickerPollOptions, type TickerPollSettings, tickerPollSettings } from './ticker-poll-options.ts'
import { type SavedTicker, TickerTaker } from './ticker-taker.ts'

export interface TickerPollContext {
  readonly clock: Clock
  /** Seed of the jitter. */
  readonly seed: number
  readonly logger?: Logger
  /** Of a step that was committed before. */
  readonly position?: Uint8Array
  /** Where others ask the same venue. Default: a budget of its own. */
  readonly budget?: WeightBudget
}

interface Request {
  readonly symbols: readonly string[]
  answer?: RestAnswer
  answeredUs: number
}

/** Request weight of a minute where the budget is not shared. */
const WEIGHT_PER_MINUTE = 1200
const GIVEN_UP_MAX_COUNT = 20
const textEncoder = new TextEncoder()

/** Binance's newest prices of many symbols, asked for by REST every few seconds. */
export class TickerPollFeed implements Feed {
  readonly name = 'ticker-poll'
  readonly venues: readonly string[]
  readonly #settings: TickerPollSettings
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #requests: RestRequests
  readonly #taker: TickerTaker
  readonly #backoff: Backoff
  readonly #wake = new Wake()
  readonly #closing = new AbortController()
  /** Symbols that the venue does not know. */
  readonly #givenUp = new Set<string>()
  /** Groups of symbols that are still to be asked for in this round. */
  #toAsk: (readonly string[])[] = []
  #request: Request | undefined
  #running: Promise<void> = Promise.resolve()
  #roundDueUs = 0
  #blockedUntilUs = 0
  #hasAnswer = false
  #lastError: string | null = null
  #position: Uint8Array | undefined

  /** @throws FinPulseError config-invalid */
  constructor(options: TickerPollOptions, context: TickerPollContext) {
    const settings = tickerPollSettings(options)
    const { clock, seed, logger = silentLogger, position } = context
    const { backoffFirstMs: firstMs, backoffMaxMs: maxMs } = settings.limits
    this.#settings = settings
    this.venues = [this.#settings.venue]
    this.#clock = clock
    this.#logger = logger
    const budget = context.budget ?? new WeightBudget(WEIGHT_PER_MINUTE)
    this.#requests = new RestRequests({ base: settings.base, clock, budget, limits: settings.limits })
    this.#taker = new TickerTaker(settings)
    this.#backoff = new Backoff({ firstMs, maxMs }, new Random(seed))
    const saved = position === undefined ? undefined : savedOf(position, settings.market)
    if (saved !== undefined) this.#taker.restore(saved)
  }

  /** What the step given last says of each symbol. */
  get readings(): ReadonlyMap<string, Reading> {
    return this.#taker.readings
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    const idleUs = this.#clock.nowUs() + this.#settings.limits.idleStepMs * 1000
    for (;;) {
      const request = this.#request
      if (request?.answer !== undefined) return this.#take(request, request.answer)
      const nowUs = this.#clock.nowUs()
      const dueUs = this.#request === undefined ? this.#askOrDueUs(nowUs) : Number.POSITIVE_INFINITY
      if (idleUs <= nowUs) return this.#finish(this.#promiseUs(nowUs))
      if (dueUs <= nowUs) continue
      await this.#wake.wait(this.#clock, Math.ceil((Math.min(idleUs, dueUs) - nowUs) / 1000), signal)
    }
  }

  /** Asks for the next group where that is due. @returns when to look again, µs */
  #askOrDueUs(nowUs: number): number {
    if (this.#toAsk.length === 0) {
      if (nowUs < this.#roundDueUs) return this.#roundDueUs
      this.#roundDueUs = nowUs + this.#settings.pollEveryMs * 1000
      this.#toAsk = this.#groups()
    }
    const symbols = this.#toAsk[0]
    if (symbols === undefined) return this.#roundDueUs
    const waitUs = Math.max(this.#requests.waitMs(this.#settings.tickers.weight) * 1000, this.#blockedUntilUs - nowUs)
    if (waitUs > 0) return nowUs + waitUs
    this.#toAsk.shift()
    this.#ask(symbols)
    return Number.POSITIVE_INFINITY
  }

  #groups(): (readonly string[])[] {
    const symbols = this.#settings.symbols.filter((symbol) => !this.#givenUp.has(symbol))
    const { symbolMaxCount } = this.#settings.tickers
    const groups: string[][] = []
    for (let start = 0; start < symbols.length; start += symbolMaxCount) {
      groups.push(symbols.slice(start, start + symbolMaxCount))
    }
    return groups
  }

  #ask(symbols: readonly string[]): void {
    const request: Request = { symbols, answeredUs: 0 }
    const { signal } = this.#closing
    const { weight, parameters } = this.#settings.tickers
    this.#request = request
    this.#running = this.#requests.ask('ticker/24hr', parameters(symbols, 'FULL'), weight, signal).then(
      (answer) => {
        request.answer = answer
        request.answeredUs = this.#clock.nowUs()
        this.#wake.ring()
      },
      // Rejects only where the feed is closed, and then nobody waits.
      () => undefined,
    )
  }

  #take({ symbols, answeredUs: nowUs }: Request, answer: RestAnswer): FeedStep {
    this.#request = undefined
    this.#taker.beginStep()
    if ('rows' in answer) {
      this.#backoff.reset()
      this.#hasAnswer = true
      this.#lastError = null
      this.#taker.take(answer.rows, nowUs)
      for (const symbol of symbols) if (!this.readings.has(symbol)) this.#taker.count('without-price')
      this.#position = undefined
    } else if (answer.isFinal) this.#narrow(symbols, answer.reason)
    else this.#noteFailed(symbols, answer.reason, answer.retryAfterMs ?? 0)
    const { trades, quotes } = this.#taker.step
    return this.#step(trades.count + quotes.count === 0 ? this.#promiseUs(nowUs) : -1)
  }

  /** One unknown symbol makes the venue refuse its whole group: halves are asked for until it is alone. */
  #narrow(symbols: readonly string[], reason: string): void {
    if (symbols.length > 1) {
      const middle = Math.ceil(symbols.length / 2)
      this.#toAsk.unshift(symbols.slice(0, middle), symbols.slice(middle))
      return
    }
    const symbol = symbols[0]!
    this.#givenUp.add(symbol)
    this.#logger.warn({ symbol, reason }, 'ticker poll: the venue does not know this symbol, it is given up')
  }

  #noteFailed(symbols: readonly string[], reason: string, retryAfterMs: number): void {
    const delayMs = Math.max(retryAfterMs, this.#backoff.nextDelayMs())
    this.#blockedUntilUs = this.#clock.nowUs() + delayMs * 1000
    this.#toAsk.unshift(symbols)
    this.#lastError = reason
    this.#logger.warn({ reason, delayMs }, 'ticker poll: a request failed')
  }

  #finish(watermarkUs: number): FeedStep {
    this.#taker.beginStep()
    return this.#step(watermarkUs)
  }

  #step(watermarkUs: number): FeedStep {
    const { step, deadLetters } = this.#taker
    step.trades.watermarkUs = watermarkUs
    this.#position ??= encode(this.#settings.market, this.#taker.save())
    return { trades: step.trades, quotes: step.quotes, deadLetters, position: this.#position }
  }

  /** Events have the time of their arrival, so nothing older than an answer under way will come. */
  #promiseUs(nowUs: number): number {
    return Math.floor(nowUs - this.#settings.limits.idleLatenessMs * 1000)
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#taker.dropped
  }

  status(): FeedStatus {
    const isWell = this.#lastError === null && this.#givenUp.size === 0
    const unknown = [...this.#givenUp].slice(0, GIVEN_UP_MAX_COUNT).join(', ')
    return {
      name: this.name,
      venue: this.#settings.venue,
      state: isWell ? (this.#hasAnswer ? 'running' : 'connecting') : 'degraded',
      sockets: [],
      clockAheadMs: null,
      reconnects: 0,
      queueCount: this.#request?.answer === undefined ? 0 : 1,
      queueWaits: 0,
      dropped: { ...this.#taker.dropped },
      lastError: this.#lastError ?? (unknown === '' ? null : `unknown to the venue: ${unknown}`),
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new FinPulseError('not-ready', 'ticker poll: is closed'))
    await this.#running
  }
}

interface Saved {
  readonly feed: 'ticker-poll'
  readonly market: string
  readonly tickers: Readonly<Record<string, SavedTicker>>
}

function encode(market: string, tickers: Saved['tickers']): Uint8Array {
  return textEncoder.encode(JSON.stringify({ feed: 'ticker-poll', market, tickers } satisfies Saved))
}

/** @returns undefined where the position is that of another market, whose ids are others */
function savedOf(position: Uint8Array, market: string): Saved['tickers'] | undefined {
  const saved = JSON.parse(new TextDecoder().decode(position)) as Partial<Saved>
  return saved.feed === 'ticker-poll' && saved.market === market ? saved.tickers : undefined
}
