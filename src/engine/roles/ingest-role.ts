import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { retrying } from '../../base/retry.ts'
import { encodeQuotes, encodeTrades } from '../../events/batch-codec.ts'
import { encodeRecords } from '../../events/json.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { Feed, FeedStep } from '../../feeds/feed.ts'
import type { Append, EventLog } from '../../log/event-log.ts'
import { splitByPartition } from './partitioner.ts'

/** Checkpoint that holds the feed's position. */
export const INGEST_CHECKPOINT = 'ingest'

export interface IngestRoleOptions {
  readonly log: EventLog
  readonly feed: Feed
  readonly clock: Clock
  readonly logger: Logger
  readonly partitionCount: number
  /** Records behind the end at which the process role makes the feed wait. */
  readonly lagMaxCount: number
  /** Records that the process role has still to read. */
  readonly processLagCount: () => number
  /** Called with the new end of a partition of `market.trades`. */
  readonly onAppended?: (partition: number, endOffset: number) => void
}

const BACK_PRESSURE_WAIT_MS = 2

/** Moves events from the feed into the log; each step and the feed's position after it are one commit. */
export class IngestRole {
  readonly #options: IngestRoleOptions
  tradeCount = 0
  quoteCount = 0
  deadLetterCount = 0
  /** Times that the feed had to wait for the process role. */
  backPressureCount = 0
  hasEnded = false

  constructor(options: IngestRoleOptions) {
    this.#options = options
  }

  /** Runs until the feed ends or the signal aborts. What feed or log refuse for now is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.hasEnded) {
      await this.#waitForProcess(signal)
      try {
        await this.#step(signal)
      } catch (error) {
        // What was not committed then comes again: the feed's position was not committed either.
        if (signal.aborted && error === signal.reason) return
        throw error
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { feed, log } = this.#options
    const step = await this.#retrying('feed', signal, () => feed.next(signal))
    if (step === undefined) {
      this.hasEnded = true
      return
    }
    const appends = this.#appendsOf(step)
    if (appends.length === 0) return
    const commit = { appends, checkpoints: [{ name: INGEST_CHECKPOINT, value: step.position }] }
    const { firstOffsets } = await this.#retrying('log', signal, () => log.commit(commit))
    appends.forEach(({ topic, partition, batch }, index) => {
      if (topic !== 'market.trades') return
      this.#options.onAppended?.(partition, firstOffsets[index]! + batch.recordCount)
    })
    this.tradeCount += step.trades.count
    this.quoteCount += step.quotes.count
    this.deadLetterCount += step.deadLetters.length
  }

  #retrying<T>(subject: string, signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.#options
    const onRetry = (error: Error, delayMs: number) => {
      logger.warn({ err: error, delayMs }, `ingest role: the ${subject} refused, trying again`)
    }
    return retrying(operation, { clock, signal, onRetry })
  }

  async #waitForProcess(signal: AbortSignal): Promise<void> {
    const { processLagCount, lagMaxCount, clock } = this.#options
    while (processLagCount() > lagMaxCount && !signal.aborted) {
      this.backPressureCount += 1
      await clock.sleep(BACK_PRESSURE_WAIT_MS)
    }
  }

  #appendsOf(step: FeedStep): Append[] {
    const { partitionCount, clock } = this.#options
    const appends: Append[] = []
    splitByPartition(step.trades, partitionCount).forEach((batch, partition) => {
      if (batch.count === 0 && batch.watermarkUs < 0) return
      // A watermark without trades takes an offset of its own, so that every batch has one.
      const recordCount = Math.max(1, batch.count)
      const maxEventTimeUs = Math.max(newestOf(batch), batch.watermarkUs)
      const payload = encodeTrades(batch)
      appends.push({ topic: 'market.trades', partition, batch: { recordCount, payload, maxEventTimeUs } })
    })
    splitByPartition(step.quotes, partitionCount).forEach((batch, partition) => {
      if (batch.count === 0) return
      const payload = encodeQuotes(batch)
      const maxEventTimeUs = newestOf(batch)
      appends.push({ topic: 'market.quotes', partition, batch: { recordCount: batch.count, payload, maxEventTimeUs } })
    })
    if (step.deadLetters.length > 0) {
      const payload = encodeRecords(step.deadLetters)
      const batch = { recordCount: step.deadLetters.length, payload, maxEventTimeUs: clock.nowUs() }
      appends.push({ topic: 'dead-letters', partition: 0, batch })
    }
    return appends
  }
}

function newestOf(batch: TradeBatch | QuoteBatch): number {
  let newest = 0
  for (let row = 0; row < batch.count; row++) {
    if (batch.eventTimeUs[row]! > newest) newest = batch.eventTimeUs[row]!
  }
  return newest
}
