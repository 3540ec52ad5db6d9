import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { PaymentLabel } from '../../events/payment.ts'
import { FraudPlan } from './fraud-plan.ts'
import { LabelQueue } from './label-queue.ts'
import { PaymentLabels } from './payment-labels.ts'
import { START_US, worldOptions } from './payments-test-kit.ts'
import { PaymentsWorld } from './payments-world.ts'

const DAY_US = 86_400_000_000
const END_US = START_US + 40 * DAY_US
const options = worldOptions({ ratePerSecond: 1 })
const ALL = new PaymentLabels(options).before(END_US)
const delayDays = ({ eventTimeMs, paymentTimeMs }: PaymentLabel) => (eventTimeMs - paymentTimeMs) / 86_400_000

it('labels tell what their payments are, each payment once', () => {
  const world = new PaymentsWorld(options)
  expect(ALL.length).toBeGreaterThan(10_000)
  expect(new Set(ALL.map(({ paymentId }) => paymentId)).size).toBe(ALL.length)
  for (const label of ALL.filter((_, index) => index % 50 === 0)) {
    const truth = world.truthOf(label.paymentId - 1)
    expect([truth?.kind, truth?.ring]).toEqual([label.kind, label.ring])
    expect(label.paymentTimeMs * 1000).toBe(START_US + (label.paymentId - 1) * 1e6)
  }
})

it('every fraud that is old enough has its label, and nothing else has', () => {
  const known = new Set(ALL.map(({ paymentId }) => paymentId))
  const early = new PaymentLabels({ ...options, labels: { ...options.labels, maxHours: 240 } })
  const cut = new Set(early.before(END_US).map(({ paymentId }) => paymentId))
  const plan = new FraudPlan(options)
  const forgotten: number[] = []
  for (; plan.slot < 30 * 86_400; plan.advance()) if (!cut.has(plan.slot + 1)) forgotten.push(plan.slot)
  expect(forgotten).toEqual([])
  expect(known.size).toBeLessThan(cut.size)
})

it('labels come in the order of the time when they become known', () => {
  expect(ALL.toSorted((a, b) => a.eventTimeMs - b.eventTimeMs || a.paymentId - b.paymentId)).toEqual(ALL)
})

it('labels are the same from any time on and in pieces of any length', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 39, noNaN: true }),
      fc.double({ min: 0.1, max: 5, noNaN: true }),
      (from, step) => {
        const labels = new PaymentLabels(options)
        const fromUs = Math.floor(START_US + from * DAY_US)
        labels.skipTo(fromUs)
        const found: PaymentLabel[] = []
        for (let timeUs = fromUs; timeUs < END_US; timeUs += step * DAY_US) {
          found.push(...labels.before(Math.min(END_US, timeUs + step * DAY_US)))
        }
        expect(found).toEqual(ALL.filter(({ eventTimeMs }) => eventTimeMs >= fromUs / 1000))
      },
    ),
    { numRuns: 8 },
  )
})

it('delays are spread around their median, between their bounds', () => {
  const { minHours, maxHours } = options.labels
  // Frauds of the first ten days only: of later ones the long delays have not come yet.
  const delays = ALL.filter(({ paymentTimeMs }) => paymentTimeMs * 1000 < START_US + 10 * DAY_US).map(delayDays)
  const sorted = delays.toSorted((a, b) => a - b)
  expect(sorted[0]!).toBeGreaterThanOrEqual(minHours / 24)
  expect(sorted.at(-1)!).toBeLessThanOrEqual(maxHours / 24)
  expect(sorted[Math.floor(sorted.length / 2)]!).toBeGreaterThan(6)
  expect(sorted[Math.floor(sorted.length / 2)]!).toBeLessThan(8)
  expect(sorted[Math.floor(sorted.length * 0.9)]! / sorted[Math.floor(sorted.length * 0.1)]!).toBeGreaterThan(3)
})

it('a part of the frauds is never reported where so configured', () => {
  const some = new PaymentLabels({ ...options, labels: { ...options.labels, missingShare: 0.3 } }).before(END_US)
  expect(some.length / ALL.length).toBeGreaterThan(0.67)
  expect(some.length / ALL.length).toBeLessThan(0.73)
})

it('without a delay each fraud has its label with its payment', () => {
  const labels = { ...options.labels, medianHours: 0, minHours: 0, maxHours: 0 }
  const found = new PaymentLabels({ ...options, labels }).before(END_US)
  const plan = new FraudPlan(options)
  const frauds: number[] = []
  for (; options.schedule.dueUs(plan.slot) < END_US; plan.advance()) frauds.push(plan.slot + 1)
  expect(found.map(({ paymentId }) => paymentId)).toEqual(frauds)
  expect(found.every(({ eventTimeMs, paymentTimeMs }) => eventTimeMs === paymentTimeMs)).toBe(true)
})

it('more labels on their way than there is memory for are refused', () => {
  const options = worldOptions({ ratePerSecond: 1_000_000 })
  expect(() => new PaymentLabels(options)).toThrow(/labels would be on their way/)
  expect(() => new PaymentLabels(options, 1e12)).toThrow(/labels would be on their way/)
})

it('a stream that ends before there are so many labels may be of any rate', () => {
  const labels = new PaymentLabels(worldOptions({ ratePerSecond: 1_000_000 }), 10_000_000)
  expect(labels.before(START_US + 10e6)).toEqual([])
})

it('a queue gives labels out by time and payment, as sorting does', () => {
  const entry = fc.record({ dueUs: fc.nat(50), ring: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 3000 }), (entries) => {
      const queue = new LabelQueue()
      for (const [index, { dueUs, ring }] of entries.entries()) queue.push(dueUs, index, ring, ring)
      const found: number[][] = []
      for (; queue.count > 0; queue.pop()) found.push([queue.dueUs, queue.index, queue.kindIndex, queue.ring])
      const expected = entries.map(({ dueUs, ring }, index) => [dueUs, index, ring, ring])
      expect(found).toEqual(expected.toSorted((a, b) => a[0]! - b[0]! || a[1]! - b[1]!))
    }),
    { numRuns: 40 },
  )
})
