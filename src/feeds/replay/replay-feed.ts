import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import type { DeadLetter } from '../../events/dead-letter.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import type { Feed, FeedProgress, FeedStep } from '../feed.ts'
import { ReplayPace } from './replay-pace.ts'
import type { ReplayPosition } from './replay-position.ts'
import { type ReplayOptions, ReplayReader } from './replay-reader.ts'

export interface ReplayFeedOptions extends Omit<ReplayOptions, 'instruments' | 'startAt' | 'batchMaxCount'> {
  /** Event time per real time; 0 is as fast as it goes. */
  readonly speed: number
}

/** What a person who watches a replay sees of it. Times are event times, ms. */
export interface ReplayFeedState {
  readonly status: 'playing' | 'paused' | 'finished'
  readonly fromMs: number | null
  /** Known once the end has been reached. */
  readonly toMs: number | null
  readonly atMs: number | null
  readonly speed: number
}

/** Rows of a step: few where they are let go one after the other, many where nothing waits. */
const PACED_BATCH_COUNT = 16
const FAST_BATCH_COUNT = 8192

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

/** Recorded data as a feed: at its own pace, faster, or as fast as it is pulled; may be paused and moved. */
export class ReplayFeed implements Feed {
  readonly name = 'replay'
  readonly #options: ReplayFeedOptions
  readonly #clock: Clock
  readonly #pace: ReplayPace
  #reader: ReplayReader
  #isFast: boolean
  #hasEnded = false
  #atUs: number | undefined
  /** Set by `setSpeed`; the reader is changed between two steps. */
  #wantsFast: boolean

  private constructor(options: ReplayFeedOptions, clock: Clock, reader: ReplayReader, pace: ReplayPace) {
    this.#options = options
    this.#clock = clock
    this.#reader = reader
    this.#pace = pace
    this.#isFast = pace.speed === 0
    this.#wantsFast = this.#isFast
  }

  static async open(options: ReplayFeedOptions, clock: Clock, position?: Uint8Array): Promise<ReplayFeed> {
    const startAt = position === undefined ? undefined : (JSON.parse(textDecoder.decode(position)) as ReplayPosition)
    const pace = new ReplayPace(clock, options.speed)
    return new ReplayFeed(options, clock, await openReader(options, options.speed === 0, startAt), pace)
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    if (this.#isFast !== this.#wantsFast) await this.#changeReader()
    const damage: DeadLetter[] = []
    const step = await this.#reader.next().catch((error: unknown) => {
      damage.push(this.#deadLetterOf(error))
      return 'damaged' as const
    })
    if (step === undefined) {
      this.#hasEnded = true
      return undefined
    }
    const rows = step === 'damaged' ? emptyStep() : step
    const timeUs = newestOf(rows.trades, newestOf(rows.quotes, -1))
    if (timeUs >= 0) {
      await this.#pace.waitUntilDue(timeUs, signal)
      this.#atUs = timeUs
    }
    const deadLetters = [...this.#reader.drainDeadLetters(), ...damage]
    return { ...rows, deadLetters, position: textEncoder.encode(JSON.stringify(this.#reader.position)) }
  }

  async #changeReader(): Promise<void> {
    const { position } = this.#reader
    await this.#reader.close()
    this.#isFast = this.#wantsFast
    this.#reader = await openReader(this.#options, this.#isFast, position)
  }

  /** A file that is damaged or cut short ends there; the replay goes on with the next one. */
  #deadLetterOf(error: unknown): DeadLetter {
    if (!(error instanceof FinPulseError) || error.code === 'internal') throw error
    return {
      type: 'dead-letter',
      reason: 'malformed',
      detail: error.message,
      source: 'replay',
      receivedTimeMs: (this.#atUs ?? 0) / 1000,
      sample: '',
    }
  }

  pause(): void {
    this.#pace.pause()
  }

  resume(): void {
    this.#pace.resume()
  }

  /** @throws FinPulseError request-invalid */
  setSpeed(speed: number): void {
    if (!(speed >= 0 && speed <= 1e6)) {
      throw new FinPulseError('request-invalid', `speed: expected 0 (as fast as it goes) to 1000000, got ${speed}`)
    }
    this.#pace.setSpeed(speed)
    this.#wantsFast = speed === 0
  }

  /**
   * A feed over the same recording that begins with the first row at or after an event time.
   * @throws FinPulseError request-invalid outside of the recording
   */
  async reopenAt(timeMs: number): Promise<ReplayFeed> {
    const startAt = await findPosition(this.#options, timeMs * 1000)
    const pace = new ReplayPace(this.#clock, this.#pace.speed)
    if (this.#pace.isPaused) pace.pause()
    return new ReplayFeed(this.#options, this.#clock, await openReader(this.#options, pace.speed === 0, startAt), pace)
  }

  state(): ReplayFeedState {
    const { firstEventTimeUs, lastEventTimeUs } = this.#reader.counts
    const playing = this.#pace.isPaused ? 'paused' : 'playing'
    return {
      status: this.#hasEnded ? 'finished' : playing,
      fromMs: firstEventTimeUs === undefined ? null : firstEventTimeUs / 1000,
      toMs: this.#hasEnded && lastEventTimeUs !== undefined ? lastEventTimeUs / 1000 : null,
      atMs: this.#atUs === undefined ? null : this.#atUs / 1000,
      speed: this.#pace.speed,
    }
  }

  progress(): FeedProgress | undefined {
    const { firstEventTimeUs } = this.#reader.counts
    if (firstEventTimeUs === undefined || this.#atUs === undefined) return undefined
    const { bytesRead, bytesTotal } = this.#reader
    const fraction = this.#hasEnded || bytesTotal === 0 ? 1 : bytesRead / bytesTotal
    return { fromUs: firstEventTimeUs, toUs: this.#atUs, atUs: this.#atUs, fraction, isDone: this.#hasEnded }
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#reader.counts.badByReason as Readonly<Record<string, number>>
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }
}

function openReader(options: ReplayFeedOptions, isFast: boolean, startAt?: ReplayPosition): Promise<ReplayReader> {
  return ReplayReader.open({
    ...options,
    instruments: new InstrumentTable(),
    batchMaxCount: isFast ? FAST_BATCH_COUNT : PACED_BATCH_COUNT,
    ...(startAt === undefined ? {} : { startAt }),
  })
}

/** First in large steps to the one that holds the time, then row by row inside it. */
async function findPosition(options: ReplayFeedOptions, timeUs: number): Promise<ReplayPosition | undefined> {
  const before = await lastPositionBefore(options, timeUs, FAST_BATCH_COUNT, undefined)
  return lastPositionBefore(options, timeUs, 1, before)
}

async function lastPositionBefore(
  options: ReplayFeedOptions,
  timeUs: number,
  batchMaxCount: number,
  startAt: ReplayPosition | undefined,
): Promise<ReplayPosition | undefined> {
  const start = startAt === undefined ? {} : { startAt }
  const reader = await ReplayReader.open({ ...options, instruments: new InstrumentTable(), batchMaxCount, ...start })
  try {
    let before = startAt
    for (;;) {
      const step = await reader.next()
      if (step === undefined) throw outside(timeUs, reader)
      if (newestOf(step.trades, newestOf(step.quotes, -1)) >= timeUs) break
      before = reader.position
    }
    const { firstEventTimeUs } = reader.counts
    if (firstEventTimeUs !== undefined && timeUs < firstEventTimeUs) throw outside(timeUs, reader)
    return before
  } finally {
    await reader.close()
  }
}

function outside(timeUs: number, { counts }: ReplayReader): FinPulseError {
  const text = (us: number | undefined) => (us === undefined ? 'nothing' : new Date(us / 1000).toISOString())
  const range = `${text(counts.firstEventTimeUs)} to ${text(counts.lastEventTimeUs)}`
  return new FinPulseError('request-invalid', `time: the recording holds ${range}, got ${text(timeUs)}`)
}

function emptyStep(): { trades: TradeBatch; quotes: QuoteBatch } {
  const instruments = new InstrumentTable()
  return { trades: new TradeBatch(instruments, 0), quotes: new QuoteBatch(instruments, 0) }
}

function newestOf(batch: TradeBatch | QuoteBatch, atLeast: number): number {
  let newest = atLeast
  for (let row = 0; row < batch.count; row++) {
    if (batch.eventTimeUs[row]! > newest) newest = batch.eventTimeUs[row]!
  }
  return newest
}
