import type { Candle } from '../../events/candle.ts'
import type { Interval } from '../../events/interval.ts'

/** Candles kept, of all symbols and intervals together; beyond it the one that came first is forgotten. */
const RECENT_MAX_COUNT = 16_384

/** Whose candles. */
export interface CandleOwner {
  readonly venue: string
  readonly symbol: string
}

/** The newest final candles as they came from the log: what the store, which trails it, may not have yet. */
export class RecentCandles {
  readonly #maxCount: number
  readonly #byOwner = new Map<string, Map<number, Candle>>()
  /** In the order in which they came. */
  readonly #order = new Set<Candle>()

  constructor(maxCount = RECENT_MAX_COUNT) {
    this.#maxCount = maxCount
  }

  /** A revision replaces what was there before. */
  take(candle: Candle): void {
    const key = keyOf(candle, candle.interval)
    let byTime = this.#byOwner.get(key)
    if (byTime === undefined) {
      byTime = new Map()
      this.#byOwner.set(key, byTime)
    }
    const before = byTime.get(candle.openTimeMs)
    if (before !== undefined) this.#order.delete(before)
    byTime.set(candle.openTimeMs, candle)
    this.#order.add(candle)
    if (this.#order.size > this.#maxCount) this.#forget(this.#order.values().next().value!)
  }

  /** Those that open in `[fromMs, toMs)`. */
  of(owner: CandleOwner, interval: Interval, fromMs: number, toMs: number): Candle[] {
    const byTime = this.#byOwner.get(keyOf(owner, interval))
    if (byTime === undefined) return []
    return [...byTime.values()].filter(({ openTimeMs }) => openTimeMs >= fromMs && openTimeMs < toMs)
  }

  clear(): void {
    this.#byOwner.clear()
    this.#order.clear()
  }

  #forget(candle: Candle): void {
    const key = keyOf(candle, candle.interval)
    const byTime = this.#byOwner.get(key)!
    this.#order.delete(candle)
    byTime.delete(candle.openTimeMs)
    if (byTime.size === 0) this.#byOwner.delete(key)
  }
}

function keyOf({ venue, symbol }: CandleOwner, interval: Interval): string {
  return `${venue} ${symbol} ${interval}`
}
