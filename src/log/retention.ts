import type { RetentionPolicy } from './event-log.ts'

/** What retention looks at of a stored batch. */
export interface BatchExtent {
  readonly firstOffset: number
  readonly recordCount: number
  readonly maxEventTimeUs: number
  readonly payloadBytes: number
}

/** What retention looks at of a partition, before anything is dropped. */
export interface PartitionExtent {
  readonly partition: number
  readonly endOffset: number
  readonly payloadBytes: number
}

/**
 * How many of the oldest batches the policy drops. A batch that stays keeps all newer ones, so what is left has no
 * hole: an old event that arrived after a newer one lives as long as the newer one.
 * @param oldest batches of the partition from its start, in order of offset; may end early
 */
export function droppableCount(
  oldest: Iterable<BatchExtent>,
  partition: PartitionExtent,
  policy: RetentionPolicy,
  nowUs: number,
): number {
  const keepFromOffset = policy.keepFromOffsets?.get(partition.partition) ?? Number.POSITIVE_INFINITY
  const oldestKeptUs = nowUs - (policy.maxAgeUs ?? Number.POSITIVE_INFINITY)
  const keptMaxBytes = policy.maxBytes ?? Number.POSITIVE_INFINITY
  let keptBytes = partition.payloadBytes
  let count = 0
  for (const batch of oldest) {
    const batchEnd = batch.firstOffset + batch.recordCount
    if (batchEnd >= partition.endOffset || batchEnd > keepFromOffset) break
    if (batch.maxEventTimeUs >= oldestKeptUs && keptBytes <= keptMaxBytes) break
    keptBytes -= batch.payloadBytes
    count++
  }
  return count
}
