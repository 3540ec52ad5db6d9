import { expect, it } from 'vitest'
import { candleOf } from '../../api/testing/sample-events.ts'
import type { Gap } from '../../events/gap.ts'
import { decodeRecords } from '../../events/json.ts'
import { noEmittedCounts, OutputBuffer } from './output-buffer.ts'

function gapOf(fromId: number): Gap {
  const times = { previousEventTimeMs: 1000.5, eventTimeMs: 2000.5 }
  return { type: 'gap', venue: 'v', symbol: 'A', fromId, toId: fromId, missingCount: 1, ...times, foundBy: 'processor' }
}

function recordsOf(buffer: OutputBuffer): Record<string, unknown[]> {
  return Object.fromEntries(buffer.appends(0).map(({ topic, batch }) => [topic, decodeRecords(batch.payload)]))
}

it('keeps records by topic, in order, until they are said to be committed', () => {
  const buffer = new OutputBuffer()
  expect(buffer.isEmpty).toBe(true)
  buffer.gap(gapOf(1))
  buffer.candle(candleOf('A', 0))
  buffer.gap(gapOf(2))
  const wanted = { gaps: [gapOf(1), gapOf(2)], 'market.candles': [candleOf('A', 0)] }
  expect(recordsOf(buffer)).toEqual(wanted)
  // The commit failed: the same again.
  expect(recordsOf(buffer)).toEqual(wanted)
  buffer.clear()
  expect([buffer.isEmpty, buffer.appends(0)]).toEqual([true, []])
  expect(buffer.emitted).toEqual({ ...noEmittedCounts(), gaps: 2, 'market.candles': 1 })
})

it('leaves out what the log has already, counted by topic', () => {
  const buffer = new OutputBuffer()
  buffer.restore({ ...noEmittedCounts(), gaps: 1 }, { ...noEmittedCounts(), gaps: 3 })
  for (const fromId of [2, 3, 4]) buffer.gap(gapOf(fromId))
  buffer.candle(candleOf('A', 0))
  expect(recordsOf(buffer)).toEqual({ gaps: [gapOf(4)], 'market.candles': [candleOf('A', 0)] })
  expect(buffer.emitted.gaps).toBe(4)
})

it('never counts less than the log has, although it has derived less', () => {
  const buffer = new OutputBuffer()
  buffer.restore(noEmittedCounts(), { ...noEmittedCounts(), alerts: 7 })
  buffer.gap(gapOf(1))
  expect([buffer.inLog.alerts, buffer.inLog.gaps, buffer.emitted.alerts]).toEqual([7, 1, 0])
})

it('gives a batch the newest time of its records, as a whole number of µs', () => {
  const buffer = new OutputBuffer()
  buffer.gap(gapOf(1))
  expect(buffer.appends(3)).toMatchObject([{ topic: 'gaps', partition: 3, batch: { maxEventTimeUs: 2_000_500 } }])
})
