import type { Clock } from '../../base/clock.ts'
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

  /** Runs until the feed ends or the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { feed, log } = this.#options
    while (!signal.aborted) {
      await this.#waitForProcess(signal)
      const step = await feed.next(signal).catch((error: unknown) => {
        if (signal.aborted) return 'aborted' as const
        throw error
      })
      if (step === 'aborted') return
      if (step === undefined) {
        this.hasEnded = true
        return
      }
      const appends = this.#appendsOf(step)
      if (appends.length === 0) continue
      const checkpoints = [{ name: INGEST_CHECKPOINT, value: step.position }]
      const { firstOffsets } = await log.commit({ appends, checkpoints })
      appends.forEach(({ topic, partition, batch }, index) => {
        if (topic !== 'market.trades') return
        this.#options.onAppended?.(partition, firstOffsets[index]! + batch.recordCount)
      })
      this.tradeCount += step.trades.count
      this.quoteCount += step.quotes.count
      this.deadLetterCount += step.deadLetters.length
    }
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
