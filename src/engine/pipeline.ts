import type { Clock } from '../base/clock.ts'
import { FinPulseError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Candle } from '../events/candle.ts'
import type { Interval } from '../events/interval.ts'
import type { Topic } from '../events/topic.ts'
import type { Feed, FeedStatus } from '../feeds/feed.ts'
import type { EventLog, RetentionPolicy } from '../log/event-log.ts'
import type { MarketProcessorOptions } from '../processors/market-processor.ts'
import type { PipelineStatus, StoreStatus } from './pipeline-status.ts'
import { INGEST_CHECKPOINT, IngestRole } from './roles/ingest-role.ts'
import { ProcessRole } from './roles/process-role.ts'

export interface PipelineOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly partitionCount: number
  readonly processing: Partial<MarketProcessorOptions>
  readonly snapshotEveryMs: number
  readonly retentionMs: number
  readonly retentionMaxBytes: number
  /** Opens the feed at a position that was committed before, or at its beginning. */
  readonly openFeed: (position: Uint8Array | undefined) => Promise<Feed>
  readonly sideFeeds?: readonly SideFeed[]
  /** Called when a role fails for good. */
  readonly onFailure: (error: unknown) => void
}

/** A feed beside the main one: events of another kind, or from another side, on the same log. */
export interface SideFeed {
  /** Names its checkpoint: to be kept from start to start. */
  readonly name: string
  /** As `openFeed`. */
  readonly open: (position: Uint8Array | undefined) => Promise<Feed>
}

/** Records that the process role, and trades that the store, may be behind before the feed waits for them. */
const PROCESS_LAG_MAX_COUNT = 131_072
const STORE_LAG_MAX_COUNT = 2_000_000
const INPUT_TOPICS = ['market.trades', 'market.quotes', 'payments', 'labels'] as const
const DERIVED_TOPICS = ['market.candles', 'alerts', 'gaps', 'dead-letters'] as const

/** Ingest and process role over one log, as one thread runs them: side by side, each commit shared where they meet. */
export class Pipeline {
  readonly #options: PipelineOptions
  #feed: Feed | undefined
  #ingest: IngestRole | undefined
  #sides: readonly { readonly feed: Feed; readonly ingest: IngestRole }[] = []
  #process: ProcessRole | undefined
  #abort = new AbortController()
  #running: Promise<unknown> = Promise.resolve()
  #epoch = ''
  #storePositions: StoreStatus['positions'] = []
  #counts = new Map<Topic, number>()

  constructor(options: PipelineOptions) {
    this.#options = options
  }

  /** Recovers from the log and starts both roles. */
  async start(openFeed = this.#options.openFeed): Promise<void> {
    const { log, clock, logger, partitionCount, processing, snapshotEveryMs, sideFeeds = [] } = this.#options
    this.#epoch = await log.epoch()
    const process = new ProcessRole({ log, clock, logger, partitionCount, processing, snapshotEveryMs })
    await process.recover()
    this.#process = process
    const main = await this.#attach(openFeed, INGEST_CHECKPOINT, process)
    this.#feed = main.feed
    this.#ingest = main.ingest
    this.#sides = await Promise.all(
      sideFeeds.map(({ name, open }) => this.#attach(open, `${INGEST_CHECKPOINT}/${name}`, process)),
    )
    this.#abort = new AbortController()
    const { signal } = this.#abort
    await this.#countRecords()
    const ingests = [main, ...this.#sides].map(({ ingest }) => ingest.run(signal))
    this.#running = Promise.all([...ingests, process.run(signal)]).catch(this.#options.onFailure)
  }

  /** A feed at its committed position, with the role that moves its events into the log. */
  async #attach(
    open: PipelineOptions['openFeed'],
    checkpoint: string,
    process: ProcessRole,
  ): Promise<{ feed: Feed; ingest: IngestRole }> {
    const { log, clock, logger, partitionCount } = this.#options
    const feed = await open(await log.checkpoint(checkpoint))
    const ingest = new IngestRole({
      log,
      feed,
      checkpoint,
      clock,
      logger,
      partitionCount,
      isBehind: () => process.lagCount > PROCESS_LAG_MAX_COUNT || this.#storeLagCount > STORE_LAG_MAX_COUNT,
      onAppended: (partition, endOffset) => process.noteEndOffset(partition, endOffset),
    })
    return { feed, ingest }
  }

  /** Stops both roles after the step at hand; the state is saved, nothing that was appended is lost. */
  async stop(): Promise<void> {
    this.#abort.abort(new FinPulseError('not-ready', 'pipeline: is stopping'))
    await this.#running
    await Promise.all([this.#feed?.close(), ...this.#sides.map(({ feed }) => feed.close())])
  }

  /** Empties the log and begins again with another feed: a replay was moved. */
  async restart(openFeed: PipelineOptions['openFeed']): Promise<void> {
    await this.stop()
    // Positions and open candles of the epoch that ends here: nobody may see them once the next has begun.
    this.#storePositions = []
    this.#process = undefined
    await this.#options.log.reset()
    await this.start(openFeed)
  }

  get feed(): Feed | undefined {
    return this.#feed
  }

  /** How the feeds are, the main one first. */
  feeds(): FeedStatus[] {
    if (this.#feed === undefined || this.#ingest === undefined) return []
    return [{ feed: this.#feed, ingest: this.#ingest }, ...this.#sides].map(({ feed, ingest }) => {
      const status = feed.status?.() ?? plainStatus(feed)
      return ingest.hasEnded ? { ...status, state: 'ended' } : status
    })
  }

  /** Records that the process role has still to read. */
  get processLagCount(): number {
    return this.#process?.lagCount ?? 0
  }

  /** Trades that the store has still to read, as far as its last positions tell; 0 before it has told any. */
  get #storeLagCount(): number {
    let lagCount = 0
    for (const { topic, partition, nextOffset } of this.#storePositions) {
      if (topic === 'market.trades') lagCount += (this.#process?.endOffset(partition) ?? 0) - nextOffset
    }
    return lagCount
  }

  openCandles(symbols: readonly string[] | undefined, interval?: Interval): Candle[] {
    return this.#process?.openCandles(symbols, interval) ?? []
  }

  /** The store's positions: what it has not read yet is kept. */
  noteStorePositions(positions: StoreStatus['positions']): void {
    this.#storePositions = positions
  }

  /** Forgets what is older, or more, than the configuration keeps, and what no role needs any more. */
  async retain(): Promise<void> {
    const { log, clock, retentionMs, retentionMaxBytes } = this.#options
    // Until the store has said where it is, all of the log may still be unread.
    if (this.#storePositions.length === 0) return
    const policies = [...INPUT_TOPICS, ...DERIVED_TOPICS].map(
      (topic): RetentionPolicy => ({
        topic,
        maxAgeUs: retentionMs * 1000,
        maxBytes: retentionMaxBytes,
        keepFromOffsets: this.#neededOffsets(topic),
      }),
    )
    // Market time, not the wall clock: a replay of an old recording must not lose it to its age.
    await log.retain(policies, this.#process?.newestTimeUs ?? clock.nowUs())
  }

  #neededOffsets(topic: Topic): ReadonlyMap<number, number> {
    const needed = new Map(topic === 'market.trades' ? this.#process?.neededOffsets : [])
    for (const position of this.#storePositions) {
      if (position.topic !== topic) continue
      const other = needed.get(position.partition) ?? Number.POSITIVE_INFINITY
      needed.set(position.partition, Math.min(other, position.nextOffset))
    }
    return needed
  }

  async #countRecords(): Promise<void> {
    this.#counts = new Map()
    for (const { topic, endOffset } of await this.#options.log.stats()) {
      this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + endOffset)
    }
  }

  /** By reason, over all feeds. */
  #dropped(): Record<string, number> {
    const dropped: Record<string, number> = { ...this.#feed?.dropped() }
    for (const { feed } of this.#sides) {
      for (const [reason, count] of Object.entries(feed.dropped())) dropped[reason] = (dropped[reason] ?? 0) + count
    }
    return dropped
  }

  async status(): Promise<PipelineStatus> {
    await this.#countRecords()
    const counts = this.#process?.counts()
    const newestTimeUs = this.#process?.newestTimeUs
    const dropped = this.#dropped()
    if (counts !== undefined && counts.tooLate > 0) dropped['too-late'] = counts.tooLate
    if (counts !== undefined && counts.duplicates > 0) dropped.duplicate = counts.duplicates
    const count = (topic: Topic) => this.#counts.get(topic) ?? 0
    return {
      feed: this.#feed?.name ?? 'none',
      feeds: this.feeds(),
      epoch: this.#epoch,
      progress: this.#feed?.progress(),
      hasEnded: this.#ingest?.hasEnded ?? false,
      tradeCount: count('market.trades'),
      quoteCount: count('market.quotes'),
      paymentCount: count('payments'),
      labelCount: count('labels'),
      candleCount: count('market.candles'),
      alertCount: count('alerts'),
      gapCount: counts?.emitted.gaps ?? 0,
      deadLetterCount: count('dead-letters'),
      duplicateCount: counts?.duplicates ?? 0,
      processLagCount: this.processLagCount,
      backPressureCount: this.#ingest?.backPressureCount ?? 0,
      newestTimeUs,
      dropped,
    }
  }
}

/** Of a feed that has nothing to say but its name. */
function plainStatus(feed: Feed): FeedStatus {
  return {
    name: feed.name,
    state: 'running',
    sockets: [],
    clockAheadMs: null,
    reconnects: 0,
    queueCount: 0,
    queueWaits: 0,
    dropped: feed.dropped(),
    lastError: null,
  }
}
