/** A set of whole numbers as ranges: consecutive ones cost nothing. */
export class IdRanges {
  /** Both ends inclusive, ascending, neither touching nor overlapping. */
  readonly #from: number[] = []
  readonly #to: number[] = []

  get count(): number {
    return this.#from.length
  }

  fromAt(index: number): number {
    return this.#from[index]!
  }

  toAt(index: number): number {
    return this.#to[index]!
  }

  /** Whether any of `[from, to]` is in the set. */
  overlaps(from: number, to: number): boolean {
    const index = this.#firstEndingFrom(from)
    return index < this.#from.length && this.#from[index]! <= to
  }

  add(from: number, to: number): void {
    const last = this.#to.length - 1
    // Most ids follow the one before.
    if (last >= 0 && from === this.#to[last]! + 1) {
      this.#to[last] = to
      return
    }
    const start = this.#firstEndingFrom(from - 1)
    let end = start
    let low = from
    let high = to
    while (end < this.#from.length && this.#from[end]! <= to + 1) {
      low = Math.min(low, this.#from[end]!)
      high = Math.max(high, this.#to[end]!)
      end += 1
    }
    this.#from.splice(start, end - start, low)
    this.#to.splice(start, end - start, high)
  }

  /** Forgets the lowest ids. */
  dropLowest(count: number): void {
    this.#from.splice(0, count)
    this.#to.splice(0, count)
  }

  /** Counts the ids between the lowest ranges, `count + 1` of them, as members, which leaves one range. */
  mergeLowest(count: number): void {
    this.#from.splice(1, count)
    this.#to.splice(0, count)
  }

  /** The first range that does not end before `id`. */
  #firstEndingFrom(id: number): number {
    let low = 0
    let high = this.#to.length
    if (high > 0 && this.#to[high - 1]! < id) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#to[middle]! < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
