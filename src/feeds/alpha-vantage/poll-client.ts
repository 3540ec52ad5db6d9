import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { AlphaVantageSettings } from './alpha-vantage-options.ts'
import type { KeyRedactor } from './key-redactor.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A body that came with HTTP 200, or why there is none. `reason` is without the key, `body` may echo it. */
export type PollResult =
  | { readonly body: string; readonly receivedTimeUs: number }
  | { readonly reason: string; readonly retryAfterMs: number; readonly receivedTimeUs: number }

/** Asks for one symbol. */
export class PollClient {
  readonly #settings: AlphaVantageSettings
  readonly #clock: Clock
  readonly #fetch: Fetch
  readonly #redactor: KeyRedactor

  constructor(settings: AlphaVantageSettings, clock: Clock, fetch: Fetch, redactor: KeyRedactor) {
    this.#settings = settings
    this.#clock = clock
    this.#fetch = fetch
    this.#redactor = redactor
  }

  /** Rejects only with the signal's reason. */
  async ask(symbol: string, signal: AbortSignal): Promise<PollResult> {
    const { requestTimeoutMs } = this.#settings.limits
    const done = new AbortController()
    const timeout = new AbortController()
    const timer = this.#clock.sleep(requestTimeoutMs, done.signal).then(
      () => timeout.abort(new Error(`no answer within ${requestTimeoutMs} ms`)),
      () => undefined,
    )
    try {
      return await this.#request(symbol, AbortSignal.any([signal, timeout.signal]))
    } catch (error) {
      signal.throwIfAborted()
      // The error of a fetch may tell the address, and with it the key.
      return this.#failure(messageOf(error), 0)
    } finally {
      done.abort()
      await timer
    }
  }

  async #request(symbol: string, signal: AbortSignal): Promise<PollResult> {
    // A redirect could carry the key to another server.
    const response = await this.#fetch(this.#address(symbol), { signal, redirect: 'manual' })
    if (response.status !== 200) {
      await response.body?.cancel()
      return this.#failure(`HTTP ${response.status}`, retryAfterMs(response.headers.get('retry-after')))
    }
    const body = await this.#read(response)
    if (body !== undefined) return { body, receivedTimeUs: this.#clock.nowUs() }
    return this.#failure(`answer of more than ${this.#settings.limits.bodyMaxBytes} bytes`, 0)
  }

  #address(symbol: string): string {
    const { url, apiKey, barMinutes, function: name } = this.#settings
    const query = new URLSearchParams({ function: name, symbol })
    if (name === 'TIME_SERIES_INTRADAY') query.set('interval', `${barMinutes}min`)
    query.set('apikey', apiKey)
    return `${url}/query?${query}`
  }

  /** @returns undefined where the body is too large; the rest of it is not read */
  async #read(response: Response): Promise<string | undefined> {
    const decoder = new TextDecoder()
    let text = ''
    let byteCount = 0
    for await (const chunk of response.body ?? []) {
      byteCount += chunk.length
      if (byteCount > this.#settings.limits.bodyMaxBytes) return undefined
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  }

  #failure(reason: string, waitMs: number): PollResult {
    return { reason: this.#redactor.redact(reason), retryAfterMs: waitMs, receivedTimeUs: this.#clock.nowUs() }
  }
}

/** Seconds, at most an hour; 0 where there are none. */
function retryAfterMs(text: string | null): number {
  const seconds = Number(text ?? 0)
  return Number.isFinite(seconds) ? Math.min(3600, Math.max(0, seconds)) * 1000 : 0
}
