import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { retrying } from '../../base/retry.ts'
import type { Alert } from '../../events/alert.ts'
import { decodeQuotes, decodeTrades } from '../../events/batch-codec.ts'
import type { Candle } from '../../events/candle.ts'
import type { Gap } from '../../events/gap.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { decodeRecords } from '../../events/json.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
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
/** Records of one topic and partition in a transaction: a whole row group, 15 full batches, which the store likes best. */
const RECORDS_MAX_COUNT = 15 * 8192
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
  readonly #awaitingRecovery: (() => void)[] = []
  /** A write failed, so that the positions here may not be those of the store. */
  #isUncertain = false
  writtenCount = 0

  constructor(options: StoreRoleOptions) {
    this.#options = options
  }

  /** Finds where to go on; a store of another log's rows is emptied. */
  async recover(): Promise<void> {
    const { log, store, logger, partitionCount } = this.#options
    const epoch = await log.epoch()
    const source = await store.source()
    if (source.epoch !== epoch) {
      if (source.epoch !== undefined)
        logger.info({ epoch: source.epoch }, 'the log has begun anew: the store is emptied')
      await store.clear(epoch)
    }
    const known = source.epoch === epoch ? source.positions : []
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
    this.#epoch = epoch
    this.#isUncertain = false
    for (const resolve of this.#awaitingRecovery.splice(0)) resolve()
  }

  /**
   * Resolves when the store has no row of an epoch that is over. Queries wait for it: clients learn from the log that it
   * has begun anew, and what they then read must not be of the market before.
   */
  async inEpoch(): Promise<void> {
    while ((await this.#options.log.epoch()) !== this.#epoch) {
      await new Promise<void>((resolve) => this.#awaitingRecovery.push(resolve))
    }
  }

  /** Runs until the signal aborts. What log or store refuse with a retryable error is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, logger } = this.#options
    const onRetry = (error: Error, delayMs: number) => {
      logger.warn({ err: error, delayMs }, 'store role: log or store refused, trying again')
    }
    while (!signal.aborted) {
      const count = await retrying(() => this.#stepAfterMove(), { clock, signal, onRetry }).catch((error: unknown) => {
        if (signal.aborted && error === signal.reason) return 0
        throw error
      })
      if (count === 0 && !signal.aborted) await log.waitForCommit(IDLE_WAIT_MS)
      // What is in the log already needs no gathering, however small its batches are.
      if (count < SMALL_WRITE_COUNT && this.#lagCount === 0 && !signal.aborted) await clock.sleep(GATHER_MS)
    }
  }

  /** Between two reads of a step the log may begin anew, or forget what was to be read next. */
  async #stepAfterMove(): Promise<number> {
    try {
      return await this.step()
    } catch (error) {
      if (!(error instanceof FinPulseError) || error.code !== 'offset-out-of-range') throw error
      await this.recover()
      return this.step()
    }
  }

  /** Moves one piece of the log into the store. @returns the number of records */
  async step(): Promise<number> {
    // A replay that was moved has begun another epoch: its rows replace those of the old one.
    if (this.#isUncertain || (await this.#options.log.epoch()) !== this.#epoch) await this.recover()
    const { batches, moved, count, lagCount } = await this.#read()
    this.#lagCount = lagCount
    if (count === 0) return 0
    const rows = decodeStored(batches, this.#instruments)
    try {
      await this.#options.store.write({ ...rows, epoch: this.#epoch, positions: moved })
    } catch (error) {
      // Whether the rows are in the store is asked of the store itself, before anything is written again.
      this.#isUncertain = true
      throw error
    }
    this.#positions = this.#positions.map(
      (position) =>
        moved.find((other) => other.topic === position.topic && other.partition === position.partition) ?? position,
    )
    this.writtenCount += count
    return count
  }

  async #read(): Promise<{ batches: StoredBatch[]; moved: StorePosition[]; count: number; lagCount: number }> {
    const { log } = this.#options
    const piece = { batches: [] as StoredBatch[], moved: [] as StorePosition[], count: 0, lagCount: 0 }
    for (const { topic, partition, nextOffset } of this.#positions) {
      const read = await log.read(topic, partition, nextOffset, READ_MAX_BYTES)
      const batches = withinCount(read, RECORDS_MAX_COUNT)
      const last = batches.at(-1)
      if (last === undefined) continue
      // Positions are ends of batches, so a batch is new as a whole.
      piece.batches.push(...batches)
      const readTo = last.firstOffset + last.recordCount
      piece.count += readTo - nextOffset
      piece.lagCount += (await log.bounds(topic, partition)).endOffset - readTo
      piece.moved.push({ topic, partition, nextOffset: readTo })
    }
    return piece
  }

  get positions(): readonly StorePosition[] {
    return this.#positions
  }

  /** Records that were in the log but not in the store when the last step ended. */
  get lagCount(): number {
    return this.#lagCount
  }
}

/** The first batches, at least one, as many as have that many records together. */
function withinCount(batches: readonly StoredBatch[], recordMaxCount: number): readonly StoredBatch[] {
  let recordCount = 0
  const end = batches.findIndex((batch, index) => {
    recordCount += batch.recordCount
    return index > 0 && recordCount > recordMaxCount
  })
  return end < 0 ? batches : batches.slice(0, end)
}

interface StoredRows {
  readonly trades: TradeBatch[]
  readonly quotes: QuoteBatch[]
  readonly candles: Candle[]
  readonly alerts: Alert[]
  readonly gaps: Gap[]
}

/** Rows of all batches, in the decimals that `instruments` has afterwards. */
export function decodeStored(batches: readonly StoredBatch[], instruments: InstrumentTable): StoredRows {
  for (;;) {
    const { version } = instruments
    const rows = decodeOnce(batches, instruments)
    // Where a later batch brought more decimals, the rows decoded before it are still in the old ones.
    if (instruments.version === version) return rows
  }
}

function decodeOnce(batches: readonly StoredBatch[], instruments: InstrumentTable): StoredRows {
  const rows: StoredRows = { trades: [], quotes: [], candles: [], alerts: [], gaps: [] }
  for (const { topic, payload } of batches) {
    if (topic === 'market.trades') rows.trades.push(decodeTrades(payload, instruments))
    else if (topic === 'market.quotes') rows.quotes.push(decodeQuotes(payload, instruments))
    else if (topic === 'market.candles') rows.candles.push(...decodeRecords<Candle>(payload))
    else if (topic === 'alerts') rows.alerts.push(...decodeRecords<Alert>(payload))
    else if (topic === 'gaps') rows.gaps.push(...decodeRecords<Gap>(payload))
  }
  return rows
}
