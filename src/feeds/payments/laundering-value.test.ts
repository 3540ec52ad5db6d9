import { describe, expect, it } from 'vitest'
import { codeText, FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import { TRANSFER } from '../../events/payment-batch.ts'
import { ConstantRate } from '../schedule.ts'
import { isLaundering, type LaunderingKind } from './laundering-shape.ts'
import { PaymentLabels } from './payment-labels.ts'
import { defaultPaymentsOptions } from './payments-options.ts'
import { paymentsOf, START_US, scenariosWith, worldOptions } from './payments-test-kit.ts'
import { PaymentsWorld } from './payments-world.ts'

/*
 * What docs/payments-world.md says of the money in a ring, read from a stream and its labels as anybody has them: whose
 * account has which currency is known from what it pays, too.
 */
const RATE = 0.2
const DAY_US = 86_400_000_000
const COUNT = 60 * 86_400 * RATE
const PASSED_ON = 0.96
/** Of each amount that is put to whole cents. */
const ROUNDING_CENTS = 0.5

const defaults = defaultPaymentsOptions(5, new ConstantRate(RATE, START_US), RATE)
const options = { ...defaults, scenarios: scenariosWith((_, { share }) => ({ share: share * 5 })) }
const world = new PaymentsWorld(options)
const payments = paymentsOf(world, 0, COUNT)

interface Transfer {
  readonly from: number
  readonly to: number
  readonly cents: number
  readonly currency: string
}

const CURRENCY_BY_ACCOUNT = new Map<number, string>()
for (let row = 0; row < COUNT; row++) {
  const isTransfer = (payments.flags[row]! & TRANSFER) !== 0
  if (isTransfer) CURRENCY_BY_ACCOUNT.set(payments.customer[row]!, codeText(payments.currency[row]!))
}

/** The rings of which the stream has every payment, in the order of time. */
function wholeRings(): Map<FraudKind, Transfer[][]> {
  const byRing = new Map<string, { kind: FraudKind; rows: number[] }>()
  const endUs = START_US + 60 * DAY_US + (options.labels.maxHours + 1) * 3.6e9
  for (const { ring, kind, paymentId } of new PaymentLabels(options).before(endUs)) {
    if (paymentId > COUNT) continue
    const { rows } = byRing.get(ring) ?? { rows: [] }
    byRing.set(ring, { kind, rows: [...rows, paymentId - 1].toSorted((a, b) => a - b) })
  }
  const rings = new Map<FraudKind, Transfer[][]>()
  for (const { kind, rows } of byRing.values()) {
    if (world.truthOf(rows[0]!)?.stepCount !== rows.length) continue
    rings.set(kind, [...(rings.get(kind) ?? []), rows.map(transferAt)])
  }
  return rings
}

function transferAt(row: number): Transfer {
  return {
    from: payments.customer[row]!,
    to: payments.counterparty[row]!,
    cents: payments.amountDigits[row]!,
    currency: codeText(payments.currency[row]!),
  }
}

const RINGS = wholeRings()

function ringsOf(kind: LaunderingKind): readonly Transfer[][] {
  const rings = RINGS.get(kind) ?? []
  expect(rings.length, kind).toBeGreaterThan(20)
  return rings
}

function currenciesOf(ring: readonly Transfer[]): number {
  const ofAccounts = ring.flatMap(({ from, to }) => [from, to]).map((account) => CURRENCY_BY_ACCOUNT.get(account))
  const known = ofAccounts.filter((currency) => currency !== undefined)
  return new Set([...ring.map(({ currency }) => currency), ...known]).size
}

/** What is paid, and whether it is the documented part of what was got, up to the rounding of each amount. */
function isPassedOn(got: readonly Transfer[], paid: readonly Transfer[]): boolean {
  const sum = (transfers: readonly Transfer[]) => transfers.reduce((total, { cents }) => total + cents, 0)
  const allowed = ROUNDING_CENTS * (paid.length + PASSED_ON * got.length) + 1e-6
  return Math.abs(sum(paid) - PASSED_ON * sum(got)) <= allowed
}

const LAUNDERING_KINDS = FRAUD_KINDS.filter((_, index) => isLaundering(index)) as readonly LaunderingKind[]

describe('the money of a ring', () => {
  it.each(LAUNDERING_KINDS)('%s: every transfer, and every account, has the currency of the ring', (kind) => {
    expect(ringsOf(kind).filter((ring) => currenciesOf(ring) !== 1)).toEqual([])
  })

  it.each<LaunderingKind>(['cycle', 'random'])(
    '%s: each transfer is 96 % of the one before, in one currency',
    (kind) => {
      for (const ring of ringsOf(kind)) {
        expect(currenciesOf(ring)).toBe(1)
        for (let at = 1; at < ring.length; at++) {
          expect(isPassedOn([ring[at - 1]!], [ring[at]!]), JSON.stringify(ring)).toBe(true)
        }
      }
    },
  )

  it.each<LaunderingKind>(['scatter-gather', 'gather-scatter', 'stack'])(
    '%s: each account in the middle passes on 96 % of all that it got, in one currency',
    (kind) => {
      for (const ring of ringsOf(kind)) {
        expect(currenciesOf(ring)).toBe(1)
        const payers = new Set(ring.map(({ from }) => from))
        const middle = new Set(ring.map(({ to }) => to).filter((account) => payers.has(account)))
        expect(middle.size).toBeGreaterThan(0)
        for (const account of middle) {
          const got = ring.filter(({ to }) => to === account)
          const paid = ring.filter(({ from }) => from === account)
          expect(isPassedOn(got, paid), JSON.stringify(ring)).toBe(true)
        }
      }
    },
  )

  it('rings are found in every currency of the world', () => {
    const currencies = [...RINGS.values()].flat(2).map(({ currency }) => currency)
    expect(new Set(currencies)).toEqual(new Set(CURRENCY_BY_ACCOUNT.values()))
  })
})

describe('a world of few accounts', () => {
  const few = (sizeMax: number) => {
    const scenarios = scenariosWith((kind) => (kind === 'cycle' ? { share: 0.03, sizeMin: 20, sizeMax } : { share: 0 }))
    return worldOptions({ customerCount: 100, terminalCount: 20, scenarios })
  }

  it.each([1, 2, 3, 4])('has rings of a currency with enough of them (seed %d)', (seed) => {
    const small = new PaymentsWorld({ ...few(25), seed })
    const batch = paymentsOf(small, 0, 20_000)
    const currencies = new Map<string, Set<number>>()
    for (let row = 0; row < batch.count; row++) {
      const ring = small.truthOf(row)?.ring
      if (ring !== undefined) currencies.set(ring, (currencies.get(ring) ?? new Set()).add(batch.currency[row]!))
    }
    expect(currencies.size).toBeGreaterThan(10)
    expect([...currencies.values()].filter(({ size }) => size !== 1)).toEqual([])
  })

  it('is not made where a ring might need more than any currency has', () => {
    expect(() => new PaymentsWorld(few(26))).toThrow('payments.scenarios.cycle.sizeMax: expected 20 to 25, got 26')
  })
})
