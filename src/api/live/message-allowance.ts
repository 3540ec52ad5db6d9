/** Messages per second that a client may send for long, and at once. */
const RATE_PER_SECOND = 50
const BURST_MAX_COUNT = 100

/** A token bucket. */
export class MessageAllowance {
  #tokens = BURST_MAX_COUNT
  #filledAtMs: number

  constructor(nowMs: number) {
    this.#filledAtMs = nowMs
  }

  /** @returns false where the client has sent too much */
  take(nowMs: number): boolean {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1000) * RATE_PER_SECOND
    this.#tokens = Math.min(BURST_MAX_COUNT, this.#tokens + gained)
    this.#filledAtMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
