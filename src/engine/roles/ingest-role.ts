import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { retrying } from '../../base/retry.ts'
import type { Feed, FeedStep } from '../../feeds/feed.ts'
import type { Append, Commit, EventLog } from '../../log/event-log.ts'
import { appendsOf } from './step-appends.ts'

/** Checkpoint that holds the position of the main feed; others have a name behind it. */
export const INGEST_CHECKPOINT = 'ingest'

export interface IngestRoleOptions {
  readonly log: EventLog
  readonly feed: Feed
  readonly clock: Clock
  readonly logger: Logger
  readonly partitionCount: number
  /** Where the feed's position is kept. Default: `INGEST_CHECKPOINT`. */
  readonly checkpoint?: string
  /** Whether a role that reads what is appended is so far behind that the feed has to wait. */
  readonly isBehind: () => boolean
  /** Called with the new end of a partition of `market.trades`. */
  readonly onAppended?: (partition: number, endOffset: number) => void
}

const BACK_PRESSURE_WAIT_MS = 2
/** Full steps that share a commit while the feed has more at hand: each commit costs a flush to the disk. */
const STEPS_PER_COMMIT = 8

/** Moves events from the feed into the log; some steps and the feed's position after them are one commit. */
export class IngestRole {
  readonly #options: IngestRoleOptions
  tradeCount = 0
  quoteCount = 0
  deadLetterCount = 0
  /** Times that the feed had to wait for a role that was behind. */
  backPressureCount = 0
  hasEnded = false
  /** A step that was asked for before its turn. */
  #ahead: Promise<FeedStep | undefined> | undefined

  constructor(options: IngestRoleOptions) {
    this.#options = options
  }

  /** Runs until the feed ends or the signal aborts. What feed or log refuse with a retryable error is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted && !this.hasEnded) {
        await this.#waitForRoles(signal)
        await this.#step(signal)
      }
    } catch (error) {
      // What was not committed then comes again: the feed's position was not committed either.
      if (!signal.aborted || error !== signal.reason) throw error
    } finally {
      // The feed may be closed as soon as nothing is asked of it any more.
      await this.#ahead?.catch(() => undefined)
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { partitionCount, clock, feed, checkpoint = INGEST_CHECKPOINT } = this.#options
    const appends: Append[] = []
    const counts = { trades: 0, quotes: 0, deadLetters: 0 }
    let position: Uint8Array | undefined
    let keepsPosition = false
    let isLast = false
    for (let stepCount = 1; ; stepCount++) {
      const step = await this.#next(signal)
      isLast = step === undefined
      if (step === undefined) break
      // The batches are the feed's again once it is asked for more, so they are encoded before.
      appends.push(...appendsOf(step, partitionCount, clock.nowUs()))
      position = step.position
      keepsPosition ||= step.keepsPosition === true
      counts.trades += step.trades.count
      counts.quotes += step.quotes.count
      counts.deadLetters += step.deadLetters.length
      const isFull = step.trades.isFull || step.quotes.isFull || step.payments?.isFull === true
      if (!isFull || stepCount >= STEPS_PER_COMMIT || !(await this.#hasMoreAtHand(signal))) break
    }
    if (appends.length > 0 || keepsPosition) {
      await this.#commit({ appends, checkpoints: [{ name: checkpoint, value: position! }] }, signal)
      feed.committed?.(position!)
    }
    this.tradeCount += counts.trades
    this.quoteCount += counts.quotes
    this.deadLetterCount += counts.deadLetters
    this.hasEnded = isLast
  }

  #next(signal: AbortSignal): Promise<FeedStep | undefined> {
    const ahead = this.#ahead
    this.#ahead = undefined
    return ahead ?? this.#retrying('feed', signal, () => this.#options.feed.next(signal))
  }

  /** Asks the feed for its next step ahead of time. @returns whether it came without waiting for anything */
  async #hasMoreAtHand(signal: AbortSignal): Promise<boolean> {
    const ahead = this.#next(signal)
    this.#ahead = ahead
    const settled = ahead.then(
      () => true,
      // Reported by whoever takes the step; what was read before it is committed first.
      () => false,
    )
    return Promise.race([settled, nextTurn(false)])
  }

  async #commit(commit: Commit, signal: AbortSignal): Promise<void> {
    const { log, onAppended } = this.#options
    const { firstOffsets } = await this.#retrying('log', signal, () => log.commit(commit))
    commit.appends.forEach(({ topic, partition, batch }, index) => {
      if (topic === 'market.trades') onAppended?.(partition, firstOffsets[index]! + batch.recordCount)
    })
  }

  #retrying<T>(subject: string, signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.#options
    const onRetry = (error: Error, delayMs: number) => {
      logger.warn({ err: error, delayMs }, `ingest role: the ${subject} refused, trying again`)
    }
    return retrying(operation, { clock, signal, onRetry })
  }

  async #waitForRoles(signal: AbortSignal): Promise<void> {
    const { isBehind, clock } = this.#options
    while (isBehind() && !signal.aborted) {
      this.backPressureCount += 1
      await clock.sleep(BACK_PRESSURE_WAIT_MS)
    }
  }
}
