import type { DeadLetterReason } from '../../events/dead-letter.ts'

export type PushFormat = 'ndjson' | 'csv' | 'json'

/** Events that another system hands over in one go. */
export interface PushBatch {
  readonly bytes: Uint8Array
  /** `json` is one event, or an array of them. */
  readonly format: PushFormat
  /** A batch whose id was taken before gets the answer of that time. */
  readonly batchId?: string
  /** Whether one bad line refuses the whole batch. */
  readonly isStrict?: boolean
  /** Of events that name none, instead of the feed's own. */
  readonly venue?: string
  /** Whose numbers the ids of payments are. */
  readonly source?: string
  /** Whether it waits where the queue is full, instead of being refused. The caller then bounds how much waits. */
  readonly mayWait?: boolean
}

export interface RefusedLine {
  /** From 1, header and blank lines included; in a JSON array the number of the element. */
  readonly line: number
  readonly reason: DeadLetterReason
  readonly detail: string
}

/** What has become of a batch: every line with an event is counted once. */
export interface PushResult {
  /** Durable in the log. */
  readonly acceptedCount: number
  /** Were taken before. */
  readonly duplicateCount: number
  readonly refusedCount: number
  /** The first refused lines. */
  readonly refused: readonly RefusedLine[]
}

/** Refused lines that an answer names. */
export const REFUSED_LINES_MAX_COUNT = 10
