import type { Clock } from '../base/clock.ts'
import { logClosed } from './log-errors.ts'
import { Waiters } from './waiters.ts'

/** Tells the readers of one process that a commit happened. Each reader has a listener, with its own memory. */
export class CommitSignal {
  readonly #clock: Clock
  readonly #waiters = new Waiters()
  #commitCount = 0
  #isClosed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get commitCount(): number {
    return this.#commitCount
  }

  /** A commit happened. */
  raise(): void {
    this.#commitCount++
    this.#waiters.wakeAll()
  }

  /** Ends all waits, and refuses later ones. */
  close(): void {
    this.#isClosed = true
    this.#waiters.wakeAll()
  }

  /** @throws FinPulseError log-closed */
  async next(timeoutMs: number): Promise<void> {
    if (this.#isClosed) throw logClosed()
    await this.#waiters.wait(timeoutMs, this.#clock)
  }
}

export class CommitListener {
  readonly #signal: CommitSignal
  #seenCount: number

  constructor(signal: CommitSignal) {
    this.#signal = signal
    this.#seenCount = signal.commitCount
  }

  /** As `EventLogReader.waitForCommit`. */
  async wait(timeoutMs: number): Promise<void> {
    if (this.#signal.commitCount === this.#seenCount) await this.#signal.next(timeoutMs)
    this.#seenCount = this.#signal.commitCount
  }
}
