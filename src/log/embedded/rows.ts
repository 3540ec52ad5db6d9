import type { SQLOutputValue } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { TOPICS, type Topic } from '../../events/topic.ts'
import type { LogStats, StoredBatch } from '../event-log.ts'
import type { BatchExtent } from '../retention.ts'

/** What node:sqlite returns, by column. */
export type Row = Record<string, SQLOutputValue>

const NO_BYTES = new Uint8Array(0)

/** The checksum covers the payload and all that is said about it, so that a batch in the wrong place fails as well. */
export function checksumOf(batch: StoredBatch): number {
  const { topic, partition, firstOffset, recordCount, maxEventTimeUs, appendedTimeUs, payload } = batch
  const header = `${topic}/${partition}/${firstOffset}/${recordCount}/${maxEventTimeUs}/${appendedTimeUs}`
  return crc32(payload, crc32(header))
}

/** A row of the table `batch`. @returns undefined where it does not match its checksum */
export function batchFromRow(topic: Topic, partition: number, row: Row): StoredBatch | undefined {
  const batch = {
    topic,
    partition,
    firstOffset: Number(row.first_offset),
    recordCount: Number(row.record_count),
    maxEventTimeUs: Number(row.max_event_time_us),
    appendedTimeUs: Number(row.appended_time_us),
    payload: bytesOf(row.payload),
  }
  return checksumOf(batch) === row.crc ? batch : undefined
}

/** A BLOB column; damage to its type shows as no bytes. */
export function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : NO_BYTES
}

export function extentFromRow(row: Row): BatchExtent {
  return {
    firstOffset: Number(row.first_offset),
    recordCount: Number(row.record_count),
    maxEventTimeUs: Number(row.max_event_time_us),
    payloadBytes: Number(row.payload_bytes),
  }
}

/** A row of the table `partition`; none for a topic of another version of FinPulse. */
export function statsFromRow(row: Row): LogStats[] {
  const topic = TOPICS.find((known) => known === row.topic)
  if (topic === undefined) return []
  return [
    {
      topic,
      partition: Number(row.partition),
      startOffset: Number(row.start_offset),
      endOffset: Number(row.end_offset),
      payloadBytes: Number(row.payload_bytes),
    },
  ]
}
