import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { WeightBudget } from '../binance/weight-budget.ts'
import { readText } from '../streaming/bounded-text.ts'
import { failureOfAnswer } from '../streaming/stream-socket.ts'
import type { TickerPollSettings } from './ticker-poll-options.ts'

/** One symbol's statistics of 24 hours, unchecked. */
export type TickerRow = Readonly<Record<string, unknown>>

export type TickerAnswer =
  | { readonly rows: readonly TickerRow[] }
  /** `isRefused`: for what was asked, so that it will be refused again. */
  | { readonly reason: string; readonly retryAfterMs: number; readonly isRefused: boolean }

/** Asks the venue for `ticker/24hr`, and counts what that costs. */
export class TickerClient {
  readonly #settings: TickerPollSettings
  readonly #clock: Clock
  readonly #budget: WeightBudget

  constructor(settings: TickerPollSettings, clock: Clock, budget: WeightBudget) {
    this.#settings = settings
    this.#clock = clock
    this.#budget = budget
  }

  /** Time until a request may go out, ms; 0: now. */
  get waitMs(): number {
    return this.#budget.waitMs(this.#settings.request.weight, this.#clock.nowUs())
  }

  /** Rejects only with the signal's reason. */
  async ask(symbols: readonly string[], signal: AbortSignal): Promise<TickerAnswer> {
    const { address, request, limits } = this.#settings
    const query = Number.isFinite(request.symbolMaxCount)
      ? `?symbols=${encodeURIComponent(JSON.stringify(symbols))}`
      : ''
    this.#budget.spend(request.weight, this.#clock.nowUs())
    try {
      const timeout = AbortSignal.timeout(limits.requestTimeoutMs)
      return await this.#read(await fetch(`${address}${query}`, { signal: AbortSignal.any([signal, timeout]) }))
    } catch (error) {
      signal.throwIfAborted()
      return { reason: `ticker/24hr: ${messageOf(error)}`, retryAfterMs: 0, isRefused: false }
    }
  }

  async #read(response: Response): Promise<TickerAnswer> {
    const nowUs = this.#clock.nowUs()
    const used = Number(response.headers.get('x-mbx-used-weight-1m') ?? Number.NaN)
    if (Number.isFinite(used)) this.#budget.noteUsed(used, nowUs)
    const { answerMaxBytes } = this.#settings.limits
    const text = await readText(response, answerMaxBytes)
    if (text === undefined) {
      return { reason: `answer of more than ${answerMaxBytes} bytes`, retryAfterMs: 0, isRefused: false }
    }
    if (response.ok) {
      const rows: unknown = JSON.parse(text)
      if (Array.isArray(rows)) return { rows: rows.filter(isRow) }
      return { reason: 'answer: expected a list of tickers', retryAfterMs: 0, isRefused: false }
    }
    const { reason, retryAfterMs = 0 } = failureOfAnswer(response.status, response.headers.get('retry-after'))
    if (retryAfterMs > 0) this.#budget.block(nowUs + retryAfterMs * 1000)
    return { reason: `${reason}: ${text.slice(0, 200)}`, retryAfterMs, isRefused: response.status === 400 }
  }
}

function isRow(value: unknown): value is TickerRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
