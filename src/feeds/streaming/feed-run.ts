import type { Clock } from '../../base/clock.ts'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { FeedStatus, FeedStep } from '../feed.ts'
import { type OwnStatus, type StreamingParts, streamingStatus } from './streaming-status.ts'
import type { Wake } from './wake.ts'

/** What a feed that streams is opened with. */
export interface StreamingContext {
  readonly clock: Clock
  /** Seed of the jitter. */
  readonly seed: number
  readonly logger?: Logger
  /** Of a step that was committed before. */
  readonly position?: Uint8Array
}

export interface FeedRunOptions extends StreamingParts {
  readonly logger: Logger
  /** Rung by whatever may be work for a step. */
  readonly wake: Wake
  /** Looks after what is the venue's own about the sockets. Called often, as the sockets are looked after. */
  readonly onCheck?: () => void
  /** Asks for what is missing, until the signal aborts. */
  readonly runRepairs: (signal: AbortSignal) => Promise<void>
  /** True where every socket lives and brings all that it should, and nothing of before is awaited. */
  readonly isFollowing: () => boolean
}

/** The life of a feed that streams: sockets and repairs go on from the first `next` until `close`, steps are pulled. */
export class FeedRun {
  readonly #options: FeedRunOptions
  readonly #closing = new AbortController()
  #running: Promise<unknown> | undefined
  #failure: unknown

  constructor(options: FeedRunOptions) {
    this.#options = options
  }

  /** Why it does not go on, or null. */
  get failureText(): string | null {
    return this.#failure === undefined ? null : messageOf(this.#failure)
  }

  async next(signal: AbortSignal): Promise<FeedStep> {
    signal.throwIfAborted()
    this.#start()
    const { clock, limits, sockets, steps, wake } = this.#options
    const idleUs = clock.nowUs() + limits.idleStepMs * 1000
    while (!this.#hasWork) {
      const restMs = (idleUs - clock.nowUs()) / 1000
      if (restMs <= 0) return steps.fill(this.#promiseUs())
      // While it holds nothing may ring when the time is over.
      await wake.wait(clock, steps.isHolding ? Math.min(restMs, limits.checkEveryMs) : restMs, signal)
      if (this.#failure !== undefined) throw this.#failure
    }
    if (sockets.queue.count < limits.batchMaxCount) await clock.sleep(limits.gatherMs, signal)
    return steps.fill(-1)
  }

  get #hasWork(): boolean {
    const { ledger, sockets, steps } = this.#options
    return ledger.hasFound || steps.hasRepaired || (sockets.queue.count > 0 && !steps.isHolding)
  }

  #start(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#running !== undefined) return
    const { signal } = this.#closing
    const { runRepairs, wake } = this.#options
    this.#running = Promise.all([this.#watch(signal), runRepairs(signal)]).catch((error: unknown) => {
      if (signal.aborted && error === signal.reason) return
      this.#failure = error
      wake.ring()
    })
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, limits, onCheck, sockets } = this.#options
    for (;;) {
      sockets.check()
      onCheck?.()
      await clock.sleep(limits.checkEveryMs, signal)
    }
  }

  /** What a step without rows may promise: that nothing older will come. -1 where something may. */
  #promiseUs(): number {
    const { clock, ledger, limits, sockets, steps, isFollowing } = this.#options
    if (sockets.queue.count > 0 || ledger.hasMissing || !isFollowing()) return -1
    const aheadUs = Math.min(0, (steps.skew.aheadMs ?? 0) * 1000)
    // While a socket is silent it may be dead, and then what it should have brought is missing.
    const knownUs = Math.min(clock.nowUs() - limits.idleLatenessMs * 1000, sockets.heardUs)
    return Math.floor(knownUs + aheadUs)
  }

  status(own: OwnStatus): FeedStatus {
    return streamingStatus(this.#options, own)
  }

  async close(): Promise<void> {
    const { name, logger, sockets } = this.#options
    this.#closing.abort(new FinPulseError('not-ready', `${name} feed: is closed`))
    await this.#running
    sockets.close()
    logger.debug(`${name} feed: closed`)
  }
}
