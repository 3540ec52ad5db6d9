/** Events per second over the last few seconds, from readings of a growing counter. */
export class RateMeter {
  readonly #windowMs: number
  #readings: { readonly timeMs: number; readonly count: number }[] = []

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  read(timeMs: number, count: number): void {
    // A counter that falls belongs to a new epoch of the log.
    if (count < (this.#readings.at(-1)?.count ?? 0)) this.#readings = []
    this.#readings.push({ timeMs, count })
    while (this.#readings.length > 2 && this.#readings[1]!.timeMs <= timeMs - this.#windowMs) this.#readings.shift()
  }

  get perSecond(): number {
    const first = this.#readings[0]
    const last = this.#readings.at(-1)
    if (first === undefined || last === undefined || last.timeMs === first.timeMs) return 0
    return ((last.count - first.count) / (last.timeMs - first.timeMs)) * 1000
  }
}
