import { createHistogram } from 'node:perf_hooks'
import type { Percentiles } from './client-orders.ts'

/** HDR histogram of delays, kept in µs. */
export class DelayHistogram {
  readonly #histogram = createHistogram({ figures: 3 })

  recordMs(milliseconds: number): void {
    this.#histogram.record(Math.max(1, Math.round(milliseconds * 1000)))
  }

  reset(): void {
    this.#histogram.reset()
  }

  percentiles(): Percentiles {
    const at = (percentile: number) => this.#histogram.percentile(percentile) / 1000
    const count = this.#histogram.count
    if (count === 0) return { p50: 0, p90: 0, p99: 0, p999: 0, max: 0, count }
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#histogram.max / 1000, count }
  }
}
