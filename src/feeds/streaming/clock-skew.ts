const HALF_WINDOW_US = 60_000_000

/**
 * How far the venue's clock is ahead of ours: event time − received time of the messages that came fastest. A message's
 * way only ever makes the difference smaller, so the largest of a window is nearest to the truth, too small by the
 * shortest way. The window is one to two minutes.
 */
export class ClockSkew {
  #startUs = Number.NEGATIVE_INFINITY
  #currentUs = Number.NEGATIVE_INFINITY
  #previousUs = Number.NEGATIVE_INFINITY

  note(eventTimeUs: number, receivedTimeUs: number): void {
    if (receivedTimeUs - this.#startUs >= HALF_WINDOW_US) {
      const isOld = receivedTimeUs - this.#startUs >= 2 * HALF_WINDOW_US
      this.#previousUs = isOld ? Number.NEGATIVE_INFINITY : this.#currentUs
      this.#currentUs = Number.NEGATIVE_INFINITY
      this.#startUs = receivedTimeUs
    }
    const aheadUs = eventTimeUs - receivedTimeUs
    if (aheadUs > this.#currentUs) this.#currentUs = aheadUs
  }

  /** ms; null before the first message. */
  get aheadMs(): number | null {
    const aheadUs = Math.max(this.#currentUs, this.#previousUs)
    return aheadUs === Number.NEGATIVE_INFINITY ? null : aheadUs / 1000
  }
}
