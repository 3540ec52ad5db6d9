import { expect, it } from 'vitest'
import type { Alert, Severity } from '../../../src/events/alert.ts'
import { candleMarks } from './alert-marks.ts'
import { candleAt } from './candle-fixture.ts'

const MINUTE_MS = 60_000

const alert = (minute: number, severity: Severity): Alert => ({
  type: 'alert',
  id: `${minute} ${severity}`,
  kind: 'z-score',
  venue: 'sim',
  symbol: 'V',
  severity,
  direction: 'SPIKE',
  eventTimeMs: minute * MINUTE_MS + 5,
  value: 3,
  threshold: 2.5,
  evidence: {},
})

const candles = Array.from({ length: 200 }, (_, minute) => candleAt(minute))

it('marks the candle that an alert fell into, by the gravest of several', () => {
  const marks = candleMarks([alert(7, 'MEDIUM'), alert(7, 'HIGH'), alert(3, 'LOW')], candles, MINUTE_MS)
  expect(marks).toEqual([
    { openTimeMs: 3 * MINUTE_MS, severity: 'LOW', direction: 'SPIKE', text: undefined },
    { openTimeMs: 7 * MINUTE_MS, severity: 'HIGH', direction: 'SPIKE', text: '2' },
  ])
})

it('marks nothing outside of the candles', () => {
  expect(candleMarks([alert(500, 'HIGH')], candles, MINUTE_MS)).toEqual([])
})

it('marks the strongest alerts only where all of them would hide the candles', () => {
  const many = candles.map((_, minute) => alert(minute, minute % 20 === 0 ? 'HIGH' : 'MEDIUM'))
  const marks = candleMarks(many, candles, MINUTE_MS)
  expect(marks).toHaveLength(20)
  expect(marks.filter((mark) => mark.severity === 'HIGH')).toHaveLength(10)
})
