import type { Topic } from '../events/topic.ts'

/** Largest payload of a batch and largest value of a checkpoint. */
export const BATCH_PAYLOAD_MAX_BYTES = 64 * 1024 * 1024

/** What is appended: opaque bytes that stand for `recordCount` records. The log never looks inside. */
export interface LogBatch {
  /** At least 1. */
  readonly recordCount: number
  /**
   * At most `BATCH_PAYLOAD_MAX_BYTES`. Appended: not to be changed or transferred until `commit` settles. Read: the
   * reader's own copy, alone in its buffer and so aligned and transferable.
   */
  readonly payload: Uint8Array
  /** Latest event time inside, µs: retention by age goes by it. */
  readonly maxEventTimeUs: number
}

export interface Append {
  readonly topic: Topic
  readonly partition: number
  readonly batch: LogBatch
}

/** A named durable value that changes together with appends: a feed's position, a processor's input offset and state. */
export interface CheckpointWrite {
  readonly name: string
  /** Absent: the checkpoint is deleted. */
  readonly value?: Uint8Array
}

export interface Commit {
  readonly appends: readonly Append[]
  readonly checkpoints?: readonly CheckpointWrite[]
}

/** Where each append of a commit landed, in the commit's order: the offset of its first record. */
export interface CommitReceipt {
  readonly firstOffsets: readonly number[]
}

export interface StoredBatch extends LogBatch {
  readonly topic: Topic
  readonly partition: number
  /** Offset of the first record; the batch covers `[firstOffset, firstOffset + recordCount)`. */
  readonly firstOffset: number
  /** Wall clock of the append, µs. */
  readonly appendedTimeUs: number
}

export interface LogBounds {
  /** Oldest offset still kept. */
  readonly startOffset: number
  /** Offset that the next record will get. */
  readonly endOffset: number
}

/** What may be forgotten. Both limits apply; whole batches only, oldest first, never the newest of a partition. */
export interface RetentionPolicy {
  readonly topic: Topic
  /** Batches whose newest event is older than this are dropped. */
  readonly maxAgeUs?: number
  /** Oldest batches are dropped until the payloads of a partition take at most this. */
  readonly maxBytes?: number
  /** Offsets at or above this are kept whatever the limits say, by partition: what a role has not read yet. */
  readonly keepFromOffsets?: ReadonlyMap<number, number>
}

export interface LogStats {
  readonly topic: Topic
  readonly partition: number
  readonly startOffset: number
  readonly endOffset: number
  readonly payloadBytes: number
}

/**
 * The reading half: any number of readers, in any thread, none of which ever waits for the writer.
 * Everything rejects with FinPulseError log-closed after close, and with log-failed where the storage refuses.
 */
export interface EventLogReader {
  /** Identity of this log's life. Offsets of another epoch mean nothing here. */
  epoch(): Promise<string>
  bounds(topic: Topic, partition: number): Promise<LogBounds>
  /**
   * Batches in order of offset, beginning with the one that contains `fromOffset`; empty at the end of the log.
   * At least one batch where there is one, then as many as fit in `maxBytes`.
   * @throws FinPulseError offset-out-of-range below the start or above the end; log-corrupt where the first batch does
   *   not match its checksum, with topic, partition, offset and, to go on behind it, `nextOffset` in its context
   */
  read(topic: Topic, partition: number, fromOffset: number, maxBytes: number): Promise<readonly StoredBatch[]>
  /** The last committed value, or undefined. */
  checkpoint(name: string): Promise<Uint8Array | undefined>
  stats(): Promise<readonly LogStats[]>
  /**
   * Resolves at once where a commit or reset happened since the last call (or since the reader was opened), else at the
   * next one, after `timeoutMs`, or on close. The memory of the last call is the reader's: each role waits on a reader
   * of its own. It may resolve early for nothing, and not notice a commit that changed nothing.
   */
  waitForCommit(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/**
 * A durable, partitioned, append-only record of everything that happened.
 *
 * Order: the records of a partition keep the order of their commits; within a commit, the order of its appends.
 * Atomicity: a commit's appends and checkpoints become visible and durable together or not at all.
 * Durability: when `commit` resolves, a crash of the process or the machine does not undo it.
 * Group commit: calls made in the same turn of the event loop may share one flush; each still is atomic on its own.
 */
export interface EventLog extends EventLogReader {
  /**
   * @throws FinPulseError log-closed after close; log-conflict where a newer writer opened the log; log-failed where the
   *   storage refuses, for example a full disk: nothing of the commit is kept and it may be tried again; internal where
   *   the commit is malformed
   */
  commit(commit: Commit): Promise<CommitReceipt>
  /** Applies the policies now. @returns the number of records dropped */
  retain(policies: readonly RetentionPolicy[], nowUs: number): Promise<number>
  /** Forgets everything and begins a new epoch: used when a replay is moved to another time. */
  reset(): Promise<void>
}
