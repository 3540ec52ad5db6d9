import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import type { Topic } from '../../events/topic.ts'
import type { Append, Commit, CommitReceipt, LogStats, RetentionPolicy } from '../event-log.ts'
import { droppableCount } from '../retention.ts'
import { checksumOf, extentFromRow, statsFromRow } from './rows.ts'
import { queried } from './sqlite-errors.ts'

/** A row of the table `partition`, kept in memory. */
interface PartitionState extends Mutable<LogStats> {
  readonly slot: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface TimedCommit {
  readonly commit: Commit
  /** Wall clock when it was asked for. */
  readonly appendedTimeUs: number
}

/** Batches dropped in one transaction: a few ms of work, so that commits wait no longer for retention. */
const DROP_STEP_MAX_COUNT = 128

/**
 * The write half of the log's SQL. Each method is one transaction: it happens as a whole or throws log-failed and leaves
 * the log as it was. Counts per partition are kept in memory, so that an append asks the database nothing.
 */
export class LogWrites {
  readonly #db: DatabaseSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #insertBatch: StatementSync
  readonly #insertPartition: StatementSync
  readonly #updatePartition: StatementSync
  readonly #putCheckpoint: StatementSync
  readonly #deleteCheckpoint: StatementSync
  readonly #oldest: StatementSync
  readonly #dropBefore: StatementSync
  #partitions: Map<string, PartitionState>

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#insertBatch = db.prepare('INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?, ?)')
    this.#insertPartition = db.prepare('INSERT INTO partition VALUES (NULL, ?, ?, 0, 0, 0)')
    this.#updatePartition = db.prepare(
      'UPDATE partition SET start_offset = ?, end_offset = ?, payload_bytes = ? WHERE slot = ?',
    )
    this.#putCheckpoint = db.prepare(
      'INSERT INTO checkpoint VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    this.#deleteCheckpoint = db.prepare('DELETE FROM checkpoint WHERE name = ?')
    this.#oldest = db.prepare(`SELECT first_offset, record_count, max_event_time_us, length(payload) AS payload_bytes
      FROM batch WHERE slot = ? ORDER BY first_offset LIMIT ?`)
    this.#dropBefore = db.prepare('DELETE FROM batch WHERE slot = ? AND first_offset < ?')
    this.#partitions = this.#load()
  }

  /** All commits in one transaction, in order. A checkpoint or count that several change is written once. */
  write(group: readonly TimedCommit[]): CommitReceipt[] {
    return this.#transaction(() => {
      const touched = new Set<PartitionState>()
      const checkpoints = new Map<string, Uint8Array | undefined>()
      const receipts = group.map(({ commit, appendedTimeUs }) => {
        for (const { name, value } of commit.checkpoints ?? []) checkpoints.set(name, value)
        return { firstOffsets: commit.appends.map((append) => this.#append(append, appendedTimeUs, touched)) }
      })
      for (const state of touched) this.#save(state)
      for (const [name, value] of checkpoints) {
        if (value === undefined) this.#deleteCheckpoint.run(name)
        else this.#putCheckpoint.run(name, value)
      }
      return receipts
    })
  }

  /** The partitions of a topic, for `dropOldest`. */
  partitionsOf(topic: Topic): number[] {
    return [...this.#partitions.values()].filter((state) => state.topic === topic).map((state) => state.partition)
  }

  /** One step of retention. @returns the number of records dropped; 0 when the policy is met */
  dropOldest(policy: RetentionPolicy, partition: number, nowUs: number): number {
    const state = this.#partitions.get(keyOf(policy.topic, partition))
    if (state === undefined) return 0
    const { slot } = state
    const oldest = this.#oldest.all(slot, DROP_STEP_MAX_COUNT).map(extentFromRow)
    const dropped = oldest.slice(0, droppableCount(oldest, state, policy, nowUs))
    const last = dropped.at(-1)
    if (last === undefined) return 0
    return this.#transaction(() => {
      const newStart = last.firstOffset + last.recordCount
      const droppedCount = newStart - state.startOffset
      this.#dropBefore.run(slot, newStart)
      state.startOffset = newStart
      for (const { payloadBytes } of dropped) state.payloadBytes -= payloadBytes
      this.#save(state)
      return droppedCount
    })
  }

  /** Empties everything at once, then gives the space back to the file system. */
  reset(epoch: string): void {
    this.#transaction(() => {
      this.#db.exec('DELETE FROM batch; DELETE FROM partition; DELETE FROM checkpoint')
      this.#db.prepare(`UPDATE meta SET value = ? WHERE name = 'epoch'`).run(epoch)
      this.#partitions = new Map()
    })
    this.#attempt(() => this.#db.exec('VACUUM; PRAGMA wal_checkpoint(PASSIVE)'))
  }

  #append({ topic, partition, batch }: Append, appendedTimeUs: number, touched: Set<PartitionState>): number {
    const state = this.#stateOf(topic, partition)
    const firstOffset = state.endOffset
    const { recordCount, maxEventTimeUs, payload } = batch
    const crc = checksumOf({ topic, partition, firstOffset, recordCount, maxEventTimeUs, appendedTimeUs, payload })
    this.#insertBatch.run(state.slot, firstOffset, recordCount, maxEventTimeUs, appendedTimeUs, crc, payload)
    state.endOffset += recordCount
    state.payloadBytes += payload.length
    touched.add(state)
    return firstOffset
  }

  #stateOf(topic: Topic, partition: number): PartitionState {
    const key = keyOf(topic, partition)
    let state = this.#partitions.get(key)
    if (state === undefined) {
      const slot = Number(this.#insertPartition.run(topic, partition).lastInsertRowid)
      state = { slot, topic, partition, startOffset: 0, endOffset: 0, payloadBytes: 0 }
      this.#partitions.set(key, state)
    }
    return state
  }

  #save(state: PartitionState): void {
    this.#updatePartition.run(state.startOffset, state.endOffset, state.payloadBytes, state.slot)
  }

  #load(): Map<string, PartitionState> {
    const rows = queried('partitions', () => this.#db.prepare('SELECT * FROM partition').all())
    const states = rows.flatMap((row) => statsFromRow(row).map((stats) => ({ ...stats, slot: Number(row.slot) })))
    return new Map(states.map((state) => [keyOf(state.topic, state.partition), state]))
  }

  #transaction<T>(change: () => T): T {
    return this.#attempt(() => {
      this.#begin.run()
      const result = change()
      this.#commit.run()
      return result
    })
  }

  #attempt<T>(change: () => T): T {
    try {
      return change()
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      this.#partitions = this.#load()
      throw new FinPulseError('log-failed', `event log: the storage refused a write: ${messageOf(error)}`, {
        retryable: true,
        cause: error,
      })
    }
  }
}

function keyOf(topic: Topic, partition: number): string {
  return `${topic}/${partition}`
}
