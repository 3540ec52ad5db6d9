import { decodeQuotes, decodeTrades } from '../../src/events/batch-codec.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { decodeRecords, quoteAt, tradeAt } from '../../src/events/json.ts'
import type { Topic } from '../../src/events/topic.ts'
import type { Quote, Trade } from '../../src/events/trade.ts'
import type { EventLogReader, StoredBatch } from '../../src/log/event-log.ts'

/** All batches of a partition; throws where their offsets have a hole. */
export async function batchesOf(log: EventLogReader, topic: Topic, partition: number): Promise<readonly StoredBatch[]> {
  const batches = await log.read(topic, partition, 0, Number.MAX_SAFE_INTEGER)
  let next = 0
  for (const { firstOffset, recordCount } of batches) {
    if (firstOffset !== next) throw new Error(`${topic}[${partition}]: offset ${next} is followed by ${firstOffset}`)
    next += recordCount
  }
  return batches
}

/** Trades of a partition in its order, in the decimals that each instrument has at the end. */
export async function tradesOf(log: EventLogReader, partition: number): Promise<Trade[]> {
  const instruments = new InstrumentTable()
  const batches = await batchesOf(log, 'market.trades', partition)
  // Once for the decimals, once for the rows.
  for (const { payload } of batches) decodeTrades(payload, instruments)
  return batches.flatMap(({ payload }) => {
    const batch = decodeTrades(payload, instruments)
    return Array.from({ length: batch.count }, (_, row) => tradeAt(batch, row))
  })
}

export async function quotesOf(log: EventLogReader, partition: number): Promise<Quote[]> {
  const instruments = new InstrumentTable()
  const batches = await batchesOf(log, 'market.quotes', partition)
  for (const { payload } of batches) decodeQuotes(payload, instruments)
  return batches.flatMap(({ payload }) => {
    const batch = decodeQuotes(payload, instruments)
    return Array.from({ length: batch.count }, (_, row) => quoteAt(batch, row))
  })
}

export async function recordsOf<T>(log: EventLogReader, topic: Topic, partition: number): Promise<T[]> {
  return (await batchesOf(log, topic, partition)).flatMap(({ payload }) => decodeRecords<T>(payload))
}

/** `1.500` and `1.5` are the same number; which is printed depends on what the reader has seen of the instrument. */
export function plain<T extends object>(row: T): T {
  const entries = Object.entries(row).map(([name, value]) => [name, isDecimal(value) ? shortest(value) : value])
  return Object.fromEntries(entries) as T
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^\d+\.\d+$/.test(value)
}

export function shortest(decimal: string): string {
  return decimal.replace(/\.?0+$/, '')
}

export function eachPartition<T>(count: number, read: (partition: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, partition) => read(partition)))
}
