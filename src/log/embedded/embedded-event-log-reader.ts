import type { DatabaseSync } from 'node:sqlite'
import type { Topic } from '../../events/topic.ts'
import type { EventLogReader, LogBounds, LogStats, StoredBatch } from '../event-log.ts'
import { logClosed } from '../log-errors.ts'
import { type CommitWatch, DoorbellWatch, PollingWatch } from './commit-watch.ts'
import { doorbellCounter } from './doorbell.ts'
import { openForReading } from './log-file.ts'
import { LogQueries } from './log-queries.ts'

export interface EmbeddedEventLogReaderOptions {
  readonly directory: string
  /** The writer's; without it the reader polls the file every 20 ms while it waits. */
  readonly doorbell?: SharedArrayBuffer
}

/**
 * Reads the log of a directory while a writer in another thread or process goes on. Each read is a snapshot: it never
 * sees half a commit, and holds nothing when it returns.
 */
export class EmbeddedEventLogReader implements EventLogReader {
  readonly #db: DatabaseSync
  readonly #queries: LogQueries
  readonly #watch: CommitWatch
  #isClosed = false

  /** @throws FinPulseError not-ready where no writer has created the log yet; data-dir-incompatible */
  static open(options: EmbeddedEventLogReaderOptions): EmbeddedEventLogReader {
    return new EmbeddedEventLogReader(openForReading(options.directory), options.doorbell)
  }

  private constructor(db: DatabaseSync, doorbell: SharedArrayBuffer | undefined) {
    this.#db = db
    this.#queries = new LogQueries(db)
    this.#watch = doorbell === undefined ? new PollingWatch(db) : new DoorbellWatch(doorbellCounter(doorbell))
  }

  async epoch(): Promise<string> {
    return this.#open().epoch()
  }

  async bounds(topic: Topic, partition: number): Promise<LogBounds> {
    return this.#open().bounds(topic, partition)
  }

  async read(topic: Topic, partition: number, fromOffset: number, maxBytes: number): Promise<readonly StoredBatch[]> {
    return this.#open().read(topic, partition, fromOffset, maxBytes)
  }

  async checkpoint(name: string): Promise<Uint8Array | undefined> {
    return this.#open().checkpoint(name)
  }

  async stats(): Promise<readonly LogStats[]> {
    return this.#open().stats()
  }

  async waitForCommit(timeoutMs: number): Promise<void> {
    this.#open()
    await this.#watch.wait(timeoutMs)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#watch.close()
    this.#db.close()
  }

  #open(): LogQueries {
    if (this.#isClosed) throw logClosed()
    return this.#queries
  }
}
