/** Whether a client keeps to so many messages in any second. */
export class MessageRate {
  /** Times of the last messages, as a ring. */
  readonly #timesMs: Float64Array
  #next = 0

  constructor(perSecond: number) {
    this.#timesMs = new Float64Array(perSecond).fill(Number.NEGATIVE_INFINITY)
  }

  /** @returns false where this message is one too many */
  take(nowMs: number): boolean {
    const oldestMs = this.#timesMs[this.#next]!
    this.#timesMs[this.#next] = nowMs
    this.#next = (this.#next + 1) % this.#timesMs.length
    return nowMs - oldestMs >= 1000
  }
}
