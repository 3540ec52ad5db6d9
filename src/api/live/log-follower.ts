import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../../base/clock.ts'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { Alert } from '../../events/alert.ts'
import { decodeQuotes, decodeTrades } from '../../events/batch-codec.ts'
import type { Candle } from '../../events/candle.ts'
import { decodeRecords } from '../../events/json.ts'
import type { Topic } from '../../events/topic.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { EventLogReader, StoredBatch } from '../../log/event-log.ts'
import type { LiveHub } from './live-hub.ts'
import { RECENT_TRADES_COUNT } from './recent-trades.ts'

/** The topics that clients can subscribe to. */
export const FOLLOWED_TOPICS = ['market.trades', 'market.quotes', 'market.candles', 'alerts'] as const
export type FollowedTopic = (typeof FOLLOWED_TOPICS)[number]

const READ_MAX_BYTES = 1024 * 1024
const WAIT_MAX_MS = 250
const RETRY_DELAY_MS = 500
/** The event loop gets a turn at least this often while much is read: frames and requests must not wait. */
const TURN_MAX_MS = 10

export interface FollowerEvents {
  /** All that is in the log now has been taken in. */
  caughtUp(): void
  /** The log began anew; the hub is empty already. */
  reset(epoch: string): void
  /** Records were passed over because the log had dropped them before they were read, or could not be decoded. */
  lost(topic: FollowedTopic, count: number): void
}

/** What everything read is handed to: the live hub, or whatever else takes in the same. */
export type FollowedInto = Pick<
  LiveHub,
  'instruments' | 'areCandlesWatched' | 'takeTrades' | 'takeQuotes' | 'takeCandles' | 'takeAlerts' | 'reset'
> & {
  /** Identity of the log that everything comes from. */
  epoch: string
  /** Whether batches of trades are kept after they were taken in; if not, one is filled again and again. */
  readonly tradeChannel: { readonly isWatched: boolean }
}

interface Position {
  readonly topic: FollowedTopic
  readonly partition: number
  nextOffset: number
}

/** Reads the log from its end on, for as long as it runs, and hands everything to the hub. */
export class LogFollower {
  readonly #log: EventLogReader
  readonly #hub: FollowedInto
  readonly #partitionCount: number
  readonly #events: FollowerEvents
  readonly #logger: Logger
  /** Shortest time between two passes, ms: reads of many small commits are taken together. */
  readonly #passIntervalMs: () => number
  readonly #clock: Clock
  #positions: Position[] = []
  #isStopped = false
  #running: Promise<void> | undefined
  #turnStartedMs = 0
  #trades: TradeBatch | undefined

  constructor(options: {
    readonly log: EventLogReader
    readonly hub: FollowedInto
    readonly partitionCount: number
    readonly events: FollowerEvents
    readonly logger: Logger
    readonly passIntervalMs: () => number
    readonly clock?: Clock
  }) {
    this.#log = options.log
    this.#hub = options.hub
    this.#partitionCount = options.partitionCount
    this.#events = options.events
    this.#logger = options.logger
    this.#passIntervalMs = options.passIntervalMs
    this.#clock = options.clock ?? systemClock
  }

  /** Resolves once the positions are known: every later commit will be seen. */
  async start(): Promise<void> {
    this.#hub.epoch = await this.#log.epoch()
    await this.#seekToEnd()
    this.#running = this.#run()
  }

  /** Resolves when the log is no longer read. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  /** Next offset to read, by `topic/partition`. */
  offsets(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#positions.map((at) => [`${at.topic}/${at.partition}`, at.nextOffset]))
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const startedMs = this.#nowMs()
      try {
        await this.#pass()
        const restMs = this.#passIntervalMs() - (this.#nowMs() - startedMs)
        await (restMs > 0 ? this.#clock.sleep(restMs) : nextTurn())
        if (!this.#isStopped) await this.#log.waitForCommit(WAIT_MAX_MS)
      } catch (error) {
        if (this.#isStopped || (error instanceof FinPulseError && error.code === 'log-closed')) return
        this.#logger.error({ err: error }, `live: reading the log failed, trying again: ${messageOf(error)}`)
        await this.#clock.sleep(RETRY_DELAY_MS)
      }
    }
  }

  /** Reads every partition to its end. */
  async #pass(): Promise<void> {
    const epoch = await this.#log.epoch()
    if (epoch !== this.#hub.epoch) await this.#restart(epoch)
    this.#turnStartedMs = this.#nowMs()
    for (const position of this.#positions) {
      if (this.#isStopped) return
      await this.#readToEnd(position)
    }
    this.#events.caughtUp()
  }

  /** The new log is read from its start: all of it came after the reset. */
  async #restart(epoch: string): Promise<void> {
    this.#hub.reset(epoch)
    this.#positions = this.#positions.map(({ topic, partition }) => ({ topic, partition, nextOffset: 0 }))
    this.#events.reset(epoch)
  }

  async #readToEnd(position: Position): Promise<void> {
    for (;;) {
      const batches = await this.#read(position)
      for (const batch of batches) {
        this.#take(position.topic, batch)
        position.nextOffset = batch.firstOffset + batch.recordCount
        if (this.#nowMs() - this.#turnStartedMs > TURN_MAX_MS) {
          await nextTurn()
          this.#turnStartedMs = this.#nowMs()
        }
      }
      if (batches.length === 0 || this.#isStopped) return
    }
  }

  async #read(position: Position): Promise<readonly StoredBatch[]> {
    const { topic, partition, nextOffset } = position
    try {
      return await this.#log.read(topic, partition, nextOffset, READ_MAX_BYTES)
    } catch (error) {
      if (!(error instanceof FinPulseError) || error.code !== 'offset-out-of-range') throw error
      // Retention overtook us, or the log was reset a moment ago, which the next pass sees by the epoch.
      const { startOffset, endOffset } = await this.#log.bounds(topic, partition)
      if (nextOffset < startOffset) {
        this.#events.lost(topic, startOffset - nextOffset)
        position.nextOffset = startOffset
      } else {
        position.nextOffset = Math.min(nextOffset, endOffset)
      }
      return []
    }
  }

  #take(topic: FollowedTopic, batch: StoredBatch): void {
    try {
      if (topic === 'market.trades') this.#takeTrades(batch)
      else if (topic === 'market.quotes') this.#hub.takeQuotes(decodeQuotes(batch.payload, this.#hub.instruments))
      else if (topic === 'alerts') this.#takeAlerts(batch)
      // Most records of this topic are of no interest to anybody here; those of unwatched intervals are not even parsed.
      else if (this.#hub.areCandlesWatched) this.#hub.takeCandles(decodeRecords<Candle>(batch.payload))
    } catch (error) {
      this.#events.lost(topic, batch.recordCount)
      const context = { err: error, topic, partition: batch.partition, offset: batch.firstOffset }
      this.#logger.error(context, `live: a batch could not be decoded and was passed over: ${messageOf(error)}`)
    }
  }

  #takeTrades({ payload }: StoredBatch): void {
    const { instruments, tradeChannel } = this.#hub
    // Where trades are watched the hub keeps the batch for a while; else one is filled again and again.
    const trades = decodeTrades(payload, instruments, tradeChannel.isWatched ? undefined : this.#trades)
    if (!tradeChannel.isWatched) this.#trades = trades
    this.#hub.takeTrades(trades)
  }

  #takeAlerts(batch: StoredBatch): void {
    this.#hub.takeAlerts(decodeRecords<Alert>(batch.payload))
  }

  async #seekToEnd(): Promise<void> {
    const positions: Position[] = []
    for (const topic of FOLLOWED_TOPICS) {
      for (let partition = 0; partition < this.#partitionCount; partition++) {
        positions.push({ topic, partition, nextOffset: await this.#lastBatch(topic, partition) })
      }
    }
    this.#positions = positions
  }

  /**
   * Nobody listens yet, so reading begins shortly before the end: with enough trades to join up with the store, and the
   * last batch of what else there is, which gives most symbols their latest rows.
   */
  async #lastBatch(topic: Topic, partition: number): Promise<number> {
    const { startOffset, endOffset } = await this.#log.bounds(topic, partition)
    const count = topic === 'market.trades' ? RECENT_TRADES_COUNT : 1
    return Math.max(startOffset, endOffset - count)
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1000
  }
}
