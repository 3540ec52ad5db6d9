import type { Topic } from '../events/topic.ts'
import type { EventLogReader, LogBounds, LogStats, StoredBatch } from './event-log.ts'
import { logClosed } from './log-errors.ts'

type Reads = Pick<EventLogReader, 'epoch' | 'bounds' | 'read' | 'checkpoint' | 'stats'>

/** What a view reads by: a log that is open here, or the queries of a log's file, which answer at once. */
export type LogReads = {
  readonly [Name in keyof Reads]: (
    ...args: Parameters<Reads[Name]>
  ) => ReturnType<Reads[Name]> | Awaited<ReturnType<Reads[Name]>>
}

/**
 * A reader of a log that is open elsewhere. It has its own memory of what `waitForCommit` has told it, so that one
 * role's wait does not swallow the commit that another role waits for. Closing it leaves the log open.
 */
export class LogView implements EventLogReader {
  readonly #reads: LogReads
  readonly #waitForCommit: (timeoutMs: number) => Promise<void>
  readonly #release: () => void
  #isClosed = false

  /** @param release called once, when the view is closed */
  constructor(reads: LogReads, waitForCommit: (timeoutMs: number) => Promise<void>, release: () => void) {
    this.#reads = reads
    this.#waitForCommit = waitForCommit
    this.#release = release
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
    await this.#waitForCommit(timeoutMs)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#release()
  }

  #open(): LogReads {
    if (this.#isClosed) throw logClosed()
    return this.#reads
  }
}
