import { expect, it } from 'vitest'
import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import { ONLINE, type PaymentBatch, TRANSFER } from '../../events/payment-batch.ts'
import { ConstantRate } from '../schedule.ts'
import { FraudPlan } from './fraud-plan.ts'
import { separationOf } from './leakage-test-kit.ts'
import { defaultPaymentsOptions } from './payments-options.ts'
import { paymentsOf, START_US } from './payments-test-kit.ts'
import { PaymentsWorld } from './payments-world.ts'

/*
 * The other side of the leakage audit: what no single field tells, the history of a card or a terminal does. Each score
 * below is the simplest of its sort; the payments of the first half only make history.
 */
const RATE = 0.2
const COUNT = 500_000
const options = defaultPaymentsOptions(3, new ConstantRate(RATE, START_US), RATE)
const payments = paymentsOf(new PaymentsWorld(options), 0, COUNT)

function kindsByRow(): Map<number, FraudKind> {
  const kinds = new Map<number, FraudKind>()
  const plan = new FraudPlan(options)
  for (; plan.slot < COUNT; plan.advance()) kinds.set(plan.slot, FRAUD_KINDS[plan.kindIndex]!)
  return kinds
}

const KINDS = kindsByRow()

/** AUC of a score that is made row by row, in order, for one kind among ordinary card payments. */
function aucOf(kind: FraudKind, score: (batch: PaymentBatch, row: number) => number): number {
  const frauds: number[] = []
  const others: number[] = []
  for (let row = 0; row < COUNT; row++) {
    if ((payments.flags[row]! & TRANSFER) !== 0) continue
    const value = score(payments, row)
    const isKept = row > COUNT / 2
    if (isKept && KINDS.get(row) === kind) frauds.push(value)
    if (isKept && !KINDS.has(row) && row % 5 === 0) others.push(value)
  }
  expect(frauds.length).toBeGreaterThan(50)
  return separationOf(frauds, others).rankAuc
}

it('a compromised card shows in amounts against those of its owner and of the merchant', () => {
  const byCustomer = new Map<number, { sum: number; count: number }>()
  const byMerchant = new Map<number, { sum: number; count: number }>()
  const auc = aucOf('compromised-card', ({ customer, merchant, amountDigits }, row) => {
    const own = byCustomer.get(customer[row]!) ?? { sum: 0, count: 0 }
    const usual = byMerchant.get(merchant[row]!) ?? { sum: 0, count: 0 }
    const logAmount = Math.log(amountDigits[row]!)
    const excess = logAmount - (usual.sum + 7.5) / (usual.count + 1)
    const unusual = excess - own.sum / (own.count + 3)
    byCustomer.set(customer[row]!, { sum: own.sum + excess, count: own.count + 1 })
    byMerchant.set(merchant[row]!, { sum: usual.sum + logAmount, count: usual.count + 1 })
    return unusual
  })
  expect(auc).toBeGreaterThan(0.76)
})

it('a compromised terminal shows in the time since its last known fraud', () => {
  const knownUs = new Map<number, number>()
  const auc = aucOf('compromised-terminal', ({ terminal, eventTimeUs }, row) => {
    const sinceUs = eventTimeUs[row]! - (knownUs.get(terminal[row]!) ?? 0)
    if (KINDS.get(row) === 'compromised-terminal') knownUs.set(terminal[row]!, eventTimeUs[row]!)
    return sinceUs
  })
  expect(auc).toBeGreaterThan(0.9)
})

it('impossible travel shows in the speed between two payments of a card', () => {
  const lastRow = new Map<number, number>()
  const auc = aucOf('impossible-travel', ({ card, x, y, eventTimeUs, flags }, row) => {
    if ((flags[row]! & ONLINE) !== 0) return 0
    const last = lastRow.get(card[row]!)
    lastRow.set(card[row]!, row)
    if (last === undefined) return 0
    return Math.hypot(x[row]! - x[last]!, y[row]! - y[last]!) / (eventTimeUs[row]! - eventTimeUs[last]!)
  })
  expect(auc).toBeGreaterThan(0.9)
})

it('card testing shows in the time since the last payment at the terminal', () => {
  const lastUs = new Map<number, number>()
  const auc = aucOf('card-testing', ({ terminal, eventTimeUs }, row) => {
    const sinceUs = eventTimeUs[row]! - (lastUs.get(terminal[row]!) ?? 0)
    lastUs.set(terminal[row]!, eventTimeUs[row]!)
    return sinceUs
  })
  expect(auc).toBeGreaterThan(0.9)
})
