import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { FinPulseError } from '../../base/errors.ts'
import type { Topic } from '../../events/topic.ts'
import type { LogBounds, LogStats, StoredBatch } from '../event-log.ts'
import { checkOffset } from '../log-errors.ts'
import { batchFromRow, bytesOf, statsFromRow } from './rows.ts'
import { queried } from './sqlite-errors.ts'

interface PartitionBounds extends LogBounds {
  readonly slot: number
}

/** First offsets of the first and the last batch. */
interface BatchRange {
  readonly first: number
  readonly last: number
}

const NO_PARTITION: PartitionBounds = { slot: 0, startOffset: 0, endOffset: 0 }

/** The read half of the log's SQL, over the connection of a reader or, between its transactions, of the writer. */
export class LogQueries {
  readonly #begin: StatementSync
  readonly #end: StatementSync
  readonly #epoch: StatementSync
  readonly #partition: StatementSync
  readonly #extents: StatementSync
  readonly #batches: StatementSync
  readonly #nextFirstOffset: StatementSync
  readonly #checkpoint: StatementSync
  readonly #stats: StatementSync

  constructor(db: DatabaseSync) {
    this.#begin = db.prepare('BEGIN')
    this.#end = db.prepare('COMMIT')
    this.#epoch = db.prepare(`SELECT value FROM meta WHERE name = 'epoch'`)
    this.#partition = db.prepare(
      'SELECT slot, start_offset, end_offset FROM partition WHERE topic = ? AND partition = ?',
    )
    // The length of a BLOB is known without reading it.
    this.#extents = db.prepare(`SELECT first_offset, length(payload) AS bytes FROM batch
      WHERE slot = ?1 AND first_offset >= (SELECT max(first_offset) FROM batch WHERE slot = ?1 AND first_offset <= ?2)
      ORDER BY first_offset`)
    this.#batches = db.prepare(
      `SELECT * FROM batch WHERE slot = ? AND first_offset BETWEEN ? AND ? ORDER BY first_offset`,
    )
    this.#nextFirstOffset = db.prepare(
      'SELECT min(first_offset) AS next FROM batch WHERE slot = ? AND first_offset > ?',
    )
    this.#checkpoint = db.prepare('SELECT value FROM checkpoint WHERE name = ?')
    this.#stats = db.prepare('SELECT * FROM partition ORDER BY topic, partition')
  }

  epoch(): string {
    return queried('epoch', () => String(this.#epoch.get()?.value))
  }

  bounds(topic: Topic, partition: number): LogBounds {
    const { startOffset, endOffset } = queried(`${topic}[${partition}]`, () => this.#find(topic, partition))
    return { startOffset, endOffset }
  }

  checkpoint(name: string): Uint8Array | undefined {
    const row = queried(`checkpoint ${name}`, () => this.#checkpoint.get(name))
    return row === undefined ? undefined : bytesOf(row.value)
  }

  stats(): LogStats[] {
    return queried('stats', () => this.#stats.all()).flatMap(statsFromRow)
  }

  /** As `EventLogReader.read`, in one snapshot: bounds, extents and batches belong together. */
  read(topic: Topic, partition: number, fromOffset: number, maxBytes: number): StoredBatch[] {
    return queried(`${topic}[${partition}] at offset ${fromOffset}`, () => {
      this.#begin.run()
      try {
        const bounds = this.#find(topic, partition)
        checkOffset(topic, partition, fromOffset, bounds)
        if (fromOffset === bounds.endOffset) return []
        const range = this.#fittingRange(bounds.slot, fromOffset, maxBytes)
        const batches = this.#intactBatches(topic, partition, bounds.slot, range)
        const end = batches[0] === undefined ? 0 : batches[0].firstOffset + batches[0].recordCount
        if (end <= fromOffset) throw this.#corrupt(topic, partition, bounds, fromOffset)
        return batches
      } finally {
        this.#end.run()
      }
    })
  }

  #find(topic: Topic, partition: number): PartitionBounds {
    const row = this.#partition.get(topic, partition)
    if (row === undefined) return NO_PARTITION
    return { slot: Number(row.slot), startOffset: Number(row.start_offset), endOffset: Number(row.end_offset) }
  }

  /** The batches that fit, told before any payload is read, so that none is read in vain. */
  #fittingRange(slot: number, fromOffset: number, maxBytes: number): BatchRange {
    let first = -1
    let last = -1
    let bytes = 0
    for (const row of this.#extents.iterate(slot, fromOffset)) {
      bytes += Number(row.bytes)
      if (first >= 0 && bytes > maxBytes) break
      last = Number(row.first_offset)
      if (first < 0) first = last
    }
    return { first, last }
  }

  /** Up to the first that is damaged: what is before it stays readable. A missing batch is damage too. */
  #intactBatches(topic: Topic, partition: number, slot: number, { first, last }: BatchRange): StoredBatch[] {
    const batches: StoredBatch[] = []
    let nextOffset = first
    for (const row of this.#batches.all(slot, first, last)) {
      const batch = batchFromRow(topic, partition, row)
      if (batch === undefined || batch.firstOffset !== nextOffset) break
      nextOffset = batch.firstOffset + batch.recordCount
      batches.push(batch)
    }
    return batches
  }

  #corrupt(topic: Topic, partition: number, { slot, endOffset }: PartitionBounds, offset: number): FinPulseError {
    const nextOffset = Number(this.#nextFirstOffset.get(slot, offset)?.next ?? endOffset)
    return new FinPulseError(
      'log-corrupt',
      `${topic}[${partition}]: the batch with offset ${offset} does not match its checksum; reading can go on at ${nextOffset}`,
      { context: { topic, partition, offset, nextOffset } },
    )
  }
}
