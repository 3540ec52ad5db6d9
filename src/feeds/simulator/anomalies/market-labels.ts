import type { MarketLabel } from '../../../events/label.ts'
import { STRETCH_MAX_MS } from './anomaly-kinds.ts'
import { AnomalyPlan, type AnomalyPlanOptions } from './anomaly-plan.ts'
import { labelOf } from './anomaly-stretch.ts'

/** Time of which the labels are looked up at once. */
const CHUNK_US = STRETCH_MAX_MS * 1000

/**
 * The labels of a market's anomalies, as a stream of its own in the order in which they become known. It needs the plan
 * of the anomalies only, not the market, and may begin at any time. The options are those of the market's world.
 */
export class MarketLabels {
  readonly #options: AnomalyPlanOptions
  readonly #plan: AnomalyPlan
  readonly #delayMs: number
  /** Known labels that were not given out, in order. */
  #pending: MarketLabel[] = []
  /** Labels that become known before this have been looked up. */
  #gatheredUs: number

  /** @throws FinPulseError config-invalid */
  constructor(options: AnomalyPlanOptions) {
    this.#options = options
    this.#plan = new AnomalyPlan(options)
    this.#delayMs = options.anomalies?.labelDelayMs ?? 0
    this.#gatheredUs = options.schedule.dueUs(options.firstIndex)
  }

  /** Adds a label that the plan does not have: of a stretch that was injected. */
  add(label: MarketLabel): void {
    this.#pending.push(label)
    this.#sort()
  }

  /** Goes forward to a time: labels of the plan that become known before it are not given out. */
  skipTo(timeUs: number): void {
    if (timeUs > this.#gatheredUs) this.#gatheredUs = timeUs
    this.#pending = this.#pending.filter(({ eventTimeMs }) => eventTimeMs * 1000 >= timeUs)
  }

  /** The labels that become known before a time, and were not given out yet, in the order of (time, id). */
  before(timeUs: number): MarketLabel[] {
    while (this.#gatheredUs < timeUs) this.#gather()
    let count = 0
    while (count < this.#pending.length && this.#pending[count]!.eventTimeMs * 1000 < timeUs) count += 1
    return this.#pending.splice(0, count)
  }

  /** Looks up the labels of the next chunk of time. */
  #gather(): void {
    const fromUs = this.#gatheredUs
    const toUs = fromUs + CHUNK_US
    const delayUs = this.#delayMs * 1000
    // A stretch that ends at a time has its last µs before it.
    for (const stretch of this.#plan.touching(fromUs - delayUs - 1, toUs - delayUs)) {
      const knownUs = stretch.toUs + delayUs
      if (knownUs < fromUs || knownUs >= toUs) continue
      this.#pending.push(labelOf(stretch, this.#options.symbols[stretch.symbol]!, this.#delayMs))
    }
    this.#gatheredUs = toUs
    this.#sort()
  }

  #sort(): void {
    this.#pending.sort((a, b) => a.eventTimeMs - b.eventTimeMs || (a.id < b.id ? -1 : 1))
  }
}
