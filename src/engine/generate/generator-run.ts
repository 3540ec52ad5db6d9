import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { Label } from '../../events/label.ts'
import type { Schedule } from '../../feeds/schedule.ts'
import type { LabelFile } from './label-file.ts'
import { type LagFigures, LagMeter } from './lag-meter.ts'
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

/**
 * Generates open loop: when an event is due does not depend on how fast the sink takes the ones before it. What comes
 * late is measured as lag, from the time at which it was due to the time at which the place had taken it.
 */
export class GeneratorRun {
  readonly #options: GeneratorRunOptions
  /** Index of the first event. */
  readonly firstIndex: number
  readonly #firstDueUs: number
  readonly #lag: LagMeter
  #counts: Record<string, number> = {}
  #startUs = 0
  #endUs: number | undefined
  /** Behind the last event that was to come when the run was interrupted. */
  #endIndex: number
  #takenIndex: number
  #byteCount = 0
  #sinkWaitMs = 0
  /** When the wait began that lasts. */
  #waitSinceMs: number | undefined
  #givingUp: Promise<void> | undefined

  constructor(options: GeneratorRunOptions) {
    this.#options = options
    this.firstIndex = options.source.index
    this.#endIndex = options.endIndex
    this.#takenIndex = this.firstIndex
    this.#firstDueUs = options.schedule.dueUs(this.firstIndex)
    this.#lag = new LagMeter(options.schedule)
  }

  /**
   * Until the last event, or until the signal aborts; what was written by then has been taken, unless the place does
   * not take it within its patience.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { source, sink, clock } = this.#options
    this.#startUs = clock.nowUs()
    const patience = new AbortController()
    signal.addEventListener('abort', () => void this.#interrupted(patience.signal), { once: true })
    try {
      await this.#generate(signal)
      if (!this.hasGivenUp) await this.#timed(() => sink.close())
    } catch (error) {
      // What breaks because it was given up is no failure of the place.
      if (!this.hasGivenUp) {
        this.giveUp()
        throw error
      }
    } finally {
      patience.abort()
      try {
        await this.#end()
      } finally {
        this.#endUs = clock.nowUs()
        // Its threads would keep the process.
        await source.close()
      }
    }
  }

  async #end(): Promise<void> {
    const { sink, labelFile } = this.#options
    await this.#givingUp
    if (sink.isAllOrNothing === true && this.hasGivenUp) this.#takeBack()
    await labelFile?.end(this.#takenIndex)
  }

  /** Ends the run without what its place has not taken yet. */
  giveUp(): void {
    if (this.hasGivenUp) return
    this.#givingUp = this.#options.sink.giveUp()
    // The end of the run waits for it, and fails by it; until then it is no unhandled rejection.
    this.#givingUp.catch(() => undefined)
  }

  get hasGivenUp(): boolean {
    return this.#givingUp !== undefined
  }

  async #interrupted(signal: AbortSignal): Promise<void> {
    const { sink, clock, schedule } = this.#options
    this.#endIndex = Math.min(this.#endIndex, schedule.countBefore(this.#nowDueUs()))
    if (sink.patienceMs === undefined) return
    // Ends early by the signal alone, which the next line looks at.
    await clock.sleep(sink.patienceMs, signal).catch(() => undefined)
    if (!signal.aborted) this.giveUp()
  }

  async #generate(signal: AbortSignal): Promise<void> {
    const { source, sink, endIndex, header, clock } = this.#options
    if (header.length > 0 && this.firstIndex === 0) {
      await sink.writeHeader(header)
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
  }

  async #waitForDue(index: number, signal: AbortSignal): Promise<void> {
    const { schedule, clock, pacedRate } = this.#options
    if (pacedRate === undefined) return
    const waitMs = (schedule.dueUs(index) - this.#nowDueUs()) / 1000
    // Only the signal ends a sleep early, and the loop looks at it.
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined)
  }

  async #write(piece: Piece, fromIndex: number): Promise<void> {
    const { sink, source, labelFile } = this.#options
    const labels = this.#labelsBefore(piece.endIndex)
    await labelFile?.write(labels, piece.endIndex, this.#takenIndex)
    const delivery = { piece, labels: labelFile === undefined ? labels : [] }
    await this.#timed(() =>
      sink.write(delivery, () => {
        this.#take(piece, fromIndex, labels.length)
        source.recycle(piece)
      }),
    )
  }

  async #timed(wait: () => Promise<void>): Promise<void> {
    this.#waitSinceMs = performance.now()
    try {
      await wait()
    } finally {
      this.#sinkWaitMs = this.#waitedMs()
      this.#waitSinceMs = undefined
    }
  }

  #waitedMs(): number {
    return this.#sinkWaitMs + (this.#waitSinceMs === undefined ? 0 : performance.now() - this.#waitSinceMs)
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
    if (this.#options.pacedRate !== undefined) this.#lag.took(fromIndex, piece.endIndex, this.#nowDueUs())
  }

  #takeBack(): void {
    this.#takenIndex = this.firstIndex
    this.#byteCount = 0
    this.#counts = {}
  }

  /** The time of the schedule at which events are due now. */
  #nowDueUs(): number {
    return (this.#endUs ?? this.#options.clock.nowUs()) - this.#startUs + this.#firstDueUs
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
    const { schedule, pacedRate, sink } = this.#options
    const seconds = Math.max(1e-6, (this.#nowDueUs() - this.#firstDueUs) / 1e6)
    const takenCount = this.#takenIndex - this.firstIndex
    return {
      sink: sink.name,
      events: { ...this.#counts },
      bytes: sink.finalBytes ?? this.#byteCount,
      seconds: Math.round(seconds * 1000) / 1000,
      eventsPerSecond: Math.round(takenCount / seconds),
      targetPerSecond: pacedRate ?? null,
      nextIndex: this.#takenIndex,
      fromMs: takenCount === 0 ? null : this.#firstDueUs / 1000,
      toMs: takenCount === 0 ? null : schedule.dueUs(this.#takenIndex - 1) / 1000,
      sinkWaitMs: Math.round(this.#waitedMs()),
      lagMs: this.#lagFigures(),
    }
  }

  #lagFigures(): LagFigures | null {
    const { pacedRate, source } = this.#options
    if (pacedRate === undefined || source.index === this.firstIndex) return null
    return this.#lag.figures(this.#takenIndex, this.#endIndex, this.#nowDueUs()) ?? null
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
  /** Event times of the first and the last event that was taken; null for none. */
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Time for which the run could not go on because the sink was full, that for its end included. */
  readonly sinkWaitMs: number
  /** With that of events which are due and wait, until now; null for a run that does not wait. */
  readonly lagMs: LagFigures | null
}
