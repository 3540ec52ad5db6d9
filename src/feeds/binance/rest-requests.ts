import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { readText } from '../streaming/bounded-text.ts'
import type { RequestFailure } from '../streaming/repair-loop.ts'
import { failureOfAnswer } from '../streaming/stream-socket.ts'
import type { WeightBudget } from './weight-budget.ts'

/** One row of an answer, unchecked. */
export type RestRow = Readonly<Record<string, unknown>>

export type RestAnswer = { readonly rows: readonly RestRow[] } | RequestFailure

export interface RestRequestsOptions {
  /** What the paths are put to: `https://api.binance.com/api/v3`. */
  readonly base: string
  readonly clock: Clock
  readonly budget: WeightBudget
  readonly limits: { readonly requestTimeoutMs: number; readonly answerMaxBytes: number }
}

/**
 * What the venue refuses for what was asked (no such symbol, key required), and so will refuse again. Of the others, 403
 * is its firewall's, and 404 may be that of a server on the way.
 */
const FINAL_STATUSES: readonly number[] = [400, 401]

/** Asks Binance for lists, and counts what that costs. */
export class RestRequests {
  readonly #options: RestRequestsOptions

  constructor(options: RestRequestsOptions) {
    this.#options = options
  }

  /** Time until a request of this weight may go out, ms; 0: now. */
  waitMs(weight: number): number {
    return this.#options.budget.waitMs(weight, this.#options.clock.nowUs())
  }

  /** Rejects only with the signal's reason. */
  async ask(
    path: string,
    query: Readonly<Record<string, string | number>>,
    weight: number,
    signal: AbortSignal,
  ): Promise<RestAnswer> {
    const { base, clock, budget, limits } = this.#options
    const parameters = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    budget.spend(weight, clock.nowUs())
    try {
      const timeout = AbortSignal.timeout(limits.requestTimeoutMs)
      const url = [`${base}/${path}`, ...(parameters.length === 0 ? [] : [parameters.join('&')])].join('?')
      return await this.#read(await fetch(url, { signal: AbortSignal.any([signal, timeout]) }))
    } catch (error) {
      signal.throwIfAborted()
      return { reason: `${path}: ${messageOf(error)}`, isFinal: false }
    }
  }

  async #read(response: Response): Promise<RestAnswer> {
    const { budget, clock, limits } = this.#options
    const nowUs = clock.nowUs()
    const used = Number(response.headers.get('x-mbx-used-weight-1m') ?? Number.NaN)
    if (Number.isFinite(used)) budget.noteUsed(used, nowUs)
    const failure = response.ok ? undefined : failureOfAnswer(response.status, response.headers.get('retry-after'))
    if (failure?.retryAfterMs !== undefined) budget.block(nowUs + failure.retryAfterMs * 1000)
    const text = await readText(response, limits.answerMaxBytes)
    if (failure !== undefined) {
      const reason = `${failure.reason}: ${(text ?? '').slice(0, 200)}`
      return { ...failure, reason, isFinal: FINAL_STATUSES.includes(response.status) }
    }
    if (text === undefined) return { reason: `answer of more than ${limits.answerMaxBytes} bytes`, isFinal: false }
    const body: unknown = JSON.parse(text)
    return Array.isArray(body) ? { rows: body.filter(isRow) } : { reason: 'answer: expected a list', isFinal: false }
  }
}

function isRow(value: unknown): value is RestRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
