import type { VarintReader, VarintWriter } from './varint.ts'

/** What becomes of the lowest ids where there are too many ranges: forgotten, or taken as members with all below. */
export type Overflow = 'forget' | 'merge'

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

  /** Keeps at most so many ranges. @returns ranges that were given up */
  trim(maxCount: number, overflow: Overflow): number {
    if (this.count <= maxCount) return 0
    // Some more than are too many, so that the next ones cost nothing.
    const count = this.count - maxCount + (maxCount >> 3)
    if (overflow === 'forget') this.dropLowest(count)
    else this.mergeLowest(count)
    return count
  }

  write(writer: VarintWriter): void {
    writer.uint(this.count)
    let previous = 0
    for (let index = 0; index < this.count; index++) {
      writer.uint(this.#from[index]! - previous)
      writer.uint(this.#to[index]! - this.#from[index]!)
      previous = this.#to[index]!
    }
  }

  static read(reader: VarintReader): IdRanges {
    const ranges = new IdRanges()
    let previous = 0
    for (let count = reader.uint(); count > 0; count--) {
      const from = previous + reader.uint()
      previous = from + reader.uint()
      ranges.add(from, previous)
    }
    return ranges
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
