import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Clock } from '../../base/clock.ts'
import { encodeRecords } from '../../events/json.ts'
import type { PaymentLabel } from '../../events/payment.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import type { EventSink } from './event-sink.ts'
import type { EventSource } from './event-source.ts'

/** Labels of frauds, which come out later than the payments that they are about, to a place of their own. */
export interface LabelOutput {
  readonly labels: { before(timeUs: number): readonly PaymentLabel[] }
  readonly sink: EventSink
}

export interface GeneratorRunOptions {
  readonly source: EventSource
  readonly schedule: Schedule
  readonly sink: EventSink
  readonly clock: Clock
  /** Index behind the last event. */
  readonly endIndex: number
  /** Whether each event waits until it is due by the clock, the first one now; else as fast as the sink takes them. */
  readonly isPaced: boolean
  readonly labelOutput?: LabelOutput
}

/** Lags that are recorded of each piece, evenly over its events. */
const LAG_SAMPLES = 32
/** Events that are due within this time are written together. */
const GATHER_MS = 5

/**
 * Generates open loop: when an event is due does not depend on how fast the sink takes the ones before it. What comes
 * late is measured as lag, from the time at which it was due to the time at which the sink had taken it.
 */
export class GeneratorRun {
  readonly #options: GeneratorRunOptions
  readonly #firstIndex: number
  readonly #firstDueUs: number
  readonly #lagUs: RecordableHistogram = createHistogram()
  #startUs = 0
  #byteCount = 0
  #labelCount = 0
  #sinkWaitMs = 0

  constructor(options: GeneratorRunOptions) {
    this.#options = options
    this.#firstIndex = options.source.index
    this.#firstDueUs = options.schedule.dueUs(this.#firstIndex)
  }

  /** Until the last event, or until the signal aborts; what was made by then has been written. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, sink, clock, endIndex, isPaced, labelOutput } = this.#options
    this.#startUs = clock.nowUs()
    if (source.header.length > 0 && this.#firstIndex === 0) await this.#write(source.header)
    while (source.index < endIndex && !signal.aborted) {
      const dueIndex = await this.#waitForDue(signal)
      const fromIndex = source.index
      await this.#write(source.next(Math.min(endIndex, dueIndex)))
      await this.#writeLabels()
      if (isPaced) this.#recordLag(fromIndex, source.index)
    }
    await sink.close()
    await labelOutput?.sink.close()
  }

  /** @returns the index behind the last event that is due */
  async #waitForDue(signal: AbortSignal): Promise<number> {
    const { source, schedule, clock, isPaced } = this.#options
    if (!isPaced) return Number.POSITIVE_INFINITY
    const offsetUs = this.#firstDueUs - this.#startUs
    const waitMs = (schedule.dueUs(source.index) - offsetUs - clock.nowUs()) / 1000
    // Only the signal ends a sleep early, and the loop looks at it.
    if (waitMs > 0) await clock.sleep(waitMs + GATHER_MS, signal).catch(() => undefined)
    return schedule.countBefore(clock.nowUs() + offsetUs + 1)
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const startedMs = performance.now()
    await this.#options.sink.write(bytes)
    this.#sinkWaitMs += performance.now() - startedMs
    this.#byteCount += bytes.length
  }

  /** The labels that are known by the time of the last payment. */
  async #writeLabels(): Promise<void> {
    const { labelOutput, schedule, source } = this.#options
    if (labelOutput === undefined || source.index === this.#firstIndex) return
    const labels = labelOutput.labels.before(schedule.dueUs(source.index - 1))
    if (labels.length === 0) return
    this.#labelCount += labels.length
    await labelOutput.sink.write(Buffer.concat([encodeRecords(labels), Buffer.from('\n')]))
  }

  #recordLag(fromIndex: number, toIndex: number): void {
    const { schedule, clock } = this.#options
    const nowUs = clock.nowUs() + this.#firstDueUs - this.#startUs
    const step = Math.max(1, Math.floor((toIndex - fromIndex) / LAG_SAMPLES))
    for (let index = fromIndex; index < toIndex; index += step) {
      this.#lagUs.record(Math.max(1, Math.round(nowUs - schedule.dueUs(index))))
    }
  }

  /** Part that is done, 0 to 1. */
  get fraction(): number {
    const { source, endIndex } = this.#options
    return (source.index - this.#firstIndex) / (endIndex - this.#firstIndex)
  }

  /** Figures of the run so far. */
  summary(): GeneratorSummary {
    const { schedule, source, isPaced, sink, clock, labelOutput } = this.#options
    const seconds = Math.max(1e-6, (clock.nowUs() - this.#startUs) / 1e6)
    const madeCount = source.index - this.#firstIndex
    const lagMs = (percentile: number) => Math.round(this.#lagUs.percentile(percentile)) / 1000
    return {
      sink: sink.name,
      events: labelOutput === undefined ? { ...source.counts } : { ...source.counts, labels: this.#labelCount },
      bytes: this.#byteCount,
      seconds: Math.round(seconds * 1000) / 1000,
      eventsPerSecond: Math.round(madeCount / seconds),
      nextIndex: source.index,
      fromMs: this.#firstDueUs / 1000,
      toMs: schedule.dueUs(Math.max(this.#firstIndex, source.index - 1)) / 1000,
      sinkWaitMs: Math.round(this.#sinkWaitMs),
      lagMs: isPaced && madeCount > 0 ? { p50: lagMs(50), p99: lagMs(99), max: this.#lagUs.max / 1000 } : null,
    }
  }
}

export interface GeneratorSummary {
  readonly sink: string
  /** Events written, by kind. */
  readonly events: Readonly<Record<string, number>>
  readonly bytes: number
  readonly seconds: number
  readonly eventsPerSecond: number
  /** Index to go on with: `--from`. */
  readonly nextIndex: number
  readonly fromMs: number
  readonly toMs: number
  readonly sinkWaitMs: number
  /** From the time an event was due to the time the sink had taken it; null for a run that does not wait. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number } | null
}
