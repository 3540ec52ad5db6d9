/** Slots of a window; prices of one slot are kept as their extremes. */
const SLOTS_PER_WINDOW = 240

interface Slot {
  readonly startUs: number
  min: number
  max: number
}

/** Extremes of the price in a window of time. Bounded, however fast prices come. Pure: time is an argument. */
export class PriceWindow {
  readonly #windowUs: number
  /** Oldest first. The first is the last one that began before the window, since its price held at its beginning. */
  #slots: Slot[] = []

  constructor(windowMs: number) {
    this.#windowUs = windowMs * 1000
  }

  /** Slots that are kept; at most 242. */
  get count(): number {
    return this.#slots.length
  }

  /** How far the price is from the lowest or the highest of the window, whichever is farther, percent. 0 at first. */
  changePercent(timeUs: number, price: number): number {
    this.#forget(timeUs)
    let rise = 0
    let fall = 0
    for (const { min, max } of this.#slots) {
      rise = Math.max(rise, price / min - 1)
      fall = Math.min(fall, price / max - 1)
    }
    return (rise >= -fall ? rise : fall) * 100
  }

  /** @param timeUs never before that of an earlier price */
  add(timeUs: number, price: number): void {
    this.#forget(timeUs)
    const last = this.#slots.at(-1)
    if (last === undefined || timeUs - last.startUs >= this.#windowUs / SLOTS_PER_WINDOW) {
      this.#slots.push({ startUs: timeUs, min: price, max: price })
      return
    }
    last.min = Math.min(last.min, price)
    last.max = Math.max(last.max, price)
  }

  #forget(timeUs: number): void {
    const first = this.#slots.findLastIndex(({ startUs }) => startUs <= timeUs - this.#windowUs)
    if (first > 0) this.#slots = this.#slots.slice(first)
  }
}
