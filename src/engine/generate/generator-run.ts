import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { Label } from '../../events/label.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import type { LabelFile } from './label-file.ts'
import { addCounts, type LabelSource, type Piece, type PieceSource } from './piece.ts'
import type { PieceSink } from './sinks/sink.ts'

export interface GeneratorRunOptions {
  readonly source: PieceSource
  readonly schedule: Schedule
  readonly sink: PieceSink
  /** Written before the first event of all. */
  readonly header: Uint8Array
  readonly clock: Clock
  /** Index behind the last event. */
  readonly endIndex: number
  /** Events a second that the clock is waited for, the first one due at once; else as fast as the sink takes them. */
  readonly pacedRate?: number
  readonly labels?: LabelSource
  /** Where labels go; without it they go to the sink with the pieces. */
  readonly labelFile?: LabelFile
}

/** Lags that are recorded of each piece, evenly over its events. */
const LAG_SAMPLES = 32

/**
 * Generates open loop: when an event is due does not depend on how fast the sink takes the ones before it. What comes
 * late is measured as lag, from the time at which it was due to the time at which the place had taken it.
 */
export class GeneratorRun {
  readonly #options: GeneratorRunOptions
  /** Index of the first event. */
  readonly firstIndex: number
  readonly #firstDueUs: number
  readonly #lagUs: RecordableHistogram = createHistogram()
  readonly #counts: Record<string, number> = {}
  #startUs = 0
  #takenIndex: number
  #byteCount = 0
  #sinkWaitMs = 0

  constructor(options: GeneratorRunOptions) {
    this.#options = options
    this.firstIndex = options.source.index
    this.#takenIndex = this.firstIndex
    this.#firstDueUs = options.schedule.dueUs(this.firstIndex)
  }

  /** Until the last event, or until the signal aborts; what was written by then has been taken. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, sink, endIndex, header, clock, labelFile } = this.#options
    this.#startUs = clock.nowUs()
    try {
      if (header.length > 0 && this.firstIndex === 0) {
        sink.writeHeader(header)
        this.#byteCount += header.length
      }
      await source.start(signal)
      while (source.index < endIndex && !signal.aborted && !sink.isGone) {
        const fromIndex = source.index
        const piece = await source.next()
        // The first event is due when it can be given out, not while threads start.
        if (fromIndex === this.firstIndex) this.#startUs = clock.nowUs()
        await this.#waitForDue(piece.endIndex - 1, signal)
        if (signal.aborted) break
        await this.#write(piece, fromIndex)
        // The sink goes on, and interrupts are heard, only in turns of their own.
        await nextTurn()
      }
      await this.#timed(() => sink.close())
      await labelFile?.close()
    } finally {
      await source.close()
    }
  }

  async #waitForDue(index: number, signal: AbortSignal): Promise<void> {
    const { schedule, clock, pacedRate } = this.#options
    if (pacedRate === undefined) return
    const waitMs = (schedule.dueUs(index) - this.#firstDueUs + this.#startUs - clock.nowUs()) / 1000
    // Only the signal ends a sleep early, and the loop looks at it.
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined)
  }

  async #write(piece: Piece, fromIndex: number): Promise<void> {
    const { sink, source, labelFile } = this.#options
    const labels = this.#labelsBefore(piece.endIndex)
    if (labelFile !== undefined && labels.length > 0) await labelFile.write(labels)
    const delivery = { piece, labels: labelFile === undefined ? labels : [] }
    await this.#timed(() =>
      sink.write(delivery, () => {
        this.#take(piece, fromIndex, labels.length)
        source.recycle(piece)
      }),
    )
  }

  async #timed(wait: () => Promise<void>): Promise<void> {
    const startedMs = performance.now()
    await wait()
    this.#sinkWaitMs += performance.now() - startedMs
  }

  /** The labels that are known when the event of an index is due, which is the first one of the next piece. */
  #labelsBefore(index: number): readonly Label[] {
    const { labels, schedule } = this.#options
    return labels?.before(schedule.dueUs(index)) ?? []
  }

  #take(piece: Piece, fromIndex: number, labelCount: number): void {
    this.#takenIndex = piece.endIndex
    this.#byteCount += piece.bytes.length
    addCounts(this.#counts, piece.counts)
    if (this.#options.labels !== undefined) addCounts(this.#counts, { labels: labelCount })
    if (this.#options.pacedRate !== undefined) this.#recordLag(fromIndex, piece.endIndex)
  }

  #recordLag(fromIndex: number, toIndex: number): void {
    const { schedule, clock } = this.#options
    const nowUs = clock.nowUs() + this.#firstDueUs - this.#startUs
    const step = Math.max(1, Math.floor((toIndex - fromIndex) / LAG_SAMPLES))
    for (let index = fromIndex; index < toIndex; index += step) {
      this.#lagUs.record(Math.max(1, Math.round(nowUs - schedule.dueUs(index))))
    }
  }

  /** Part of the way to the first event that lies behind, 0 to 1. */
  get startedPart(): number {
    return this.#options.source.startedPart
  }

  /** Part that is done, 0 to 1. */
  get fraction(): number {
    return (this.#takenIndex - this.firstIndex) / Math.max(1, this.#options.endIndex - this.firstIndex)
  }

  /** Figures of the run so far. */
  summary(): GeneratorSummary {
    const { schedule, pacedRate, sink, clock } = this.#options
    const seconds = Math.max(1e-6, (clock.nowUs() - this.#startUs) / 1e6)
    const takenCount = this.#takenIndex - this.firstIndex
    const lagMs = (percentile: number) => Math.round(this.#lagUs.percentile(percentile)) / 1000
    const hasLag = pacedRate !== undefined && takenCount > 0
    return {
      sink: sink.name,
      events: { ...this.#counts },
      bytes: sink.finalBytes ?? this.#byteCount,
      seconds: Math.round(seconds * 1000) / 1000,
      eventsPerSecond: Math.round(takenCount / seconds),
      targetPerSecond: pacedRate ?? null,
      nextIndex: this.#takenIndex,
      fromMs: this.#firstDueUs / 1000,
      toMs: schedule.dueUs(Math.max(this.firstIndex, this.#takenIndex - 1)) / 1000,
      sinkWaitMs: Math.round(this.#sinkWaitMs),
      lagMs: hasLag ? { p50: lagMs(50), p99: lagMs(99), max: this.#lagUs.max / 1000 } : null,
    }
  }
}

export interface GeneratorSummary {
  readonly sink: string
  /** What the place has taken, by kind. */
  readonly events: Readonly<Record<string, number>>
  readonly bytes: number
  readonly seconds: number
  readonly eventsPerSecond: number
  /** What was asked for by the clock; null for a run that does not wait. */
  readonly targetPerSecond: number | null
  /** Index to go on with: `--from`. */
  readonly nextIndex: number
  readonly fromMs: number
  readonly toMs: number
  /** Time for which the run could not go on because the sink was full, that for its end included. */
  readonly sinkWaitMs: number
  /** From the time an event was due to the time the place had taken it; null for a run that does not wait. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number } | null
}
