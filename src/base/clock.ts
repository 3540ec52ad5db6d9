import { setTimeout as delay } from 'node:timers/promises'

/** The only source of time outside tests. Event time never comes from here: it comes with the event. */
export interface Clock {
  /** Wall clock in µs since the Unix epoch; an integer. */
  nowUs(): number
  /** Resolves after `milliseconds`, or rejects with the signal's reason when it aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowUs: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
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

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const sleeper = { dueUs: this.#nowUs + milliseconds * 1000, order: this.#order++, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal.reason)
      })
    })
  }

  /** Moves time forward, waking each sleeper at its own due time. */
  async advance(milliseconds: number): Promise<void> {
    const endUs = this.#nowUs + milliseconds * 1000
    for (;;) {
      const next = this.#sleepers
        .filter((sleeper) => sleeper.dueUs <= endUs)
        .sort((a, b) => a.dueUs - b.dueUs || a.order - b.order)[0]
      if (next === undefined) break
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
      this.#nowUs = Math.max(this.#nowUs, next.dueUs)
      next.wake()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#nowUs = endUs
  }
}
