import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Alert } from '../../events/alert.ts'
import { decodeQuotes, decodeTrades } from '../../events/batch-codec.ts'
import type { Candle } from '../../events/candle.ts'
import type { Gap } from '../../events/gap.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { decodeRecords } from '../../events/json.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { Topic } from '../../events/topic.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { EventLogReader, StoredBatch } from '../../log/event-log.ts'
import type { MarketStoreWriter, StorePosition } from '../../stores/market-store.ts'
import { TOPOLOGY } from '../topology.ts'

export interface StoreRoleOptions {
  readonly log: EventLogReader
  readonly store: MarketStoreWriter
  readonly clock: Clock
  readonly logger: Logger
  readonly partitionCount: number
}

/** Input of one store transaction, per topic and partition. */
const READ_MAX_BYTES = 2 * 1024 * 1024
const IDLE_WAIT_MS = 500
/** Full batches of one topic in a transaction: 15 × 8192 rows are a whole row group, which the store likes best. */
const BATCHES_MAX_COUNT = 15
/** In quiet times rows are gathered this long, so that a transaction is worth its cost. */
const GATHER_MS = 100
const SMALL_WRITE_COUNT = 1000

/** Follows the log and keeps the store in step with it; positions and rows are one transaction of the store. */
export class StoreRole {
  readonly #options: StoreRoleOptions
  readonly #instruments = new InstrumentTable()
  #positions: StorePosition[] = []
  #epoch = ''
  #lagCount = 0
  writtenCount = 0

  constructor(options: StoreRoleOptions) {
    this.#options = options
  }

  /** Finds where to go on; a store of another log's rows is emptied. */
  async recover(): Promise<void> {
    const { log, store, logger, partitionCount } = this.#options
    this.#epoch = await log.epoch()
    const source = await store.source()
    if (source.epoch !== this.#epoch) {
      if (source.epoch !== undefined)
        logger.info({ epoch: source.epoch }, 'the log has begun anew: the store is emptied')
      await store.clear(this.#epoch)
    }
    const known = source.epoch === this.#epoch ? source.positions : []
    this.#positions = []
    for (const topic of TOPOLOGY.store.reads) {
      for (let partition = 0; partition < partitionCount; partition++) {
        const { startOffset } = await log.bounds(topic, partition)
        const at = known.find((position) => position.topic === topic && position.partition === partition)
        if (at !== undefined && at.nextOffset < startOffset) {
          const missedCount = startOffset - at.nextOffset
          logger.error({ topic, partition, missedCount }, 'the log has dropped records that the store had not read')
        }
        this.#positions.push({ topic, partition, nextOffset: Math.max(startOffset, at?.nextOffset ?? 0) })
      }
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options
    while (!signal.aborted) {
      const count = await this.step()
      if (count === 0) await log.waitForCommit(IDLE_WAIT_MS)
      if (count < SMALL_WRITE_COUNT && !signal.aborted) await clock.sleep(GATHER_MS)
    }
  }

  /** Moves one piece of the log into the store. @returns the number of records */
  async step(): Promise<number> {
    // A replay that was moved has begun another epoch: its rows replace those of the old one.
    if ((await this.#options.log.epoch()) !== this.#epoch) await this.recover()
    const rows = { trades: [] as TradeBatch[], quotes: [] as QuoteBatch[] }
    const records = { candles: [] as Candle[], alerts: [] as Alert[], gaps: [] as Gap[] }
    const moved: StorePosition[] = []
    let count = 0
    this.#lagCount = 0
    for (const position of this.#positions) {
      const { topic, partition, nextOffset } = position
      const read = await this.#options.log.read(topic, partition, nextOffset, READ_MAX_BYTES)
      const batches = read.slice(0, BATCHES_MAX_COUNT)
      const last = batches.at(-1)
      if (last === undefined) continue
      for (const batch of batches) this.#decode(topic, batch, nextOffset, rows, records)
      const readTo = last.firstOffset + last.recordCount
      count += readTo - nextOffset
      this.#lagCount += (await this.#options.log.bounds(topic, partition)).endOffset - readTo
      moved.push({ topic, partition, nextOffset: readTo })
    }
    if (count === 0) return 0
    await this.#options.store.write({ ...rows, ...records, epoch: this.#epoch, positions: moved })
    this.#positions = this.#positions.map(
      (position) =>
        moved.find((other) => other.topic === position.topic && other.partition === position.partition) ?? position,
    )
    this.writtenCount += count
    return count
  }

  #decode(
    topic: Topic,
    batch: StoredBatch,
    fromOffset: number,
    rows: { trades: TradeBatch[]; quotes: QuoteBatch[] },
    records: { candles: Candle[]; alerts: Alert[]; gaps: Gap[] },
  ): void {
    const { payload } = batch
    // Positions are ends of batches, so a batch is new as a whole, save where the log began anew behind us.
    if (batch.firstOffset + batch.recordCount <= fromOffset) return
    if (topic === 'market.trades') rows.trades.push(decodeTrades(payload, this.#instruments))
    else if (topic === 'market.quotes') rows.quotes.push(decodeQuotes(payload, this.#instruments))
    else if (topic === 'market.candles') records.candles.push(...decodeRecords<Candle>(payload))
    else if (topic === 'alerts') records.alerts.push(...decodeRecords<Alert>(payload))
    else if (topic === 'gaps') records.gaps.push(...decodeRecords<Gap>(payload))
  }

  get positions(): readonly StorePosition[] {
    return this.#positions
  }

  /** Records that were in the log but not in the store when the last step ended. */
  get lagCount(): number {
    return this.#lagCount
  }
}
