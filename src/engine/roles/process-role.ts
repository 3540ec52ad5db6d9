import { deserialize, serialize } from 'node:v8'
import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { retrying } from '../../base/retry.ts'
import { decodeTrades } from '../../events/batch-codec.ts'
import type { Candle } from '../../events/candle.ts'
import type { Interval } from '../../events/interval.ts'
import type { CheckpointWrite, EventLog } from '../../log/event-log.ts'
import { MarketProcessor, type MarketProcessorOptions } from '../../processors/market-processor.ts'
import { type EmittedCounts, noEmittedCounts, OutputBuffer } from './output-buffer.ts'

export interface ProcessRoleOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly logger: Logger
  readonly partitionCount: number
  readonly processing: Partial<MarketProcessorOptions>
  /** Least time between two snapshots of the state, ms. */
  readonly snapshotEveryMs: number
}

/** Input that is read in one go; what a crash costs to derive again is bounded by the snapshots, not by this. */
const READ_MAX_BYTES = 512 * 1024
const IDLE_WAIT_MS = 200

/** Committed with the outputs that it accounts for. */
interface Progress {
  /** Everything before it is accounted for. */
  readonly inputOffset: number
  /** Records that the log holds. */
  readonly emitted: EmittedCounts
}

interface Snapshot {
  readonly inputOffset: number
  /** Records that this state has derived: fewer than the log holds where it was saved while catching up. */
  readonly emitted: EmittedCounts
  readonly state: Uint8Array
}

class Partition {
  readonly index: number
  readonly outputs = new OutputBuffer()
  readonly processor: MarketProcessor
  inputOffset = 0
  endOffset = 0
  /** Input before this was accounted for by the last commit of an earlier run: deriving from it gives nothing new. */
  knownOffset = 0
  /** Oldest offset that a restart would read from. */
  snapshotOffset = 0
  snapshotTimeUs = 0

  constructor(index: number, processing: Partial<MarketProcessorOptions>) {
    this.index = index
    this.processor = new MarketProcessor(processing, this.outputs)
  }

  get progressName(): string {
    return `process/${this.index}`
  }

  get snapshotName(): string {
    return `process/${this.index}/snapshot`
  }
}

/**
 * Derives candles, alerts and gaps from the trades in the log.
 *
 * Exactly once: outputs and input offset are one commit. The state is saved now and then, in such a commit; after a
 * crash the role restores the last saved state, derives again what followed it, and leaves out what the log has.
 */
export class ProcessRole {
  readonly #options: ProcessRoleOptions
  readonly #partitions: Partition[]

  constructor(options: ProcessRoleOptions) {
    this.#options = options
    this.#partitions = Array.from(
      { length: options.partitionCount },
      (_, index) => new Partition(index, options.processing),
    )
  }

  /** Goes back to the last commit. To be called once, before `run`. */
  async recover(): Promise<void> {
    const { log, clock } = this.#options
    for (const partition of this.#partitions) {
      const progressBytes = await log.checkpoint(partition.progressName)
      const snapshotBytes = await log.checkpoint(partition.snapshotName)
      const progress: Progress =
        progressBytes === undefined
          ? { inputOffset: 0, emitted: noEmittedCounts() }
          : (deserialize(progressBytes) as Progress)
      const bounds = await log.bounds('market.trades', partition.index)
      partition.inputOffset = bounds.startOffset
      partition.endOffset = bounds.endOffset
      partition.knownOffset = progress.inputOffset
      partition.outputs.restore(noEmittedCounts(), progress.emitted)
      if (snapshotBytes !== undefined) {
        const snapshot = deserialize(snapshotBytes) as Snapshot
        partition.processor.restore(snapshot.state)
        partition.inputOffset = snapshot.inputOffset
        partition.outputs.restore(snapshot.emitted, progress.emitted)
      }
      partition.snapshotOffset = partition.inputOffset
      partition.snapshotTimeUs = clock.nowUs()
    }
  }

  /** Runs until the signal aborts, then saves the state. What the log refuses with a retryable error is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, logger } = this.#options
    const onRetry = (error: Error, delayMs: number) => {
      logger.warn({ err: error, delayMs }, 'process role: the log refused, trying again')
    }
    while (!signal.aborted) {
      const hasRead = await retrying(() => this.#stepAll(), { clock, signal, onRetry }).catch((error: unknown) => {
        if (signal.aborted && error === signal.reason) return false
        throw error
      })
      if (!hasRead && !signal.aborted) await log.waitForCommit(IDLE_WAIT_MS)
    }
    await this.#saveAll().catch((error: unknown) => {
      if (!(error instanceof FinPulseError) || !error.retryable) throw error
      logger.warn({ err: error }, 'process role: the log refused the state; the next start derives it again')
    })
  }

  /** @returns whether there was anything to read */
  async #stepAll(): Promise<boolean> {
    let hasRead = false
    for (const partition of this.#partitions) hasRead = (await this.#step(partition)) || hasRead
    return hasRead
  }

  /** Derives from all that is in the log now. For tests, the end of an input, and the simulation. */
  async drain(): Promise<void> {
    for (const partition of this.#partitions) while (await this.#step(partition));
  }

  /** May be called again where it failed: what was derived by then stays in the buffer, for the next commit. */
  async #step(partition: Partition): Promise<boolean> {
    const { log, clock, snapshotEveryMs } = this.#options
    const batches = await log.read('market.trades', partition.index, partition.inputOffset, READ_MAX_BYTES)
    if (batches.length === 0) {
      partition.endOffset = partition.inputOffset
      const isDue = this.#isSnapshotDue(partition)
      if (isDue || !partition.outputs.isEmpty) await this.#commit(partition, isDue)
      return false
    }
    for (const batch of batches) {
      partition.processor.onTrades(decodeTrades(batch.payload, partition.processor.instruments))
      partition.inputOffset = batch.firstOffset + batch.recordCount
      partition.endOffset = Math.max(partition.endOffset, partition.inputOffset)
    }
    partition.endOffset = (await log.bounds('market.trades', partition.index)).endOffset
    const isSnapshotDue = clock.nowUs() - partition.snapshotTimeUs >= snapshotEveryMs * 1000
    if (!partition.outputs.isEmpty || isSnapshotDue) await this.#commit(partition, isSnapshotDue)
    return true
  }

  #isSnapshotDue(partition: Partition): boolean {
    const { clock, snapshotEveryMs } = this.#options
    const hasMoved = partition.snapshotOffset < partition.inputOffset
    return hasMoved && clock.nowUs() - partition.snapshotTimeUs >= snapshotEveryMs * 1000
  }

  async #commit(partition: Partition, withSnapshot: boolean): Promise<void> {
    const { log, clock } = this.#options
    const { inputOffset, outputs } = partition
    const knownOffset = Math.max(inputOffset, partition.knownOffset)
    const progress: Progress = { inputOffset: knownOffset, emitted: outputs.inLog }
    const checkpoints: CheckpointWrite[] = [{ name: partition.progressName, value: serialize(progress) }]
    if (withSnapshot) {
      const snapshot: Snapshot = { inputOffset, emitted: outputs.emitted, state: partition.processor.snapshot() }
      checkpoints.push({ name: partition.snapshotName, value: serialize(snapshot) })
    }
    await log.commit({ appends: outputs.appends(partition.index), checkpoints })
    outputs.clear()
    if (!withSnapshot) return
    partition.snapshotOffset = inputOffset
    partition.snapshotTimeUs = clock.nowUs()
  }

  async #saveAll(): Promise<void> {
    for (const partition of this.#partitions) {
      const hasMoved = partition.snapshotOffset < partition.inputOffset || !partition.outputs.isEmpty
      if (hasMoved) await this.#commit(partition, true)
    }
  }

  /** Records still to be read. */
  get lagCount(): number {
    return this.#partitions.reduce((sum, partition) => sum + partition.endOffset - partition.inputOffset, 0)
  }

  /** End of a partition of `market.trades`, as far as this role knows. */
  endOffset(partition: number): number {
    return this.#partitions[partition]!.endOffset
  }

  /** Tells of records just appended, so that the lag is right between two reads. */
  noteEndOffset(partition: number, endOffset: number): void {
    this.#partitions[partition]!.endOffset = endOffset
  }

  /** The oldest offset of `market.trades` that a restart would need, by partition. */
  get neededOffsets(): ReadonlyMap<number, number> {
    return new Map(this.#partitions.map((partition) => [partition.index, partition.snapshotOffset]))
  }

  /** Candles that are not final. Just after a restart, none: the state is behind the log, where they may be final. */
  openCandles(symbols: readonly string[] | undefined, interval?: Interval): Candle[] {
    const candles: Candle[] = []
    for (const { processor, inputOffset, knownOffset } of this.#partitions) {
      if (inputOffset < knownOffset) continue
      for (let index = 0; index < processor.instruments.count; index++) {
        if (symbols !== undefined && !symbols.includes(processor.instruments.at(index).symbol)) continue
        const open = processor.openCandles(index)
        candles.push(...(interval === undefined ? open : open.filter((candle) => candle.interval === interval)))
      }
    }
    return candles
  }

  /** Newest event time of any partition, µs; undefined before the first trade. */
  get newestTimeUs(): number | undefined {
    const newest = Math.max(...this.#partitions.map((partition) => partition.processor.newestTimeUs))
    return Number.isFinite(newest) ? newest : undefined
  }

  counts(): { trades: number; duplicates: number; tooLate: number; emitted: EmittedCounts } {
    const counts = { trades: 0, duplicates: 0, tooLate: 0, emitted: noEmittedCounts() }
    for (const { processor, outputs } of this.#partitions) {
      counts.trades += processor.tradeCount
      counts.duplicates += processor.duplicateCount
      counts.tooLate += processor.tooLateCount
      for (const topic of Object.keys(counts.emitted) as (keyof EmittedCounts)[]) {
        counts.emitted[topic] += outputs.emitted[topic]
      }
    }
    return counts
  }
}
