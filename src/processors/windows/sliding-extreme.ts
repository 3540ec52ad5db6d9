const INITIAL_LENGTH = 16
/** Beyond this many entries the newest ones are merged: the extreme stays exact, its time may be later by a little. */
const LENGTH_MAX = 65_536

/**
 * Minimum (or maximum) of the values in a sliding window of time, amortised O(1) per value: a deque of the values that
 * are still to become the extreme, in order of time and of size (Lemire, "Streaming Maximum-Minimum Filter", 2006).
 */
export class SlidingExtreme {
  readonly #sign: 1 | -1
  #times = new Float64Array(INITIAL_LENGTH)
  /** Values times the sign, so that both kinds look for a minimum. */
  #values = new Float64Array(INITIAL_LENGTH)
  #head = 0
  #count = 0

  constructor(kind: 'minimum' | 'maximum') {
    this.#sign = kind === 'minimum' ? 1 : -1
  }

  /** Adds a value; times must not decrease. */
  add(timeUs: number, value: number): void {
    const signed = value * this.#sign
    const mask = this.#times.length - 1
    let tail = (this.#head + this.#count - 1) & mask
    while (this.#count > 0 && this.#values[tail]! >= signed) {
      this.#count -= 1
      tail = (tail - 1) & mask
    }
    if (this.#count === this.#times.length) {
      if (this.#count === LENGTH_MAX) this.#count -= 1
      else this.#grow()
    }
    const at = (this.#head + this.#count) & (this.#times.length - 1)
    this.#times[at] = timeUs
    this.#values[at] = signed
    this.#count += 1
  }

  /** Forgets what is older than `fromUs`. */
  expire(fromUs: number): void {
    while (this.#count > 0 && this.#times[this.#head]! < fromUs) {
      this.#head = (this.#head + 1) & (this.#times.length - 1)
      this.#count -= 1
    }
  }

  /** The extreme; NaN for an empty window. */
  get value(): number {
    return this.#count === 0 ? Number.NaN : this.#values[this.#head]! * this.#sign
  }

  /** Time of the extreme, µs. */
  get timeUs(): number {
    return this.#times[this.#head]!
  }

  /** Multiplies every value: the unit has changed. */
  scale(factor: number): void {
    for (let index = 0; index < this.#values.length; index++) this.#values[index]! *= factor
  }

  #grow(): void {
    const length = this.#times.length
    const times = new Float64Array(length * 2)
    const values = new Float64Array(length * 2)
    for (let index = 0; index < this.#count; index++) {
      times[index] = this.#times[(this.#head + index) & (length - 1)]!
      values[index] = this.#values[(this.#head + index) & (length - 1)]!
    }
    this.#times = times
    this.#values = values
    this.#head = 0
  }

  save(): unknown {
    return { times: this.#times, values: this.#values, head: this.#head, count: this.#count }
  }

  restore(saved: unknown): void {
    const state = saved as {
      times: Float64Array<ArrayBuffer>
      values: Float64Array<ArrayBuffer>
      head: number
      count: number
    }
    this.#times = state.times
    this.#values = state.values
    this.#head = state.head
    this.#count = state.count
  }
}
