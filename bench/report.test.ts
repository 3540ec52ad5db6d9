import { expect, it } from 'vitest'
import { formatValue } from './format-number.ts'
import { type Measure, ratioOf } from './measurement.ts'
import { ratesOf } from './race.ts'
import { formatJson, formatTable, type Outcome } from './report.ts'
import type { Workload } from './workload.ts'

const workload: Workload = {
  kind: 'log-append',
  name: 'log-append',
  title: 'a workload of this test',
  seconds: 1,
  tradesPerSecond: 1,
  batchCount: 1,
  batchSize: 1,
  expect: { trades: { atLeast: 5e6, stretch: 1e7 }, delay: { atMost: 20 } },
}
const facts = { date: '2026-01-02 15:00', cores: 2, nodeVersion: 'v24.0.0', platform: 'linux x64', loadBefore: 0.1 }
const trades: Measure = { name: 'trades', value: 6e6, unit: 'per-second', floor: { name: 'loop', value: 6e8 } }
const slow: Measure = { name: 'delay', value: 50, unit: 'milliseconds', floor: { name: 'bare', value: 2 } }
const outcome: Outcome = { workload, seconds: 1, measurement: { measures: [trades, slow], notes: ['a note'] } }

it('a ratio is the number of times that the floor costs, for rates and for times', () => {
  expect(ratioOf(trades)).toBe(100)
  expect(ratioOf(slow)).toBe(25)
  expect(ratioOf({ name: 'x', value: 1, unit: 'count' })).toBeUndefined()
})

it('the table says of each expectation whether it was met', () => {
  const table = formatTable(facts, [outcome])
  expect(table).toMatch(/log-append +trades +6\.00 M\/s +100× +loop 600 M\/s +≥ 5\.00 M\/s met \[10\.0 M\/s\]/)
  expect(table).toMatch(/delay +50\.0 ms +25\.0× +bare 2\.00 ms +≤ 20\.0 ms MISSED/)
  expect(table).toContain('  a note')
})

it('a failed and a skipped workload show as such', () => {
  const skipped = { workload, seconds: 1, measurement: { measures: [], notes: [], skipped: 'nothing to read' } }
  const table = formatTable(facts, [{ workload, seconds: 1, failure: 'it broke' }, skipped])
  expect(table).toMatch(/log-append +failed\n/)
  expect(table).toContain('FAILED: it broke')
  expect(table).toContain('skipped: nothing to read')
})

it('the JSON holds every measure with its ratio and what is expected', () => {
  const { cores, workloads } = JSON.parse(formatJson(facts, [outcome]))
  expect(cores).toBe(2)
  expect(workloads[0].measures[0]).toEqual({ ...trades, ratio: 100, expected: workload.expect.trades })
})

it('numbers are shown with three digits', () => {
  expect(formatValue(7_917_000, 'per-second')).toBe('7.92 M/s')
  expect(formatValue(12.345, 'milliseconds')).toBe('12.3 ms')
  expect(formatValue(15_400, 'milliseconds')).toBe('15.4 s')
  expect(formatValue(0.0213, 'bytes')).toBe('0.021 B')
  expect(formatValue(0, 'count')).toBe('0')
})

it('the median of an even number of rounds lies between the two in the middle', () => {
  expect(ratesOf([4, 1, 3, 2])).toEqual({ median: 2.5, best: 4, worst: 1, roundCount: 4 })
})
