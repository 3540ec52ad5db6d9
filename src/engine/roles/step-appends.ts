import { encodePayments, encodeQuotes, encodeTrades } from '../../events/batch-codec.ts'
import { encodeRecords } from '../../events/json.ts'
import type { Topic } from '../../events/topic.ts'
import type { FeedStep } from '../../feeds/feed.ts'
import type { Append } from '../../log/event-log.ts'
import { partitionOf, splitByPartition } from './partitioner.ts'

/** One step of a feed as appends to the log, market events by symbol. Its batches are encoded: they may change after. */
export function appendsOf(step: FeedStep, partitionCount: number, nowUs: number): Append[] {
  const { payments, labels = [], alerts = [], gaps = [], deadLetters } = step
  const appends = [...tradeAppends(step, partitionCount), ...quoteAppends(step, partitionCount)]
  if (payments !== undefined && payments.count > 0) {
    const batch = { recordCount: payments.count, payload: encodePayments(payments), maxEventTimeUs: newestOf(payments) }
    appends.push({ topic: 'payments', partition: 0, batch })
  }
  for (const alert of alerts) {
    const partition = partitionOf(alert.symbol, partitionCount)
    appends.push(recordAppend('alerts', partition, [alert], alert.eventTimeMs * 1000))
  }
  for (const gap of gaps) {
    const partition = partitionOf(gap.symbol, partitionCount)
    appends.push(recordAppend('gaps', partition, [gap], Math.round(gap.eventTimeMs * 1000)))
  }
  if (labels.length > 0) appends.push(recordAppend('labels', 0, labels, labels.at(-1)!.eventTimeMs * 1000))
  if (deadLetters.length > 0) appends.push(recordAppend('dead-letters', 0, deadLetters, nowUs))
  return appends
}

function tradeAppends({ trades }: FeedStep, partitionCount: number): Append[] {
  return splitByPartition(trades, partitionCount).flatMap((batch, partition): Append[] => {
    if (batch.count === 0 && batch.watermarkUs < 0) return []
    // A watermark without trades takes an offset of its own, so that every batch has one.
    const recordCount = Math.max(1, batch.count)
    const maxEventTimeUs = Math.max(newestOf(batch), batch.watermarkUs)
    return [{ topic: 'market.trades', partition, batch: { recordCount, payload: encodeTrades(batch), maxEventTimeUs } }]
  })
}

function quoteAppends({ quotes }: FeedStep, partitionCount: number): Append[] {
  return splitByPartition(quotes, partitionCount).flatMap((batch, partition): Append[] => {
    if (batch.count === 0) return []
    const recordCount = batch.count
    const maxEventTimeUs = newestOf(batch)
    return [{ topic: 'market.quotes', partition, batch: { recordCount, payload: encodeQuotes(batch), maxEventTimeUs } }]
  })
}

function recordAppend(topic: Topic, partition: number, records: readonly object[], maxEventTimeUs: number): Append {
  const batch = { recordCount: records.length, payload: encodeRecords(records), maxEventTimeUs }
  return { topic, partition, batch }
}

function newestOf({ eventTimeUs, count }: { readonly eventTimeUs: Float64Array; readonly count: number }): number {
  let newest = 0
  for (let row = 0; row < count; row++) if (eventTimeUs[row]! > newest) newest = eventTimeUs[row]!
  return newest
}
