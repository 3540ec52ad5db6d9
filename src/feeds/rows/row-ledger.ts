import {
  DEAD_LETTER_REASONS,
  DEAD_LETTER_SAMPLE_MAX_LENGTH,
  type DeadLetter,
  type DeadLetterReason,
} from '../../events/dead-letter.ts'
import type { Refusal } from './market-row.ts'

/** What has been read of an input so far. JSON-serialisable. */
export interface RowCounts {
  readonly trades: number
  readonly quotes: number
  /** Lines or records, blank ones and headers included. */
  readonly lines: number
  readonly bad: number
  readonly badByReason: Readonly<Partial<Record<DeadLetterReason, number>>>
  readonly passedOver: number
  /** By what they are: `depthUpdate`, `kline`, `candle`, … */
  readonly passedOverByKind: Readonly<Record<string, number>>
  /** Inputs that could not be read to their end. */
  readonly unreadableInputs: number
  /** Earliest and latest event time, µs; absent before the first event. */
  readonly firstEventTimeUs?: number
  readonly lastEventTimeUs?: number
}

/** Dead letters kept for each reason; what is beyond is only counted. */
export const SAMPLES_PER_REASON = 5
/** Kinds come from the input: a bounded number of them is told apart. */
const KINDS_MAX_COUNT = 64
const KIND_MAX_LENGTH = 48
const OTHER_KINDS = 'other'
const textDecoder = new TextDecoder()
const SAMPLE_MAX_BYTES = DEAD_LETTER_SAMPLE_MAX_LENGTH * 4

/** The counters behind RowCounts, and the first dead letters of each reason. */
export class RowLedger {
  trades = 0
  quotes = 0
  lines = 0
  unreadableInputs = 0
  firstEventTimeUs = Number.POSITIVE_INFINITY
  lastEventTimeUs = Number.NEGATIVE_INFINITY
  readonly #bad = new Map<DeadLetterReason, number>()
  readonly #passedOver = new Map<string, number>()
  #deadLetters: DeadLetter[] = []

  constructor(start: RowCounts | undefined) {
    if (start === undefined) return
    this.trades = start.trades
    this.quotes = start.quotes
    this.lines = start.lines
    this.unreadableInputs = start.unreadableInputs
    this.firstEventTimeUs = start.firstEventTimeUs ?? this.firstEventTimeUs
    this.lastEventTimeUs = start.lastEventTimeUs ?? this.lastEventTimeUs
    for (const reason of DEAD_LETTER_REASONS) {
      const count = start.badByReason[reason]
      if (count !== undefined) this.#bad.set(reason, count)
    }
    for (const [kind, count] of Object.entries(start.passedOverByKind)) this.#passedOver.set(kind, count)
  }

  snapshot(): RowCounts {
    const hasEvents = this.firstEventTimeUs !== Number.POSITIVE_INFINITY
    return {
      trades: this.trades,
      quotes: this.quotes,
      lines: this.lines,
      bad: sum(this.#bad.values()),
      badByReason: Object.fromEntries(this.#bad),
      passedOver: sum(this.#passedOver.values()),
      passedOverByKind: Object.fromEntries(this.#passedOver),
      unreadableInputs: this.unreadableInputs,
      ...(hasEvents ? { firstEventTimeUs: this.firstEventTimeUs, lastEventTimeUs: this.lastEventTimeUs } : {}),
    }
  }

  noteTime(eventTimeUs: number): void {
    if (eventTimeUs < this.firstEventTimeUs) this.firstEventTimeUs = eventTimeUs
    if (eventTimeUs > this.lastEventTimeUs) this.lastEventTimeUs = eventTimeUs
  }

  passOver(kind: string, count = 1): void {
    const short = kind.length > KIND_MAX_LENGTH ? `${kind.slice(0, KIND_MAX_LENGTH)}…` : kind
    const isKept = this.#passedOver.has(short) || this.#passedOver.size < KINDS_MAX_COUNT
    const name = isKept ? short : OTHER_KINDS
    this.#passedOver.set(name, (this.#passedOver.get(name) ?? 0) + count)
  }

  /**
   * Counts a bad row, and keeps it as a dead letter while it is one of the first of its reason.
   * `receivedTimeUs` may be NaN: then the latest event time stands in, so that the same input gives the same letters.
   */
  refuse(refusal: Refusal, source: string, receivedTimeUs: number, sample: () => Uint8Array | string): void {
    const count = (this.#bad.get(refusal.reason) ?? 0) + 1
    this.#bad.set(refusal.reason, count)
    if (count > SAMPLES_PER_REASON) return
    const timeUs = Number.isNaN(receivedTimeUs) ? Math.max(0, this.lastEventTimeUs) : receivedTimeUs
    this.#deadLetters.push({
      type: 'dead-letter',
      reason: refusal.reason,
      detail: refusal.detail,
      source,
      receivedTimeMs: timeUs / 1000,
      sample: sampleText(sample()),
    })
  }

  /** The dead letters since the last call: at most SAMPLES_PER_REASON for each reason over the whole input. */
  drainDeadLetters(): DeadLetter[] {
    const drained = this.#deadLetters
    this.#deadLetters = []
    return drained
  }
}

function sampleText(sample: Uint8Array | string): string {
  const text = typeof sample === 'string' ? sample : textDecoder.decode(sample.subarray(0, SAMPLE_MAX_BYTES))
  return text.slice(0, DEAD_LETTER_SAMPLE_MAX_LENGTH)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
