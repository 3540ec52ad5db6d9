const INITIAL_COUNT = 1024

/** Labels that wait for their time: a binary heap by (due time, payment), in typed arrays that double when full. */
export class LabelQueue {
  count = 0
  #dueUs = new Float64Array(INITIAL_COUNT)
  #index = new Float64Array(INITIAL_COUNT)
  #kind = new Uint8Array(INITIAL_COUNT)
  #ring = new Float64Array(INITIAL_COUNT)

  /** Of the label that is due first; only where `count` is not 0. */
  get dueUs(): number {
    return this.#dueUs[0]!
  }
  get index(): number {
    return this.#index[0]!
  }
  get kindIndex(): number {
    return this.#kind[0]!
  }
  get ring(): number {
    return this.#ring[0]!
  }

  clear(): void {
    this.count = 0
  }

  push(dueUs: number, index: number, kindIndex: number, ring: number): void {
    if (this.count === this.#dueUs.length) this.#grow()
    let at = this.count++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#isBefore(parent, dueUs, index)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, dueUs, index, kindIndex, ring)
  }

  /** Takes the first label away. */
  pop(): void {
    const last = --this.count
    const dueUs = this.#dueUs[last]!
    const index = this.#index[last]!
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= last) break
      if (child + 1 < last && this.#isBefore(child + 1, this.#dueUs[child]!, this.#index[child]!)) child += 1
      if (!this.#isBefore(child, dueUs, index)) break
      this.#move(child, at)
      at = child
    }
    this.#put(at, dueUs, index, this.#kind[last]!, this.#ring[last]!)
  }

  #isBefore(at: number, dueUs: number, index: number): boolean {
    const otherUs = this.#dueUs[at]!
    return otherUs < dueUs || (otherUs === dueUs && this.#index[at]! < index)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#dueUs[from]!, this.#index[from]!, this.#kind[from]!, this.#ring[from]!)
  }

  #put(at: number, dueUs: number, index: number, kindIndex: number, ring: number): void {
    this.#dueUs[at] = dueUs
    this.#index[at] = index
    this.#kind[at] = kindIndex
    this.#ring[at] = ring
  }

  #grow(): void {
    const size = this.#dueUs.length * 2
    const doubles = (from: Float64Array) => {
      const to = new Float64Array(size)
      to.set(from)
      return to
    }
    this.#dueUs = doubles(this.#dueUs)
    this.#index = doubles(this.#index)
    this.#ring = doubles(this.#ring)
    const kind = new Uint8Array(size)
    kind.set(this.#kind)
    this.#kind = kind
  }
}
