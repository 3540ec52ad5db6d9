import { crc32 } from 'node:zlib'
import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import type { Refusal } from '../rows/market-row.ts'
import { RowInstruments } from '../rows/row-instruments.ts'
import { BatchLedger } from './batch-ledger.ts'
import { BatchReader } from './batch-reader.ts'
import { EventLedger } from './event-ledger.ts'
import { hashOfId } from './hash-of-id.ts'
import { IdleWatermark } from './idle-watermark.ts'
import { type PushBatch, type PushResult, REFUSED_LINES_MAX_COUNT, type RefusedLine } from './push-batch.ts'
import { PushPositions, type PushState, readPosition, stepOf } from './push-position.ts'
import { PushSink, type SinkContext } from './push-sink.ts'
import { checkAllLines } from './strict-check.ts'

export interface PushOptions {
  /** Of events that name none. */
  readonly venue: string
  /** Venues of another feed on the same log: their trades and quotes are refused. */
  readonly takenVenues?: readonly string[]
  /** Batches that wait, and their bytes; beyond either a batch is refused. One batch alone is always taken. */
  readonly queueMaxCount: number
  readonly queueMaxBytes: number
  /** Event times further ahead of the clock are refused. */
  readonly aheadMaxUs: number
  /** Ids of batches that are remembered. */
  readonly batchIdsMaxCount: number
  /** Rows per step, at most. */
  readonly stepMaxCount?: number
  /**
   * Present where nothing but pushed events is in the log: then the feed promises watermarks, also when it is quiet.
   * Beside another feed it promises none, nor do those that push.
   */
  readonly idle?: { readonly afterMs: number; readonly latenessMs: number }
}

const STEP_MAX_COUNT = 8192

/** A batch on its way. */
interface Waiting {
  readonly batch: PushBatch
  readonly reader: BatchReader
  /** Of its id. */
  readonly key: number | undefined
  readonly fingerprint: number
  readonly receivedTimeUs: number
  readonly refused: RefusedLine[]
  acceptedCount: number
  duplicateCount: number
  refusedCount: number
  isBegun: boolean
  readonly resolve: (result: PushResult) => void
  readonly reject: (error: unknown) => void
}

/** Answers that are owed once a step is durable. */
interface Owed {
  readonly step: number
  readonly batches: Waiting[]
}

/**
 * What other systems push in, as a feed. A batch is answered once everything of it is durable in the log; an event or
 * a batch that comes again is known by its id, also after a crash, because what was taken is part of the position.
 */
export class PushFeed implements Feed {
  readonly name = 'push'
  readonly #options: PushOptions
  readonly #clock: Clock
  readonly #table = new InstrumentTable()
  readonly #instruments = new RowInstruments(undefined)
  readonly #events = new EventLedger()
  readonly #batches: BatchLedger
  readonly #sink: PushSink
  readonly #positions = new PushPositions()
  readonly #idle: IdleWatermark | undefined
  readonly #queue: Waiting[] = []
  #queueBytes = 0
  /** By key, from the offer to the answer. */
  readonly #underWay = new Map<number, { readonly fingerprint: number; readonly answer: Promise<PushResult> }>()
  readonly #owed: Owed[] = []
  #step = 0
  #wake: () => void = () => undefined
  #isClosed = false
  #repeatedBatchCount = 0
  #duplicateCount = 0
  #queueFullCount = 0

  /** @throws FinPulseError data-dir-incompatible where the position is not one of this feed */
  constructor(options: PushOptions, clock: Clock, position?: Uint8Array) {
    this.#options = options
    this.#clock = clock
    this.#batches = new BatchLedger(options.batchIdsMaxCount)
    this.#sink = new PushSink(this.#table, this.#instruments, this.#events, options.stepMaxCount ?? STEP_MAX_COUNT)
    if (position !== undefined) this.#sink.newestTimeUs = readPosition(position, this.#state)
    if (options.idle !== undefined) {
      const { afterMs, latenessMs } = options.idle
      const idle = { afterUs: afterMs * 1000, latenessUs: latenessMs * 1000 }
      this.#idle = new IdleWatermark(idle, this.#sink.newestTimeUs, clock.nowUs())
    }
  }

  get #state(): PushState {
    return { table: this.#table, instruments: this.#instruments, events: this.#events, batches: this.#batches }
  }

  /**
   * Takes a batch; resolves once all of it is durable.
   * Rejects with FinPulseError: queue-full (retryable) where there is no room; request-invalid or format-unknown for a
   * body that cannot be read at all, or a batch id that was used for other bytes; event-invalid for a bad line in a
   * strict batch; not-ready (retryable) when the feed is closed before, and then the batch may be given again.
   */
  async offer(batch: PushBatch): Promise<PushResult> {
    if (this.#isClosed) throw closed()
    const key = batch.batchId === undefined ? undefined : hashOfId(batch.batchId)
    const fingerprint = key === undefined ? 0 : crc32(batch.bytes)
    const underWay = key === undefined ? undefined : this.#underWay.get(key)
    const before = key === undefined ? undefined : this.#batches.get(key)
    const known = underWay ?? before
    if (known !== undefined && known.fingerprint !== fingerprint) throw reused(batch.batchId ?? '')
    if (underWay !== undefined || before?.lineCount === 0) this.#repeatedBatchCount += 1
    if (underWay !== undefined) return underWay.answer
    if (before?.lineCount === 0) return resultOf(before)
    if (!this.#hasRoom(batch)) {
      this.#queueFullCount += 1
      throw this.#full()
    }
    const reader = new BatchReader(batch, batch.venue ?? this.#options.venue, this.#sink, before?.lineCount)
    const { promise: answer, resolve, reject } = Promise.withResolvers<PushResult>()
    const counts = { acceptedCount: 0, duplicateCount: 0, refusedCount: 0, ...(before && countsOf(before)) }
    const receivedTimeUs = this.#clock.nowUs()
    const isBegun = before !== undefined
    this.#queue.push({
      batch,
      reader,
      key,
      fingerprint,
      receivedTimeUs,
      refused: [],
      ...counts,
      isBegun,
      resolve,
      reject,
    })
    this.#queueBytes += batch.bytes.length
    if (key !== undefined) {
      this.#underWay.set(key, { fingerprint, answer })
      const forget = () => this.#underWay.delete(key)
      answer.then(forget, forget)
    }
    this.#wake()
    return answer
  }

  #hasRoom({ bytes, mayWait = false }: PushBatch): boolean {
    const { queueMaxBytes, queueMaxCount } = this.#options
    if (mayWait || this.#queue.length === 0) return true
    return this.#queue.length < queueMaxCount && this.#queueBytes + bytes.length <= queueMaxBytes
  }

  #full(): FinPulseError {
    const { queueMaxBytes, queueMaxCount } = this.#options
    const detail =
      `push: ${this.#queue.length} batches of ${this.#queueBytes} bytes wait already, ` +
      `at most ${queueMaxCount} and ${queueMaxBytes} bytes do; send it again in a moment`
    return new FinPulseError('queue-full', detail, { retryable: true })
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    this.#sink.clear()
    const { trades, quotes } = this.#sink.step
    trades.watermarkUs = -1
    for (;;) {
      signal.throwIfAborted()
      const finished = this.#fill()
      const deadLetters = this.#sink.ledger.drainDeadLetters()
      this.#promise()
      if (this.#sink.isEmpty && trades.watermarkUs < 0 && deadLetters.length === 0) {
        // Nothing of them is new: they are durable once what was given before them is.
        this.#owe(finished, this.#owed.at(-1))
      } else {
        this.#step += 1
        const owed = { step: this.#step, batches: [] }
        this.#owed.push(owed)
        this.#owe(finished, owed)
        const { payments, labels } = this.#sink
        return { trades, quotes, payments, labels, deadLetters, position: this.#position() }
      }
      await this.#sleep(signal)
    }
  }

  /** Reads from the queue until the step is full. @returns the batches that are at their end */
  #fill(): Waiting[] {
    const finished: Waiting[] = []
    const sink = this.#sink
    const nowUs = this.#clock.nowUs()
    while (!sink.isFull && this.#queue.length > 0) {
      const waiting = this.#queue[0]!
      const context = {
        source: waiting.batch.source ?? '',
        receivedTimeUs: waiting.receivedTimeUs,
        latestTimeUs: nowUs + this.#options.aheadMaxUs,
        takesWatermarks: this.#idle !== undefined,
        takenVenues: this.#options.takenVenues ?? [],
      }
      const isAtEnd = !this.#isWhole(waiting, context) || this.#read(waiting, context)
      if (!isAtEnd) break
      this.#queue.shift()
      this.#queueBytes -= waiting.batch.bytes.length
      finished.push(waiting)
    }
    return finished
  }

  /** Refuses a strict batch with a bad line, before anything of it is taken. @returns false where it was refused */
  #isWhole(waiting: Waiting, context: SinkContext): boolean {
    const { batch, isBegun } = waiting
    if (batch.isStrict !== true || isBegun) return true
    try {
      checkAllLines(batch, batch.venue ?? this.#options.venue, this.#instruments, context)
      return true
    } catch (error) {
      waiting.reject(error)
      return false
    }
  }

  /** @returns whether the batch is at its end */
  #read(waiting: Waiting, context: SinkContext): boolean {
    const sink = this.#sink
    waiting.isBegun = true
    sink.begin(context)
    const isAtEnd = waiting.reader.read((refusal, line, sample) => this.#refuse(waiting, refusal, line, sample))
    sink.ledger.lines += waiting.reader.lineCount
    waiting.acceptedCount += sink.acceptedCount
    waiting.duplicateCount += sink.duplicateCount
    this.#duplicateCount += sink.duplicateCount
    const { key, fingerprint, refused, acceptedCount, duplicateCount, refusedCount } = waiting
    if (key !== undefined) {
      const lineCount = isAtEnd ? 0 : waiting.reader.lineCount
      this.#batches.set(key, { fingerprint, lineCount, acceptedCount, duplicateCount, refusedCount, refused })
    }
    return isAtEnd
  }

  #refuse(waiting: Waiting, refusal: Refusal, line: number, sample: Uint8Array): void {
    waiting.refusedCount += 1
    if (waiting.refused.length < REFUSED_LINES_MAX_COUNT) waiting.refused.push({ line, ...refusal })
    this.#sink.ledger.refuse(refusal, `push:${line}`, waiting.receivedTimeUs, () => sample)
  }

  /** Puts the watermark that is due into the step. */
  #promise(): void {
    const { step, payments, watermarkUs, newestTimeUs, isEmpty } = this.#sink
    const nowUs = this.#clock.nowUs()
    const idleUs = isEmpty ? this.#idle?.take(nowUs) : this.#idle?.noteEvents(newestTimeUs, nowUs)
    step.trades.watermarkUs = Math.max(watermarkUs, idleUs ?? -1)
    payments.watermarkUs = watermarkUs
  }

  #owe(batches: readonly Waiting[], owed: Owed | undefined): void {
    if (owed !== undefined) owed.batches.push(...batches)
    else for (const batch of batches) batch.resolve(resultOf(batch))
  }

  committed(position: Uint8Array): void {
    const step = stepOf(position)
    while (this.#owed.length > 0 && this.#owed[0]!.step <= step) {
      for (const batch of this.#owed.shift()!.batches) batch.resolve(resultOf(batch))
    }
  }

  #position(): Uint8Array {
    return this.#positions.write(this.#step, this.#sink.newestTimeUs, this.#state)
  }

  /** Until something is offered, or a watermark is due. */
  async #sleep(signal: AbortSignal): Promise<void> {
    const waitUs = this.#idle?.waitUs(this.#clock.nowUs())
    const woken = Promise.withResolvers<void>()
    const ended = new AbortController()
    const onAbort = () => woken.reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    this.#wake = woken.resolve
    try {
      const due = waitUs === undefined ? [] : [this.#clock.sleep(Math.ceil(waitUs / 1000), ended.signal)]
      await Promise.race([woken.promise, ...due])
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#wake = () => undefined
      ended.abort()
    }
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = { ...this.#sink.ledger.snapshot().badByReason }
    const own = {
      'pushed-again': this.#duplicateCount,
      'batch-repeated': this.#repeatedBatchCount,
      'queue-full': this.#queueFullCount,
      'ids-forgotten': this.#events.forgottenCount,
    }
    for (const [reason, count] of Object.entries(own)) if (count > 0) counts[reason] = count
    return counts
  }

  status(): FeedStatus {
    return {
      name: this.name,
      state: 'running',
      sockets: [],
      clockAheadMs: null,
      reconnects: 0,
      queueCount: this.#queue.length,
      queueWaits: this.#queueFullCount,
      dropped: this.dropped(),
      lastError: null,
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const open = [...this.#owed.splice(0).flatMap(({ batches }) => batches), ...this.#queue.splice(0)]
    this.#queueBytes = 0
    for (const waiting of open) waiting.reject(closed())
  }
}

function countsOf({ acceptedCount, duplicateCount, refusedCount }: PushResult) {
  return { acceptedCount, duplicateCount, refusedCount }
}

function resultOf(from: PushResult): PushResult {
  return { ...countsOf(from), refused: from.refused }
}

function closed(): FinPulseError {
  return new FinPulseError('not-ready', 'push: is stopping; send the batch again later', { retryable: true })
}

function reused(batchId: string): FinPulseError {
  const shown = JSON.stringify(batchId.slice(0, 64))
  return new FinPulseError(
    'request-invalid',
    `batch id: expected a new one for each batch, got ${shown} with other bytes`,
  )
}
