import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePayments, encodePayments } from '../../events/batch-codec.ts'
import { paymentAt } from '../../events/json.ts'
import { FRAUD_KINDS } from '../../events/payment.ts'
import { ONLINE, PaymentBatch, TRANSFER } from '../../events/payment-batch.ts'
import { ConstantRate } from '../schedule.ts'
import { FraudPlan } from './fraud-plan.ts'
import { paymentsOf, START_US, scenariosWith, worldOptions } from './payments-test-kit.ts'
import { PaymentsWorld } from './payments-world.ts'

const COUNT = 40_000
const options = worldOptions({ scenarios: scenariosWith((_, { share }) => ({ share: share * 5 })) })
const world = new PaymentsWorld(options)
const whole = paymentsOf(world, 0, COUNT)

function rowsOf(batch: PaymentBatch, from = 0, to = batch.count): string[] {
  return Array.from({ length: to - from }, (_, at) => batch.columns.map((column) => column[from + at]).join())
}

function hashOf(batches: readonly PaymentBatch[]): string {
  const hash = createHash('sha256')
  for (const batch of batches)
    for (let row = 0; row < batch.count; row++) hash.update(JSON.stringify(paymentAt(batch, row)))
  return hash.digest('hex')
}

describe('PaymentsWorld', () => {
  it('makes the same payments from any one on and in batches of any size', () => {
    const expected = rowsOf(whole)
    const other = new PaymentsWorld(options)
    fc.assert(
      fc.property(
        fc.nat(COUNT - 1),
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 1, max: 999 }),
        (from, length, size) => {
          const to = Math.min(COUNT, from + length)
          const batch = new PaymentBatch(size)
          const rows: string[] = []
          other.skipTo(from)
          while (other.index < to) {
            batch.count = 0
            other.fill(batch, to)
            rows.push(...rowsOf(batch))
          }
          expect(rows).toEqual(expected.slice(from, to))
        },
      ),
      { numRuns: 30 },
    )
  })

  it('gives the same bytes in one piece and in two, and others for another seed', () => {
    const second = new PaymentsWorld(options)
    const parts = [paymentsOf(second, 0, 20_001), paymentsOf(new PaymentsWorld(options), 20_001, COUNT)]
    expect(hashOf(parts)).toBe(hashOf([whole]))
    const other = new PaymentsWorld({ ...options, seed: 8 })
    expect(hashOf([paymentsOf(other, 0, 100)])).not.toBe(hashOf([paymentsOf(world, 0, 100)]))
  })

  it('is the same world on every machine', () => {
    expect(hashOf([paymentsOf(world, 0, 2000)])).toBe(
      '6a849c0cacb2848d6b60d550bb69ddc6570b63f7c200c2ce47a6c943b5b1fbb2',
    )
  })

  it('numbers payments in the order of time and has each at its exact time', () => {
    const rows = Float64Array.from({ length: COUNT }, (_, row) => row)
    expect(whole.id).toEqual(rows.map((row) => row + 1))
    expect(whole.eventTimeUs).toEqual(rows.map((row) => START_US + row * 100_000))
  })

  it('goes on under another rate where a schedule begins at a later payment', () => {
    const later = new PaymentsWorld({ ...options, schedule: new ConstantRate(10, START_US, 500) })
    expect(paymentsOf(later, 500, 501).eventTimeUs[0]).toBe(START_US)
  })

  it('marks transfers and card payments apart, each with the entities that it has', () => {
    let transferCount = 0
    const wrong: number[] = []
    for (let row = 0; row < COUNT; row++) {
      const isTransfer = (whole.flags[row]! & TRANSFER) !== 0
      if (isTransfer) transferCount += 1
      const hasPayer = whole.customer[row]! >= 1 && whole.customer[row]! <= 5000
      const hasCard = whole.card[row]! > 0 && whole.terminal[row]! > 0 && whole.merchant[row]! > 0
      const hasPayee = whole.counterparty[row]! > 0 && whole.counterparty[row] !== whole.customer[row]
      if (!hasPayer || hasCard === isTransfer || hasPayee !== isTransfer || !(whole.amountDigits[row]! >= 1))
        wrong.push(row)
    }
    expect(wrong).toEqual([])
    expect(transferCount / COUNT).toBeGreaterThan(0.13)
    expect(transferCount / COUNT).toBeLessThan(0.21)
  })

  it('lets customers shop near home by habit', () => {
    const placesByCustomer = new Map<number, number[]>()
    for (let row = 0; row < COUNT; row++) {
      if ((whole.flags[row]! & (TRANSFER | ONLINE)) !== 0) continue
      const places = placesByCustomer.get(whole.customer[row]!) ?? []
      placesByCustomer.set(whole.customer[row]!, [...places, whole.terminal[row]!])
    }
    const busy = [...placesByCustomer.values()].filter((places) => places.length >= 10)
    expect(busy.length).toBeGreaterThan(500)
    const returning = busy.filter((places) => new Set(places).size < places.length)
    expect(returning.length / busy.length).toBeGreaterThan(0.6)
  })
})

describe('a batch of payments', () => {
  it('comes back from its stored form as it was', () => {
    const decoded = decodePayments(encodePayments(whole), new PaymentBatch(COUNT))
    expect(rowsOf(decoded)).toEqual(rowsOf(whole))
    const part = paymentsOf(world, 3, 3)
    expect(decodePayments(encodePayments(part)).count).toBe(0)
  })

  it('is not made from options that are out of range, which are told by name', () => {
    expect(() => new PaymentsWorld({ ...options, customerCount: 3 })).toThrow(/payments.customerCount: expected 100 to/)
    const scenarios = scenariosWith((kind) => (kind === 'cycle' ? { sizeMin: 2 } : {}))
    expect(() => new PaymentsWorld({ ...options, scenarios })).toThrow(
      /payments.scenarios.cycle.sizeMin: expected 3 to/,
    )
  })
})

describe('the plan of frauds', () => {
  it.each([0.01, 10, 5000, 1_000_000])('keeps the configured share of each kind at %d payments/s', (ratePerSecond) => {
    const plan = new FraudPlan(worldOptions({ ratePerSecond }))
    const counts = FRAUD_KINDS.map(() => 0)
    const slotCount = 5e6
    let previous = -1
    let isRising = true
    for (; plan.slot < slotCount; plan.advance()) {
      isRising &&= plan.slot > previous
      previous = plan.slot
      counts[plan.kindIndex]! += 1
    }
    expect(isRising).toBe(true)
    FRAUD_KINDS.forEach((kind, index) => {
      const wanted = worldOptions().scenarios[kind].share * slotCount
      expect(Math.abs(counts[index]! / wanted - 1), `${kind}: ${counts[index]} of ${wanted}`).toBeLessThan(0.1)
    })
  })

  it('is the same from any slot on', () => {
    const all = new FraudPlan(options)
    const slots: string[] = []
    for (; all.slot < 1e6; all.advance()) slots.push(`${all.slot} ${all.kindIndex} ${all.step.ring} ${all.step.step}`)
    fc.assert(
      fc.property(fc.nat(900_000), (from) => {
        const plan = new FraudPlan(options)
        plan.moveTo(from)
        const at = slots.findIndex((text) => Number(text.split(' ')[0]) >= from)
        expect(`${plan.slot} ${plan.kindIndex} ${plan.step.ring} ${plan.step.step}`).toBe(slots[at])
      }),
    )
  })

  it('has no fraud where no kind has a share', () => {
    const plan = new FraudPlan(worldOptions({ scenarios: scenariosWith(() => ({ share: 0 })) }))
    expect(plan.slot).toBe(Number.POSITIVE_INFINITY)
  })
})
