import type { Topic } from '../events/topic.ts'
import type { CommitListener } from './commit-signal.ts'
import type { EventLogReader, LogBounds, LogStats, StoredBatch } from './event-log.ts'
import { logClosed } from './log-errors.ts'

/**
 * A further reader of a log that is open in this process. It has its own memory of what `waitForCommit` has told it, so
 * that one role's wait does not swallow the commit that another role waits for. Closing it leaves the log open.
 */
export class LocalReader implements EventLogReader {
  readonly #log: EventLogReader
  readonly #listener: CommitListener
  #isClosed = false

  constructor(log: EventLogReader, listener: CommitListener) {
    this.#log = log
    this.#listener = listener
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
    await this.#listener.wait(timeoutMs)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #open(): EventLogReader {
    if (this.#isClosed) throw logClosed()
    return this.#log
  }
}
