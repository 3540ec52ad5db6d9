import { expect, it } from 'vitest'
import { batchOf } from '../../../tests/support/trades.ts'
import type { Alert } from '../../events/alert.ts'
import { decodePayments } from '../../events/batch-codec.ts'
import type { Gap } from '../../events/gap.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { decodeRecords } from '../../events/json.ts'
import type { Label } from '../../events/label.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { partitionOf } from './partitioner.ts'
import { appendsOf } from './step-appends.ts'

const alert: Alert = {
  type: 'alert',
  id: 'volume:sim:AAPL:1',
  kind: 'volume',
  venue: 'sim',
  symbol: 'AAPL',
  severity: 'LOW',
  direction: 'SPIKE',
  eventTimeMs: 7,
  value: 1,
  threshold: 1,
  evidence: {},
}
const gap: Gap = {
  type: 'gap',
  venue: 'sim',
  symbol: 'AAPL',
  fromId: 3,
  toId: 4,
  missingCount: 2,
  previousEventTimeMs: 5,
  eventTimeMs: 6.5,
  foundBy: 'feed',
}
const label: Label = {
  type: 'payment-label',
  paymentId: 5,
  kind: 'fan-in',
  ring: 'fan-in-1',
  paymentTimeMs: 1,
  eventTimeMs: 9,
}

function stepOf(tradeCount: number) {
  const instruments = new InstrumentTable()
  const rows = Array.from({ length: tradeCount }, (_, id) => ({ timeMs: id, price: '1', quantity: '1', id }))
  const position = Uint8Array.of(1)
  return { trades: batchOf(instruments, rows), quotes: new QuoteBatch(instruments, 1), deadLetters: [], position }
}

it('puts payments, labels, alerts and gaps into topics of their own, each with its newest event time', () => {
  const payments = new PaymentBatch(2)
  payments.id[0] = 5
  payments.eventTimeUs[0] = 1234
  payments.count = 1
  const appends = appendsOf({ ...stepOf(0), payments, labels: [label], alerts: [alert], gaps: [gap] }, 4, 99)
  const places = appends.map(({ topic, partition, batch }) => [
    topic,
    partition,
    batch.recordCount,
    batch.maxEventTimeUs,
  ])
  expect(places).toEqual([
    ['payments', 0, 1, 1234],
    ['alerts', partitionOf('AAPL', 4), 1, 7000],
    ['gaps', partitionOf('AAPL', 4), 1, 6500],
    ['labels', 0, 1, 9000],
  ])
  expect(decodePayments(appends[0]!.batch.payload).id[0]).toBe(5)
  expect(decodeRecords(appends[1]!.batch.payload)).toEqual([alert])
  expect(decodeRecords(appends[2]!.batch.payload)).toEqual([gap])
  expect(decodeRecords(appends[3]!.batch.payload)).toEqual([label])
})

it('gives a watermark without trades an offset of its own, in every partition', () => {
  const step = stepOf(0)
  step.trades.watermarkUs = 50
  const places = appendsOf(step, 2, 99).map(({ topic, partition, batch }) => [topic, partition, batch.maxEventTimeUs])
  expect(places).toEqual([
    ['market.trades', 0, 50],
    ['market.trades', 1, 50],
  ])
})

it('makes nothing of a step that brings nothing', () => {
  expect(appendsOf({ ...stepOf(0), payments: new PaymentBatch(1), labels: [], alerts: [], gaps: [] }, 2, 99)).toEqual(
    [],
  )
})
