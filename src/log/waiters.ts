import type { Clock } from '../base/clock.ts'

/** Longer timers overflow in Node and fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/**
 * Those who wait for the same thing. Nothing of a wait is left behind when it ends: a race against one long-lived
 * promise would keep an entry for each wait that timed out.
 */
export class Waiters {
  readonly #wakes = new Set<() => void>()

  wakeAll(): void {
    for (const wake of this.#wakes) wake()
  }

  /**
   * Resolves on `wakeAll`, when `also` does, or after `timeoutMs`, whichever is first. The timer keeps the process alive
   * meanwhile, which `Atomics.waitAsync` alone does not.
   */
  async wait(timeoutMs: number, clock: Clock, also?: Promise<unknown>): Promise<void> {
    const timer = new AbortController()
    const woken = Promise.withResolvers<void>()
    this.#wakes.add(woken.resolve)
    const elapsed = clock
      .sleep(Math.min(Math.max(timeoutMs, 0), TIMER_MAX_MS), timer.signal)
      .catch((error: unknown) => {
        if (!timer.signal.aborted) throw error
      })
    try {
      await Promise.race(also === undefined ? [woken.promise, elapsed] : [woken.promise, elapsed, also])
    } finally {
      this.#wakes.delete(woken.resolve)
      timer.abort()
    }
  }
}
