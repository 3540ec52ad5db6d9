import type { Clock } from '../../base/clock.ts'

/** Lets one waiter sleep until something happens or a time has passed. */
export class Wake {
  #deferred: PromiseWithResolvers<void> | undefined

  ring(): void {
    this.#deferred?.resolve()
    this.#deferred = undefined
  }

  /** Resolves at the next `ring`, or after `milliseconds`. Rejects with the signal's reason when it aborts. */
  async wait(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#deferred ??= Promise.withResolvers<void>()
    const rung = new AbortController()
    const sleep = clock.sleep(milliseconds, AbortSignal.any([signal, rung.signal])).catch(() => undefined)
    await Promise.race([this.#deferred.promise, sleep])
    rung.abort()
    signal.throwIfAborted()
  }
}
