import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import { parseExactJson } from '../rows/exact-json.ts'
import { readText } from '../streaming/bounded-text.ts'
import type { RequestFailure } from '../streaming/repair-loop.ts'
import { failureOfAnswer } from '../streaming/stream-socket.ts'
import { isObject, textOf } from './kraken-message.ts'
import type { KrakenSettings } from './kraken-options.ts'

export type RestRow = readonly unknown[]

export type RestAnswer =
  /** `last`: where to go on, in ns; empty where the venue leaves it out. */
  { readonly rows: readonly RestRow[]; readonly last: string } | RequestFailure

/** Asks the venue for trades by time. */
export class KrakenRest {
  readonly #settings: KrakenSettings
  readonly #clock: Clock

  constructor(settings: KrakenSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** The first thousand trades at or after `sinceNs`, in order. Rejects only with the signal's reason. */
  async trades(symbol: string, sinceNs: string, signal: AbortSignal): Promise<RestAnswer> {
    const { restUrl, limits } = this.#settings
    // With version 1 of the names, pairs are called as on the socket.
    const query = new URLSearchParams({ pair: symbol, since: sinceNs, assetVersion: '1' })
    try {
      const timeout = AbortSignal.timeout(limits.requestTimeoutMs)
      const response = await fetch(`${restUrl}/0/public/Trades?${query}`, {
        signal: AbortSignal.any([signal, timeout]),
      })
      return await this.#read(response)
    } catch (error) {
      signal.throwIfAborted()
      return { reason: `Trades: ${messageOf(error)}`, isFinal: false }
    }
  }

  async #read(response: Response): Promise<RestAnswer> {
    const text = await readText(response, this.#settings.limits.answerMaxBytes)
    if (text === undefined) {
      return { reason: `answer of more than ${this.#settings.limits.answerMaxBytes} bytes`, isFinal: false }
    }
    if (response.ok) return this.#answerOf(text)
    const failure = failureOfAnswer(response.status, response.headers.get('retry-after'))
    return { ...failure, reason: `${failure.reason}: ${text.slice(0, 200)}`, isFinal: false }
  }

  /** Errors come with HTTP 200, as texts. */
  #answerOf(text: string): RestAnswer {
    const json = parseExactJson(text)
    const errors = isObject(json) && Array.isArray(json.error) ? json.error.map(textOf) : []
    if (errors.length > 0) return this.#failureOf(errors.join('; ').slice(0, 200))
    const result = isObject(json) && isObject(json.result) ? json.result : {}
    const rows = Object.entries(result).find(([name, value]) => name !== 'last' && Array.isArray(value))?.[1]
    if (!Array.isArray(rows)) return { reason: 'answer: expected a list of trades', isFinal: false }
    return { rows: rows.filter((row): row is RestRow => Array.isArray(row)), last: textOf(result.last) }
  }

  #failureOf(reason: string): RestAnswer {
    const throttledUntil = /Throttled: *(\d{10})/.exec(reason)?.[1]
    if (throttledUntil !== undefined) {
      const retryAfterMs = Math.max(0, Number(throttledUntil) * 1000 - this.#clock.nowUs() / 1000)
      return { reason, retryAfterMs: Math.min(retryAfterMs, 600_000), isFinal: false }
    }
    if (/Rate limit|Too many requests/i.test(reason)) {
      return { reason, retryAfterMs: this.#settings.limits.rateLimitWaitMs, isFinal: false }
    }
    // What the venue refuses for what it says (no such pair) it will refuse again.
    return { reason, isFinal: /^(EQuery|EGeneral:Invalid)/.test(reason) }
  }
}
