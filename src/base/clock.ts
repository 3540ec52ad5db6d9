import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'

/** The only source of time outside tests. Event time never comes from here: it comes with the event. */
export interface Clock {
  /** Wall clock in µs since the Unix epoch; an integer. */
  nowUs(): number
  /** Resolves after `milliseconds`, or rejects with the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowUs: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  async sleep(milliseconds, signal) {
    try {
      await delay(milliseconds, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      // Node rejects with an AbortError around the reason.
      throw signal?.aborted ? signal.reason : error
    }
  },
}

interface Sleeper {
  readonly dueUs: number
  readonly order: number
  readonly wake: () => void
}

/** A clock that a test or the simulation harness moves by hand. Sleepers wake in order of due time, then of call. */
export class SimulatedClock implements Clock {
  #nowUs: number
  #sleepers: Sleeper[] = []
  #order = 0

  constructor(startUs: number) {
    this.#nowUs = startUs
  }

  nowUs(): number {
    return this.#nowUs
  }

  /** Calls of `sleep` that wait. */
  get sleeperCount(): number {
    return this.#sleepers.length
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal?.reason)
      }
      const wake = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const sleeper = { dueUs: this.#nowUs + Math.max(0, milliseconds) * 1000, order: this.#order++, wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', onAbort)
    })
  }

  /** Moves time forward, waking each sleeper at its own due time; what is under way may go to sleep before. */
  async advance(milliseconds: number): Promise<void> {
    await nextTurn()
    const endUs = this.#nowUs + milliseconds * 1000
    for (;;) {
      const next = this.#sleepers
        .filter((sleeper) => sleeper.dueUs <= endUs)
        .sort((a, b) => a.dueUs - b.dueUs || a.order - b.order)[0]
      if (next === undefined) break
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
      this.#nowUs = Math.max(this.#nowUs, next.dueUs)
      next.wake()
      await nextTurn()
    }
    this.#nowUs = endUs
  }
}
