/** As a position holds it: a few parts of the window, each `[startUs, min, max]`. */
export type SavedWindow = readonly (readonly [startUs: number, min: number, max: number])[]

/** Parts of a window that a position holds: what they hold may count longer by this share of the window. */
const SAVED_MAX_COUNT = 4

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

  save(): SavedWindow {
    const size = Math.ceil(this.#slots.length / SAVED_MAX_COUNT)
    const parts: (readonly [number, number, number])[] = []
    for (let start = 0; start < this.#slots.length; start += size) {
      const part = this.#slots.slice(start, start + size)
      const min = Math.min(...part.map((slot) => slot.min))
      parts.push([part.at(-1)!.startUs, min, Math.max(...part.map((slot) => slot.max))])
    }
    return parts
  }

  /** Goes on after a pause, unless that was so long that the prices before it say nothing about the window. */
  restore(saved: SavedWindow, nowUs: number): void {
    const newestUs = saved.at(-1)?.[0] ?? 0
    if (nowUs - newestUs > 2 * this.#windowUs) return
    this.#slots = saved.map(([startUs, min, max]) => ({ startUs, min, max }))
  }

  #forget(timeUs: number): void {
    const first = this.#slots.findLastIndex(({ startUs }) => startUs <= timeUs - this.#windowUs)
    if (first > 0) this.#slots = this.#slots.slice(first)
  }
}
