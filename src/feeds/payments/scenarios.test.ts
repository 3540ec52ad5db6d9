import { describe, expect, it } from 'vitest'
import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import { PaymentBatch, TRANSFER } from '../../events/payment-batch.ts'
import { ConstantRate } from '../schedule.ts'
import { FraudPlan, ringName, stepCountOf } from './fraud-plan.ts'
import { defaultPaymentsOptions } from './payments-options.ts'
import { paymentsOf, START_US, worldOptions } from './payments-test-kit.ts'
import { PaymentsWorld } from './payments-world.ts'

/*
 * A world whose size fits its rate: what campaigns look like is read from the payments of whole rings, over 70 days.
 */
const RATE = 0.5
const options = defaultPaymentsOptions(11, new ConstantRate(RATE, START_US), RATE)
const world = new PaymentsWorld(options)
const SPAN_COUNT = 70 * 86_400 * RATE
const RING_MAX_COUNT = 25
const HOUR_US = 3.6e9

/** Payments of up to 25 whole rings of each kind, in the order of time. */
function wholeRings(): Map<FraudKind, PaymentBatch[]> {
  const slotsByRing = new Map<string, { kind: FraudKind; stepCount: number; slots: number[]; steps: number[] }>()
  const plan = new FraudPlan(options)
  for (; plan.slot < SPAN_COUNT; plan.advance()) {
    const kind = FRAUD_KINDS[plan.kindIndex]!
    const name = ringName(plan.kindIndex, plan.step.ring)
    const ring = slotsByRing.get(name) ?? { kind, stepCount: stepCountOf(kind, plan.step.size), slots: [], steps: [] }
    ring.slots.push(plan.slot)
    ring.steps.push(plan.step.step)
    slotsByRing.set(name, ring)
  }
  const rings = new Map<FraudKind, PaymentBatch[]>(FRAUD_KINDS.map((kind) => [kind, []]))
  for (const { kind, stepCount, slots, steps } of slotsByRing.values()) {
    expect(steps).toEqual(steps.toSorted((a, b) => a - b))
    expect(new Set(steps).size).toBe(steps.length)
    const found = rings.get(kind)!
    if (steps.length !== stepCount || found.length >= RING_MAX_COUNT) continue
    const batch = new PaymentBatch(slots.length)
    for (const slot of slots) {
      world.skipTo(slot)
      world.fill(batch, slot + 1)
    }
    found.push(batch)
  }
  return rings
}

const RINGS = wholeRings()

function column(batch: PaymentBatch, of: (batch: PaymentBatch) => ArrayLike<number>): number[] {
  return Array.from({ length: batch.count }, (_, row) => of(batch)[row]!)
}

function different(values: readonly number[]): number {
  return new Set(values).size
}

const customers = (batch: PaymentBatch) => column(batch, (from) => from.customer)
const cards = (batch: PaymentBatch) => column(batch, (from) => from.card)
const terminals = (batch: PaymentBatch) => column(batch, (from) => from.terminal)
const amounts = (batch: PaymentBatch) => column(batch, (from) => from.amountDigits)
const times = (batch: PaymentBatch) => column(batch, (from) => from.eventTimeUs)
const payees = (batch: PaymentBatch) => column(batch, (from) => from.counterparty)

function eachRing(kind: FraudKind, check: (ring: PaymentBatch) => void): void {
  const rings = RINGS.get(kind)!
  expect(rings.length, kind).toBeGreaterThan(3)
  for (const ring of rings) check(ring)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('campaigns of card fraud', () => {
  it.each(FRAUD_KINDS)('%s: rings last about as long as they should', (kind) => {
    const { spanHours, sizeMax } = options.scenarios[kind]
    const longest = stepCountOf(kind, sizeMax)
    if (longest === 1) return
    // A burst cannot be shorter than one group of sixteen payments for each of its own.
    const wantedHours = Math.max(spanHours, (longest * 16) / RATE / 3600)
    const relative = RINGS.get(kind)!.map((ring) => {
      const hours = (ring.eventTimeUs[ring.count - 1]! - ring.eventTimeUs[0]!) / HOUR_US
      return hours / ((wantedHours * (ring.count - 1)) / longest)
    })
    expect(mean(relative), kind).toBeGreaterThan(0.5)
    expect(mean(relative), kind).toBeLessThan(2)
  })

  it('a compromised terminal sees frauds of many cards, in between ordinary payments', () => {
    eachRing('compromised-terminal', (ring) => {
      expect(different(terminals(ring))).toBe(1)
      expect(different(cards(ring))).toBeGreaterThan(ring.count / 3)
    })
  })

  it('a compromised card pays more than its owner does', () => {
    const ratios: number[] = []
    const usual = paymentsOf(world, 0, 100_000)
    const ordinaryMean = mean(amounts(usual).filter((_, row) => (usual.flags[row]! & TRANSFER) === 0))
    eachRing('compromised-card', (ring) => {
      expect(different(cards(ring))).toBe(1)
      ratios.push(mean(amounts(ring)) / ordinaryMean)
    })
    expect(mean(ratios)).toBeGreaterThan(1.4)
  })

  it('only over-limit frauds are above the limit', () => {
    eachRing('over-limit', (ring) => expect(ring.amountDigits[0]!).toBeGreaterThan(22_000))
    const batch = paymentsOf(world, 0, 30_000)
    for (let row = 0; row < batch.count; row++) {
      if ((batch.flags[row]! & TRANSFER) !== 0 || batch.amountDigits[row]! <= 22_000) continue
      expect(world.truthOf(row)?.kind).toBe('over-limit')
    }
  })

  it('card testing is a burst of tiny amounts with many cards at one terminal', () => {
    eachRing('card-testing', (ring) => {
      expect(different(terminals(ring))).toBe(1)
      expect(different(cards(ring))).toBe(ring.count)
      expect(Math.max(...amounts(ring))).toBeLessThanOrEqual(500)
      // At this rate a burst of thirty cannot be shorter than thirty groups of sixteen payments.
      expect(times(ring).at(-1)! - times(ring)[0]!).toBeLessThan(30 * 16 * (1e6 / RATE) + 1)
    })
  })

  it('an account that is taken over pays a few mules', () => {
    eachRing('account-takeover', (ring) => {
      expect(different(customers(ring))).toBe(1)
      expect(different(payees(ring))).toBeLessThanOrEqual(3)
      expect(payees(ring)).not.toContain(ring.customer[0])
    })
  })

  it('impossible travel is one card at places that no airliner connects in the time', () => {
    eachRing('impossible-travel', (ring) => {
      expect(different(cards(ring))).toBe(1)
      for (let row = 1; row < ring.count; row++) {
        const distanceM = Math.hypot(ring.x[row]! - ring.x[row - 1]!, ring.y[row]! - ring.y[row - 1]!)
        const hours = (ring.eventTimeUs[row]! - ring.eventTimeUs[row - 1]!) / HOUR_US
        expect(distanceM / 1000 / hours).toBeGreaterThan(990)
      }
    })
  })

  it('a colluding merchant bills a few cards about the same amount again and again', () => {
    eachRing('merchant-collusion', (ring) => {
      expect(different(column(ring, (from) => from.merchant))).toBe(1)
      expect(different(cards(ring))).toBeLessThanOrEqual(4)
      expect(Math.max(...amounts(ring)) / Math.min(...amounts(ring))).toBeLessThan(2.5)
    })
  })
})

/** Distinct transfers of a ring as `from>to`, and who pays and is paid. */
function graphOf(ring: PaymentBatch) {
  const edges = customers(ring).map((from, row) => [from, ring.counterparty[row]!] as const)
  expect(edges.every(([from, to]) => from !== to)).toBe(true)
  const outs = new Map<number, number[]>()
  const ins = new Map<number, number[]>()
  for (const [from, to] of edges) {
    outs.set(from, [...(outs.get(from) ?? []), to])
    ins.set(to, [...(ins.get(to) ?? []), from])
  }
  const accounts = new Set(edges.flat())
  const sources = [...accounts].filter((account) => !ins.has(account))
  const sinks = [...accounts].filter((account) => !outs.has(account))
  const middle = [...accounts].filter((account) => ins.has(account) && outs.has(account))
  return { edges, outs, ins, accounts, sources, sinks, middle }
}

describe('rings of laundering', () => {
  it('fan-in: all pay one', () => {
    eachRing('fan-in', (ring) => {
      const { sources, sinks, middle, edges } = graphOf(ring)
      expect([sinks.length, middle.length, sources.length]).toEqual([1, 0, edges.length])
    })
  })

  it('fan-out: one pays all', () => {
    eachRing('fan-out', (ring) => {
      const { sources, sinks, middle, edges } = graphOf(ring)
      expect([sources.length, middle.length, sinks.length]).toEqual([1, 0, edges.length])
    })
  })

  it('cycle: it closes, each account passes on a little less than it got', () => {
    eachRing('cycle', (ring) => {
      const { edges, accounts } = graphOf(ring)
      expect(accounts.size).toBe(edges.length)
      edges.forEach(([, to], at) => {
        expect(to).toBe(edges[(at + 1) % edges.length]![0])
      })
      const sums = amounts(ring)
      expect(sums.toSorted((a, b) => b - a)).toEqual(sums)
    })
  })

  it('scatter-gather: one pays middle men, and each of them the same one, less than it got', () => {
    eachRing('scatter-gather', (ring) => {
      const { sources, sinks, middle, outs, ins, edges } = graphOf(ring)
      expect([sources.length, sinks.length, edges.length]).toEqual([1, 1, 2 * middle.length])
      for (const account of middle) {
        expect([ins.get(account), outs.get(account)]).toEqual([[sources[0]], [sinks[0]]])
        const paid = edges.findIndex(([from]) => from === account)
        const got = edges.findIndex(([, to]) => to === account)
        expect(got).toBeLessThan(paid)
        expect(ring.amountDigits[paid]!).toBeLessThanOrEqual(ring.amountDigits[got]!)
      }
    })
  })

  it('gather-scatter: one in the middle gathers from some and shares out among others', () => {
    eachRing('gather-scatter', (ring) => {
      const { sources, sinks, middle, ins, outs } = graphOf(ring)
      expect(middle.length).toBe(1)
      expect(ins.get(middle[0]!)).toHaveLength(sources.length)
      expect(outs.get(middle[0]!)).toHaveLength(sinks.length)
      expect(Math.min(sources.length, sinks.length)).toBeGreaterThan(1)
    })
  })

  it('bipartite: each of one group pays each of the other', () => {
    eachRing('bipartite', (ring) => {
      const { sources, sinks, middle, edges, outs } = graphOf(ring)
      expect([middle.length, edges.length]).toEqual([0, sources.length * sinks.length])
      for (const source of sources) expect(new Set(outs.get(source))).toEqual(new Set(sinks))
    })
  })

  it('stack: two such layers, one on the other', () => {
    eachRing('stack', (ring) => {
      const { sources, sinks, middle, edges, outs, ins } = graphOf(ring)
      expect(edges.length).toBe(sources.length * middle.length + middle.length * sinks.length)
      for (const account of middle) {
        expect(new Set(ins.get(account))).toEqual(new Set(sources))
        expect(new Set(outs.get(account))).toEqual(new Set(sinks))
      }
    })
  })

  it('random: each transfer goes on from where the last one arrived', () => {
    eachRing('random', (ring) => {
      const { edges } = graphOf(ring)
      for (let at = 1; at < edges.length; at++) expect(edges[at]![0]).toBe(edges[at - 1]![1])
    })
  })
})

describe('a world that is too small for its rate', () => {
  it('keeps the shares, and makes campaigns shorter rather than entangling everybody', () => {
    const plan = new FraudPlan(worldOptions({ ratePerSecond: 1_000_000, terminalCount: 1000 }))
    const ringsOfTerminals = new Set<number>()
    let count = 0
    for (plan.moveTo(1e9); plan.slot < 1e9 + 100_000; plan.advance()) {
      if (FRAUD_KINDS[plan.kindIndex] !== 'compromised-terminal') continue
      ringsOfTerminals.add(plan.step.ring)
      count += 1
    }
    expect(count).toBeGreaterThan(180)
    expect(ringsOfTerminals.size).toBeLessThanOrEqual(80)
  })
})
