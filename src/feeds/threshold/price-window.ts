/** Points that are kept of a window, spread over it. */
const POINTS_PER_WINDOW = 240

interface Point {
  readonly timeUs: number
  readonly price: number
}

/**
 * Prices of a window of time, for the change over it. Bounded: of prices that come faster than 240 a window some are left
 * out. Pure: time is an argument and never goes back.
 */
export class PriceWindow {
  readonly #windowUs: number
  /** Oldest first; the first may be older than the window, since it is the price at its beginning. */
  #points: Point[] = []

  constructor(windowMs: number) {
    this.#windowUs = windowMs * 1000
  }

  /**
   * Change against the price that held a window ago, percent: the last one known then, or the oldest where nothing is
   * known of that time. 0 at first.
   */
  changePercent(timeUs: number, price: number): number {
    const startUs = timeUs - this.#windowUs
    const reference = this.#points.findLast((point) => point.timeUs <= startUs) ?? this.#points[0]
    return reference === undefined ? 0 : (price / reference.price - 1) * 100
  }

  add(timeUs: number, price: number): void {
    const last = this.#points.at(-1)
    if (last !== undefined && timeUs - last.timeUs < this.#windowUs / POINTS_PER_WINDOW) return
    this.#points.push({ timeUs, price })
    const startUs = timeUs - this.#windowUs
    const first = this.#points.findLastIndex((point) => point.timeUs <= startUs)
    if (first > 0) this.#points = this.#points.slice(first)
  }
}
