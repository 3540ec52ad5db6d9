import type { Random } from '../../base/random.ts'

export interface BackoffOptions {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Exponential back-off with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): the n-th wait
 * is uniform in [0, min(max, first · 2^n)), so that clients cut at once do not come back at once.
 */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #random: Random
  #attemptCount = 0

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options
    this.#random = random
  }

  /** Failures since the last success. */
  get attemptCount(): number {
    return this.#attemptCount
  }

  nextDelayMs(): number {
    const { firstMs, maxMs } = this.#options
    const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.#attemptCount, 30))
    this.#attemptCount += 1
    return this.#random.next() * ceilingMs
  }

  reset(): void {
    this.#attemptCount = 0
  }
}
