const MINUTE_US = 60_000_000

/**
 * Request weight that may be used in a minute of the venue, which counts by the calendar's minutes and says in
 * `X-MBX-USED-WEIGHT-1M` what it has counted, by us and by others behind the same address.
 */
export class WeightBudget {
  readonly #maxPerMinute: number
  #minute = -1
  #usedCount = 0
  #blockedUntilUs = 0

  constructor(maxPerMinute: number) {
    this.#maxPerMinute = maxPerMinute
  }

  /** Time until a request of this weight may go out, ms; 0: now. */
  waitMs(weight: number, nowUs: number): number {
    this.#turn(nowUs)
    if (nowUs < this.#blockedUntilUs) return (this.#blockedUntilUs - nowUs) / 1000
    // A request that is above the budget by itself goes out alone in its minute.
    if (this.#usedCount === 0 || this.#usedCount + weight <= this.#maxPerMinute) return 0
    return ((this.#minute + 1) * MINUTE_US - nowUs) / 1000
  }

  spend(weight: number, nowUs: number): void {
    this.#turn(nowUs)
    this.#usedCount += weight
  }

  /** What the venue says has been used in this minute. */
  noteUsed(usedCount: number, nowUs: number): void {
    this.#turn(nowUs)
    this.#usedCount = Math.max(this.#usedCount, usedCount)
  }

  /** The venue said `Retry-After`: nothing goes out before. */
  block(untilUs: number): void {
    this.#blockedUntilUs = Math.max(this.#blockedUntilUs, untilUs)
  }

  #turn(nowUs: number): void {
    const minute = Math.floor(nowUs / MINUTE_US)
    if (minute === this.#minute) return
    this.#minute = minute
    this.#usedCount = 0
  }
}
