import type { Candle } from '../../events/candle.ts'
import type { MinuteSeries } from './stylized-facts.ts'

const MINUTE_MS = 60_000

/** Gathers final 1m candles of one symbol into a series without holes. */
export class MinuteSeriesBuilder {
  readonly #closes: number[] = []
  readonly #volumes: number[] = []
  #firstMs = Number.NaN

  add(candle: Candle): void {
    if (Number.isNaN(this.#firstMs)) this.#firstMs = candle.openTimeMs
    const at = Math.round((candle.openTimeMs - this.#firstMs) / MINUTE_MS)
    if (at < 0) return
    while (this.#closes.length < at) {
      this.#closes.push(this.#closes.at(-1)!)
      this.#volumes.push(0)
    }
    // A revision of a minute replaces it.
    this.#closes[at] = Number(candle.close)
    this.#volumes[at] = Number(candle.volume)
  }

  get count(): number {
    return this.#closes.length
  }

  series(): MinuteSeries {
    return { closes: Float64Array.from(this.#closes), volumes: Float64Array.from(this.#volumes) }
  }
}
