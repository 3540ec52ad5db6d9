import type { Clock } from '../../base/clock.ts'
import type { Topic } from '../../events/topic.ts'
import { checkCommit } from '../commit-check.ts'
import { CommitListener, CommitSignal } from '../commit-signal.ts'
import type {
  Append,
  Commit,
  CommitReceipt,
  EventLog,
  EventLogReader,
  LogBounds,
  LogStats,
  RetentionPolicy,
  StoredBatch,
} from '../event-log.ts'
import { checkOffset, logClosed } from '../log-errors.ts'
import { LogView } from '../log-view.ts'
import { droppableCount } from '../retention.ts'

interface MemoryPartition {
  readonly topic: Topic
  readonly partition: number
  readonly batches: MemoryBatch[]
  startOffset: number
  endOffset: number
  payloadBytes: number
}

interface MemoryBatch extends StoredBatch {
  readonly payloadBytes: number
}

const EMPTY_BOUNDS: LogBounds = { startOffset: 0, endOffset: 0 }

/**
 * The log in memory, for tests and the simulation harness: deterministic, with no time but the clock's. A commit is
 * visible when `commit` returns its promise; nothing outlives the process. Bounded only by `retain`.
 */
export class MemoryEventLog implements EventLog {
  readonly #clock: Clock
  readonly #signal: CommitSignal
  readonly #listener: CommitListener
  readonly #partitions = new Map<string, MemoryPartition>()
  readonly #checkpoints = new Map<string, Uint8Array>()
  readonly #createdUs: number
  #resetCount = 0
  #isClosed = false

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock
    this.#signal = new CommitSignal(options.clock)
    this.#listener = new CommitListener(this.#signal)
    this.#createdUs = options.clock.nowUs()
  }

  /** A further reader, with its own memory of what `waitForCommit` has told it. */
  reader(): EventLogReader {
    const listener = new CommitListener(this.#signal)
    return new LogView(
      this,
      (timeoutMs) => listener.wait(timeoutMs),
      () => undefined,
    )
  }

  async epoch(): Promise<string> {
    this.#checkOpen()
    return `memory-${this.#createdUs.toString(36)}-${this.#resetCount}`
  }

  async bounds(topic: Topic, partition: number): Promise<LogBounds> {
    this.#checkOpen()
    const { startOffset, endOffset } = this.#partitions.get(keyOf(topic, partition)) ?? EMPTY_BOUNDS
    return { startOffset, endOffset }
  }

  async read(topic: Topic, partition: number, fromOffset: number, maxBytes: number): Promise<readonly StoredBatch[]> {
    checkOffset(topic, partition, fromOffset, await this.bounds(topic, partition))
    const batches = this.#partitions.get(keyOf(topic, partition))?.batches ?? []
    const result: StoredBatch[] = []
    let bytes = 0
    for (let index = indexOfOffset(batches, fromOffset); index < batches.length; index++) {
      const { payloadBytes, ...batch } = batches[index]!
      bytes += payloadBytes
      if (result.length > 0 && bytes > maxBytes) break
      // Copies on both ways, since either side may change or transfer its bytes. (`slice` of a Buffer makes none.)
      result.push({ ...batch, payload: new Uint8Array(batch.payload) })
    }
    return result
  }

  async checkpoint(name: string): Promise<Uint8Array | undefined> {
    this.#checkOpen()
    const value = this.#checkpoints.get(name)
    return value === undefined ? undefined : new Uint8Array(value)
  }

  async stats(): Promise<readonly LogStats[]> {
    this.#checkOpen()
    return [...this.#partitions.values()]
      .map(({ topic, partition, startOffset, endOffset, payloadBytes }) => {
        return { topic, partition, startOffset, endOffset, payloadBytes }
      })
      .sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition))
  }

  async waitForCommit(timeoutMs: number): Promise<void> {
    this.#checkOpen()
    await this.#listener.wait(timeoutMs)
  }

  async commit(commit: Commit): Promise<CommitReceipt> {
    this.#checkOpen()
    checkCommit(commit)
    const appendedTimeUs = this.#clock.nowUs()
    const firstOffsets = commit.appends.map((append) => this.#append(append, appendedTimeUs))
    for (const { name, value } of commit.checkpoints ?? []) {
      if (value === undefined) this.#checkpoints.delete(name)
      else this.#checkpoints.set(name, new Uint8Array(value))
    }
    this.#signal.raise()
    return { firstOffsets }
  }

  async retain(policies: readonly RetentionPolicy[], nowUs: number): Promise<number> {
    this.#checkOpen()
    let droppedCount = 0
    for (const policy of policies) {
      for (const partition of this.#partitions.values()) {
        if (partition.topic === policy.topic) droppedCount += dropOldest(partition, policy, nowUs)
      }
    }
    return droppedCount
  }

  async reset(): Promise<void> {
    this.#checkOpen()
    this.#partitions.clear()
    this.#checkpoints.clear()
    this.#resetCount++
    this.#signal.raise()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#signal.close()
  }

  #append({ topic, partition, batch }: Append, appendedTimeUs: number): number {
    const stored = this.#partitionOf(topic, partition)
    const firstOffset = stored.endOffset
    const payload = new Uint8Array(batch.payload)
    stored.batches.push({
      topic,
      partition,
      firstOffset,
      recordCount: batch.recordCount,
      maxEventTimeUs: batch.maxEventTimeUs,
      appendedTimeUs,
      payload,
      payloadBytes: payload.length,
    })
    stored.endOffset += batch.recordCount
    stored.payloadBytes += payload.length
    return firstOffset
  }

  #partitionOf(topic: Topic, partition: number): MemoryPartition {
    const key = keyOf(topic, partition)
    let found = this.#partitions.get(key)
    if (found === undefined) {
      found = { topic, partition, batches: [], startOffset: 0, endOffset: 0, payloadBytes: 0 }
      this.#partitions.set(key, found)
    }
    return found
  }

  #checkOpen(): void {
    if (this.#isClosed) throw logClosed()
  }
}

function keyOf(topic: Topic, partition: number): string {
  return `${topic}/${partition}`
}

/** Index of the batch that contains `offset`; the number of batches where it is the end. */
function indexOfOffset(batches: readonly MemoryBatch[], offset: number): number {
  let low = 0
  let high = batches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const { firstOffset, recordCount } = batches[middle]!
    if (firstOffset + recordCount <= offset) low = middle + 1
    else high = middle
  }
  return low
}

function dropOldest(partition: MemoryPartition, policy: RetentionPolicy, nowUs: number): number {
  const droppedBatches = partition.batches.splice(0, droppableCount(partition.batches, partition, policy, nowUs))
  const startOffset = partition.batches[0]?.firstOffset ?? partition.endOffset
  const droppedCount = startOffset - partition.startOffset
  partition.startOffset = startOffset
  for (const batch of droppedBatches) partition.payloadBytes -= batch.payloadBytes
  return droppedCount
}
