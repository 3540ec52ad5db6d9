import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { RequestFailure } from '../streaming/repair-loop.ts'
import { failureOfAnswer } from '../streaming/stream-socket.ts'
import type { BinanceSettings } from './binance-options.ts'
import type { WeightBudget } from './weight-budget.ts'

/** One row of an answer, unchecked. */
export type RestRow = Readonly<Record<string, unknown>>

export type RestAnswer = { readonly rows: readonly RestRow[] } | RequestFailure

/** Asks the venue for trades by id, and counts what that costs. */
export class RestClient {
  readonly #settings: BinanceSettings
  readonly #clock: Clock
  readonly #budget: WeightBudget

  constructor(settings: BinanceSettings, clock: Clock, budget: WeightBudget) {
    this.#settings = settings
    this.#clock = clock
    this.#budget = budget
  }

  /** Weight of a request for trades by id. */
  get pageWeight(): number {
    const { tradeStream, facts } = this.#settings
    return tradeStream === 'trade' ? facts.weights.historicalTrades : facts.weights.aggTrades
  }

  /** Weight of a request for the newest trades. */
  get newestWeight(): number {
    const { tradeStream, facts } = this.#settings
    return tradeStream === 'trade' ? facts.weights.trades : facts.weights.aggTrades
  }

  /** Rows of the stream with ids from `fromId` on, in order. */
  page(symbol: string, fromId: number, limit: number, signal: AbortSignal): Promise<RestAnswer> {
    const path = this.#settings.tradeStream === 'trade' ? 'historicalTrades' : 'aggTrades'
    return this.#ask(path, { symbol, fromId, limit }, this.pageWeight, signal)
  }

  /** Rows of an answer, at most. */
  get pageMaxCount(): number {
    const { tradeStream, facts } = this.#settings
    return facts.pageMaxCount[tradeStream]
  }

  /** The newest rows of the stream, in order; as many as one likes cost the same. */
  newest(symbol: string, limit: number, signal: AbortSignal): Promise<RestAnswer> {
    const path = this.#settings.tradeStream === 'trade' ? 'trades' : 'aggTrades'
    return this.#ask(path, { symbol, limit }, this.newestWeight, signal)
  }

  async #ask(
    path: string,
    query: Readonly<Record<string, string | number>>,
    weight: number,
    signal: AbortSignal,
  ): Promise<RestAnswer> {
    const { restUrl, facts, limits } = this.#settings
    const parameters = Object.entries(query).map(([name, value]) => `${name}=${value}`)
    this.#budget.spend(weight, this.#clock.nowUs())
    try {
      const timeout = AbortSignal.timeout(limits.requestTimeoutMs)
      const response = await fetch(`${restUrl}${facts.restPath}/${path}?${parameters.join('&')}`, {
        signal: AbortSignal.any([signal, timeout]),
      })
      return await this.#read(response)
    } catch (error) {
      signal.throwIfAborted()
      return { reason: `${path}: ${messageOf(error)}`, isFinal: false }
    }
  }

  async #read(response: Response): Promise<RestAnswer> {
    const nowUs = this.#clock.nowUs()
    const used = Number(response.headers.get('x-mbx-used-weight-1m') ?? Number.NaN)
    if (Number.isFinite(used)) this.#budget.noteUsed(used, nowUs)
    if (response.ok) {
      const body: unknown = await response.json()
      if (Array.isArray(body)) return { rows: body.filter(isRow) }
      return { reason: 'answer: expected a list of trades', isFinal: false }
    }
    const text = (await response.text()).slice(0, 200)
    const failure = failureOfAnswer(response.status, response.headers.get('retry-after'))
    if (failure.retryAfterMs !== undefined) this.#budget.block(nowUs + failure.retryAfterMs * 1000)
    // What the venue refuses for what it says (no such symbol, key required) it will refuse again.
    const isFinal = response.status >= 400 && response.status < 500 && failure.retryAfterMs === undefined
    return { ...failure, reason: `${failure.reason}: ${text}`, isFinal }
  }
}

function isRow(value: unknown): value is RestRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
