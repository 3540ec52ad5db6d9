import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { systemClock } from '../../base/clock.ts'
import { Waiters } from '../waiters.ts'

/** Tells a reader of a log that is written elsewhere that a commit happened. */
export interface CommitWatch {
  /** As `EventLogReader.waitForCommit`. */
  wait(timeoutMs: number): Promise<void>
  /** Ends all waits. */
  close(): void
}

/** For a reader in another thread of the writer's process: sleeps on the counter that the writer's doorbell raises. */
export class DoorbellWatch implements CommitWatch {
  readonly #counter: Int32Array
  readonly #waiters = new Waiters()
  #seenCount: number

  constructor(counter: Int32Array) {
    this.#counter = counter
    this.#seenCount = Atomics.load(counter, 0)
  }

  async wait(timeoutMs: number): Promise<void> {
    const rung = Atomics.waitAsync(this.#counter, 0, this.#seenCount, timeoutMs)
    if (rung.async) await this.#waiters.wait(timeoutMs, systemClock, rung.value)
    this.#seenCount = Atomics.load(this.#counter, 0)
  }

  close(): void {
    this.#waiters.wakeAll()
  }
}

const POLL_INTERVAL_MS = 20

/** For a reader in another process, which shares no memory with the writer: asks SQLite whether the file has changed. */
export class PollingWatch implements CommitWatch {
  readonly #dataVersion: StatementSync
  readonly #waiters = new Waiters()
  #seenVersion: unknown
  #isClosed = false

  constructor(db: DatabaseSync) {
    this.#dataVersion = db.prepare('PRAGMA data_version')
    this.#seenVersion = this.#currentVersion()
  }

  async wait(timeoutMs: number): Promise<void> {
    const deadlineUs = systemClock.nowUs() + timeoutMs * 1000
    while (!this.#isClosed) {
      const version = this.#currentVersion()
      const hasChanged = version !== this.#seenVersion
      this.#seenVersion = version
      const remainingMs = (deadlineUs - systemClock.nowUs()) / 1000
      if (hasChanged || remainingMs <= 0) return
      await this.#waiters.wait(Math.min(POLL_INTERVAL_MS, remainingMs), systemClock)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#waiters.wakeAll()
  }

  #currentVersion(): unknown {
    return this.#dataVersion.get()?.data_version
  }
}
