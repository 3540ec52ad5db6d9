import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Clock } from '../../base/clock.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { MarketWorld } from '../../feeds/simulator/world/market-world.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import type { BatchFormat } from './batch-format.ts'
import type { EventSink } from './event-sink.ts'

export interface GeneratorRunOptions {
  readonly world: MarketWorld
  readonly schedule: Schedule
  readonly trades: TradeBatch
  readonly quotes: QuoteBatch
  readonly format: BatchFormat
  readonly sink: EventSink
  readonly clock: Clock
  /** Index behind the last event. */
  readonly endIndex: number
  /** Whether each event waits until it is due by the clock, the first one now; else as fast as the sink takes them. */
  readonly isPaced: boolean
}

/** Lags that are recorded of each batch, evenly over its events. */
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
  tradeCount = 0
  quoteCount = 0
  byteCount = 0
  /** Time spent waiting for the sink, ms. */
  sinkWaitMs = 0

  constructor(options: GeneratorRunOptions) {
    this.#options = options
    this.#firstIndex = options.world.index
    this.#firstDueUs = options.schedule.dueUs(this.#firstIndex)
  }

  async run(signal: AbortSignal): Promise<void> {
    const { world, trades, quotes, format, sink, clock, endIndex } = this.#options
    this.#startUs = clock.nowUs()
    if (format.header.length > 0 && this.#firstIndex === 0) await this.#write(format.header)
    while (world.index < endIndex && !signal.aborted) {
      const dueIndex = await this.#waitForDue(signal)
      trades.count = 0
      quotes.count = 0
      world.fill(trades, quotes, Math.min(endIndex, dueIndex))
      this.tradeCount += trades.count
      this.quoteCount += quotes.count
      const { count } = trades
      await this.#write(format.encode(trades, quotes))
      if (this.#options.isPaced) this.#recordLag(world.index - count, world.index)
    }
    await sink.close()
  }

  /** @returns the index behind the last event that is due */
  async #waitForDue(signal: AbortSignal): Promise<number> {
    const { world, schedule, clock, isPaced } = this.#options
    if (!isPaced) return Number.POSITIVE_INFINITY
    const offsetUs = this.#firstDueUs - this.#startUs
    const waitMs = (schedule.dueUs(world.index) - offsetUs - clock.nowUs()) / 1000
    if (waitMs > 0) await clock.sleep(waitMs + GATHER_MS, signal).catch(() => undefined)
    return schedule.countBefore(clock.nowUs() + offsetUs + 1)
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const startedMs = performance.now()
    await this.#options.sink.write(bytes)
    this.sinkWaitMs += performance.now() - startedMs
    this.byteCount += bytes.length
  }

  #recordLag(fromIndex: number, toIndex: number): void {
    const { schedule, clock } = this.#options
    const nowUs = clock.nowUs() + this.#firstDueUs - this.#startUs
    const step = Math.max(1, Math.floor((toIndex - fromIndex) / LAG_SAMPLES))
    for (let index = fromIndex; index < toIndex; index += step) {
      this.#lagUs.record(Math.max(1, Math.round(nowUs - schedule.dueUs(index))))
    }
  }

  get elapsedMs(): number {
    return (this.#options.clock.nowUs() - this.#startUs) / 1000
  }

  /** Part that is done, 0 to 1. */
  get fraction(): number {
    const { world, endIndex } = this.#options
    return (world.index - this.#firstIndex) / (endIndex - this.#firstIndex)
  }

  /** Figures of the run so far. */
  summary(): GeneratorSummary {
    const { schedule, world, isPaced, sink } = this.#options
    const seconds = Math.max(1e-6, this.elapsedMs / 1000)
    const lagMs = (percentile: number) => Math.round(this.#lagUs.percentile(percentile)) / 1000
    return {
      sink: sink.name,
      trades: this.tradeCount,
      quotes: this.quoteCount,
      bytes: this.byteCount,
      seconds: Math.round(seconds * 1000) / 1000,
      tradesPerSecond: Math.round(this.tradeCount / seconds),
      nextIndex: world.index,
      fromMs: this.#firstDueUs / 1000,
      toMs: schedule.dueUs(Math.max(this.#firstIndex, world.index - 1)) / 1000,
      sinkWaitMs: Math.round(this.sinkWaitMs),
      lagMs: isPaced && this.tradeCount > 0 ? { p50: lagMs(50), p99: lagMs(99), max: this.#lagUs.max / 1000 } : null,
    }
  }
}

export interface GeneratorSummary {
  readonly sink: string
  readonly trades: number
  readonly quotes: number
  readonly bytes: number
  readonly seconds: number
  readonly tradesPerSecond: number
  /** Index to go on with: `--from`. */
  readonly nextIndex: number
  readonly fromMs: number
  readonly toMs: number
  readonly sinkWaitMs: number
  /** From the time an event was due to the time the sink had taken it; null for a run that does not wait. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number } | null
}
