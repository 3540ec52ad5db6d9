import type { Topic } from '../../events/topic.ts'
import type { Append, LogBatch, StoredBatch } from '../event-log.ts'

/** A limit in bytes that no log of a test reaches. */
export const EVERYTHING = Number.MAX_SAFE_INTEGER

export function batchOf(
  recordCount: number,
  payload: string | Uint8Array = 'payload',
  maxEventTimeUs = 1_000,
): LogBatch {
  return { recordCount, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, maxEventTimeUs }
}

export function append(topic: Topic, partition: number, ...batch: Parameters<typeof batchOf>): Append {
  return { topic, partition, batch: batchOf(...batch) }
}

export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

export function textsOf(batches: readonly StoredBatch[]): (string | undefined)[] {
  return batches.map((batch) => textOf(batch.payload))
}
