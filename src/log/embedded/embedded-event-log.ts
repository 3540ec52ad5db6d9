import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { Topic } from '../../events/topic.ts'
import { checkCommit } from '../commit-check.ts'
import { CommitListener, CommitSignal } from '../commit-signal.ts'
import type {
  Commit,
  CommitReceipt,
  EventLog,
  EventLogReader,
  LogBounds,
  LogStats,
  RetentionPolicy,
  StoredBatch,
} from '../event-log.ts'
import { logClosed } from '../log-errors.ts'
import { LogView } from '../log-view.ts'
import { doorbellCounter, ringDoorbell } from './doorbell.ts'
import { openForWriting } from './log-file.ts'
import { LogQueries } from './log-queries.ts'
import { LogWrites, type TimedCommit } from './log-writes.ts'
import { WriterLock } from './writer-lock.ts'

export interface EmbeddedEventLogOptions {
  /** Created where it is missing; holds `log.db`, its write-ahead log, and `lock.db`. */
  readonly directory: string
  readonly clock: Clock
  /** At least 4 bytes, shared with the readers in other threads: each commit wakes them. */
  readonly doorbell?: SharedArrayBuffer
}

interface PendingCommit extends TimedCommit {
  readonly settled: PromiseWithResolvers<CommitReceipt>
}

/** A group this large is written at once instead of at the end of the turn: the bound on what waits in memory. */
const GROUP_MAX_COUNT = 1_024
const GROUP_MAX_BYTES = 32 * 1024 * 1024

/**
 * The log in one SQLite file. The commits of one turn of the event loop share one transaction and one flush to the
 * disk, which blocks the thread that long: give the log a thread of its own where that matters.
 */
export class EmbeddedEventLog implements EventLog {
  readonly #db: DatabaseSync
  readonly #lock: WriterLock
  readonly #clock: Clock
  readonly #queries: LogQueries
  readonly #writes: LogWrites
  readonly #signal: CommitSignal
  readonly #listener: CommitListener
  readonly #doorbell: Int32Array | undefined
  #pending: PendingCommit[] = []
  #pendingBytes = 0
  #isClosed = false

  /** @throws FinPulseError data-dir-locked where another writer lives; data-dir-incompatible; log-failed */
  static open(options: EmbeddedEventLogOptions): EmbeddedEventLog {
    const lock = new WriterLock(options.directory)
    let db: DatabaseSync | undefined
    try {
      db = openForWriting(options.directory, randomUUID)
      return new EmbeddedEventLog(options, lock, db)
    } catch (error) {
      db?.close()
      lock.release()
      throw error
    }
  }

  private constructor(options: EmbeddedEventLogOptions, lock: WriterLock, db: DatabaseSync) {
    this.#lock = lock
    this.#db = db
    this.#clock = options.clock
    this.#queries = new LogQueries(db)
    this.#writes = new LogWrites(db)
    this.#signal = new CommitSignal(options.clock)
    this.#listener = new CommitListener(this.#signal)
    this.#doorbell = options.doorbell === undefined ? undefined : doorbellCounter(options.doorbell)
  }

  /** A further reader in this thread, with its own memory of what `waitForCommit` has told it. */
  reader(): EventLogReader {
    const listener = new CommitListener(this.#signal)
    return new LogView(
      this,
      (timeoutMs) => listener.wait(timeoutMs),
      () => undefined,
    )
  }

  async epoch(): Promise<string> {
    this.#checkOpen()
    return this.#queries.epoch()
  }

  async bounds(topic: Topic, partition: number): Promise<LogBounds> {
    this.#checkOpen()
    return this.#queries.bounds(topic, partition)
  }

  async read(topic: Topic, partition: number, fromOffset: number, maxBytes: number): Promise<readonly StoredBatch[]> {
    this.#checkOpen()
    return this.#queries.read(topic, partition, fromOffset, maxBytes)
  }

  async checkpoint(name: string): Promise<Uint8Array | undefined> {
    this.#checkOpen()
    return this.#queries.checkpoint(name)
  }

  async stats(): Promise<readonly LogStats[]> {
    this.#checkOpen()
    return this.#queries.stats()
  }

  async waitForCommit(timeoutMs: number): Promise<void> {
    this.#checkOpen()
    await this.#listener.wait(timeoutMs)
  }

  async commit(commit: Commit): Promise<CommitReceipt> {
    this.#checkOpen()
    checkCommit(commit)
    const settled = Promise.withResolvers<CommitReceipt>()
    if (this.#pending.length === 0) setImmediate(() => this.#flush())
    this.#pending.push({ commit, appendedTimeUs: this.#clock.nowUs(), settled })
    this.#pendingBytes += bytesOfCommit(commit)
    if (this.#pending.length >= GROUP_MAX_COUNT || this.#pendingBytes >= GROUP_MAX_BYTES) this.#flush()
    return settled.promise
  }

  async retain(policies: readonly RetentionPolicy[], nowUs: number): Promise<number> {
    this.#checkOpen()
    this.#flush()
    let droppedCount = 0
    for (const policy of policies) {
      for (const partition of this.#writes.partitionsOf(policy.topic)) {
        droppedCount += await this.#retainPartition(policy, partition, nowUs)
      }
    }
    return droppedCount
  }

  async reset(): Promise<void> {
    this.#checkOpen()
    this.#flush()
    this.#writes.reset(randomUUID())
    this.#announce()
  }

  /** Commits made before are still written. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#flush()
    this.#isClosed = true
    this.#signal.close()
    this.#db.close()
    this.#lock.release()
  }

  #flush(): void {
    const group = this.#pending
    if (group.length === 0) return
    this.#pending = []
    this.#pendingBytes = 0
    try {
      const receipts = this.#writes.write(group)
      group.forEach(({ settled }, index) => {
        settled.resolve(receipts[index]!)
      })
      this.#announce()
    } catch (error) {
      // Malformed commits were refused before: what fails here is the storage, for all of them alike.
      for (const { settled } of group) settled.reject(error)
    }
  }

  /** In steps of a transaction each, with turns for commits and reads between them. */
  async #retainPartition(policy: RetentionPolicy, partition: number, nowUs: number): Promise<number> {
    let droppedCount = 0
    while (!this.#isClosed) {
      const stepCount = this.#writes.dropOldest(policy, partition, nowUs)
      if (stepCount === 0) break
      droppedCount += stepCount
      await nextTurn()
    }
    return droppedCount
  }

  #announce(): void {
    this.#signal.raise()
    if (this.#doorbell !== undefined) ringDoorbell(this.#doorbell)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw logClosed()
  }
}

function bytesOfCommit({ appends, checkpoints = [] }: Commit): number {
  let bytes = 0
  for (const { batch } of appends) bytes += batch.payload.length
  for (const { value } of checkpoints) bytes += value?.length ?? 0
  return bytes
}
