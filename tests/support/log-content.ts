import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { decodePayments, decodeQuotes, decodeTrades } from '../../src/events/batch-codec.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import type { Topic } from '../../src/events/topic.ts'
import { EmbeddedEventLogReader } from '../../src/log/embedded/embedded-event-log-reader.ts'
import type { EventLogReader } from '../../src/log/event-log.ts'

const READ_MAX_BYTES = 16 * 1024 * 1024
const textDecoder = new TextDecoder()

/** All that one partition of a topic holds. */
export interface PartitionContent {
  readonly topic: Topic
  readonly partition: number
  readonly recordCount: number
  /** Trades, quotes or payments inside; the other topics have lines. */
  readonly rowCount: number
  /** Of the stored bytes, batch by batch. */
  readonly hash: string
  /** Records of the text topics, one JSON each. */
  readonly lines: readonly string[]
}

export function openLog(dataDirectory: string): EmbeddedEventLogReader {
  return EmbeddedEventLogReader.open({ directory: join(dataDirectory, 'log') })
}

/**
 * Reads a whole log, while nobody writes. Throws where offsets have a gap or overlap, or a batch does not hold as many
 * records as it says.
 */
export async function readLog(dataDirectory: string): Promise<PartitionContent[]> {
  const log = openLog(dataDirectory)
  try {
    const contents: PartitionContent[] = []
    for (const { topic, partition, startOffset } of await log.stats()) {
      contents.push(await readPartition(log, topic, partition, startOffset))
    }
    return contents
  } finally {
    await log.close()
  }
}

async function readPartition(
  log: EventLogReader,
  topic: Topic,
  partition: number,
  startOffset: number,
): Promise<PartitionContent> {
  const hash = createHash('sha256')
  const lines: string[] = []
  let rowCount = 0
  let next = startOffset
  for (;;) {
    const batches = await log.read(topic, partition, next, READ_MAX_BYTES)
    if (batches.length === 0) break
    for (const { firstOffset, recordCount, payload } of batches) {
      if (firstOffset !== next) throw new Error(`${topic}[${partition}]: offset ${next} is followed by ${firstOffset}`)
      next += recordCount
      hash.update(payload)
      const rows = rowsOf(topic, payload, lines)
      // A watermark without trades has an offset of its own.
      if (Math.max(1, rows) !== recordCount) throw new Error(`${topic}[${partition}]: ${rows} rows at ${firstOffset}`)
      rowCount += rows
    }
  }
  const { endOffset } = await log.bounds(topic, partition)
  if (next !== endOffset) throw new Error(`${topic}[${partition}]: ends at ${next}, not at ${endOffset}`)
  return { topic, partition, recordCount: next - startOffset, rowCount, hash: hash.digest('hex'), lines }
}

function rowsOf(topic: Topic, payload: Uint8Array, lines: string[]): number {
  if (topic === 'market.trades') return decodeTrades(payload, new InstrumentTable()).count
  if (topic === 'market.quotes') return decodeQuotes(payload, new InstrumentTable()).count
  if (topic === 'payments') return decodePayments(payload).count
  const records = textDecoder.decode(payload).split('\n')
  lines.push(...records)
  return records.length
}

/** Rows of a topic over all partitions. */
export function rowCountOf(contents: readonly PartitionContent[], topic: Topic): number {
  return contents.filter((content) => content.topic === topic).reduce((sum, { rowCount }) => sum + rowCount, 0)
}

/** Records of a text topic, partition after partition. */
export function recordsOf<T>(contents: readonly PartitionContent[], topic: Topic): T[] {
  return contents
    .filter((content) => content.topic === topic)
    .flatMap(({ lines }) => lines.map((line) => JSON.parse(line) as T))
}
