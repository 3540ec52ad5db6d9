const WINDOW_US = 5 * 60 * 1_000_000

/** Keeps connection attempts of all sockets together below the venue's limit, over any five minutes. */
export class ConnectionBudget {
  readonly #maxCount: number
  /** Times of the attempts in the window, oldest first; at most `maxCount`. */
  #attemptsUs: number[] = []

  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  /** Counts an attempt. @returns false where it must wait */
  take(nowUs: number): boolean {
    while (this.#attemptsUs.length > 0 && this.#attemptsUs[0]! <= nowUs - WINDOW_US) this.#attemptsUs.shift()
    if (this.#attemptsUs.length >= this.#maxCount) return false
    this.#attemptsUs.push(nowUs)
    return true
  }
}
