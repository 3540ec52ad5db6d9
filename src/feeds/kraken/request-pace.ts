/** Keeps requests apart: the venue counts them by address, whoever makes them. Pure: time is an argument. */
export class RequestPace {
  readonly #everyUs: number
  #nextUs = 0

  constructor(everyMs: number) {
    this.#everyUs = everyMs * 1000
  }

  /** Time until a request may go out, ms; 0: now. */
  waitMs(nowUs: number): number {
    return Math.max(0, this.#nextUs - nowUs) / 1000
  }

  spend(nowUs: number): void {
    this.#nextUs = Math.max(this.#nextUs, nowUs + this.#everyUs)
  }

  /** The venue complained: nothing goes out before. */
  block(untilUs: number): void {
    this.#nextUs = Math.max(this.#nextUs, untilUs)
  }
}
