import { FinPulseError } from '../../base/errors.ts'
import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import type { Schedule } from '../schedule.ts'
import { CURRENCY_COUNT } from './geography.ts'
import { isLaundering } from './laundering-shape.ts'

/** How often a fraud happens, and how one campaign (one ring) of it looks. */
export interface ScenarioOptions {
  /** Part of all payments that carries the label, from 0 to 0.03. */
  readonly share: number
  /**
   * Size of a campaign, drawn evenly from `[sizeMin, sizeMax]`: payments of a card fraud or an account takeover,
   * accounts of a laundering ring.
   */
  readonly sizeMin: number
  readonly sizeMax: number
  /** Time from about the first to about the last payment of a campaign of the largest size. */
  readonly spanHours: number
}

export interface LabelDelayOptions {
  /** The delay is log-normal around `medianHours`, cut to `[minHours, maxHours]`. */
  readonly medianHours: number
  /** Standard deviation of the delay's logarithm. */
  readonly deviation: number
  readonly minHours: number
  readonly maxHours: number
  /** Part of the frauds that is never reported. */
  readonly missingShare: number
}

export interface PaymentsOptions {
  readonly seed: number
  readonly schedule: Schedule
  /** Payments per second that spans of time are turned into numbers of payments with; of a constant schedule its rate. */
  readonly meanRatePerSecond: number
  readonly customerCount: number
  readonly terminalCount: number
  /** Part of the payments that are transfers between accounts. */
  readonly transferShare: number
  /** No ordinary card payment is above this; the over-limit frauds are. Cents. */
  readonly cardLimitCents: number
  readonly scenarios: Readonly<Record<FraudKind, ScenarioOptions>>
  readonly labels: LabelDelayOptions
}

const DAY_HOURS = 24
/** A kind has one slot in sixteen at most; half of that leaves room for campaigns smaller than the largest. */
const SHARE_MAX = 0.03
const COUNT_MAX = 10_000_000

export const DEFAULT_SCENARIOS: Readonly<Record<FraudKind, ScenarioOptions>> = {
  'compromised-terminal': { share: 0.002, sizeMin: 10, sizeMax: 40, spanHours: 28 * DAY_HOURS },
  'compromised-card': { share: 0.0015, sizeMin: 3, sizeMax: 12, spanHours: 14 * DAY_HOURS },
  'over-limit': { share: 0.0006, sizeMin: 1, sizeMax: 1, spanHours: 1 },
  'card-testing': { share: 0.0006, sizeMin: 8, sizeMax: 30, spanHours: 0.1 },
  'account-takeover': { share: 0.0004, sizeMin: 2, sizeMax: 6, spanHours: 12 },
  'impossible-travel': { share: 0.0004, sizeMin: 2, sizeMax: 4, spanHours: 0.4 },
  'merchant-collusion': { share: 0.0005, sizeMin: 8, sizeMax: 24, spanHours: 21 * DAY_HOURS },
  'fan-in': { share: 0.0003, sizeMin: 4, sizeMax: 12, spanHours: 5 * DAY_HOURS },
  'fan-out': { share: 0.0003, sizeMin: 4, sizeMax: 12, spanHours: 5 * DAY_HOURS },
  cycle: { share: 0.0003, sizeMin: 3, sizeMax: 8, spanHours: 4 * DAY_HOURS },
  'scatter-gather': { share: 0.0003, sizeMin: 5, sizeMax: 10, spanHours: 6 * DAY_HOURS },
  'gather-scatter': { share: 0.0003, sizeMin: 5, sizeMax: 11, spanHours: 6 * DAY_HOURS },
  bipartite: { share: 0.0003, sizeMin: 4, sizeMax: 8, spanHours: 5 * DAY_HOURS },
  stack: { share: 0.0003, sizeMin: 6, sizeMax: 9, spanHours: 8 * DAY_HOURS },
  random: { share: 0.0003, sizeMin: 4, sizeMax: 12, spanHours: 5 * DAY_HOURS },
}

/** Longest time that a label may take. */
export const LABEL_HOURS_MAX = 24 * 366

export const DEFAULT_LABEL_DELAY: LabelDelayOptions = {
  medianHours: 7 * DAY_HOURS,
  deviation: 0.7,
  minHours: 6,
  maxHours: 60 * DAY_HOURS,
  missingShare: 0,
}

/** People pay about twice a day. */
const CUSTOMERS_PER_RATE = 43_200
const CUSTOMER_DEFAULT_MAX_COUNT = 1_000_000
const CUSTOMERS_PER_TERMINAL = 5

/**
 * A world of the size that fits its rate, up to a million customers. Where the rate is more than these would pay, they
 * pay more often, and campaigns are as long as the part of the population that is in one allows.
 */
export function defaultPaymentsOptions(seed: number, schedule: Schedule, meanRatePerSecond: number): PaymentsOptions {
  const fitting = Math.round(meanRatePerSecond * CUSTOMERS_PER_RATE)
  const customerCount = Math.min(CUSTOMER_DEFAULT_MAX_COUNT, Math.max(1000, fitting))
  return {
    seed,
    schedule,
    meanRatePerSecond,
    customerCount,
    terminalCount: Math.round(customerCount / CUSTOMERS_PER_TERMINAL),
    transferShare: 0.15,
    cardLimitCents: 22_000,
    scenarios: DEFAULT_SCENARIOS,
    labels: DEFAULT_LABEL_DELAY,
  }
}

/** Fewest members of a ring for its shape to show. */
const SIZE_MIN: Partial<Record<FraudKind, number>> = {
  'impossible-travel': 2,
  'fan-in': 3,
  'fan-out': 3,
  cycle: 3,
  'scatter-gather': 4,
  'gather-scatter': 5,
  bipartite: 4,
  stack: 6,
  random: 3,
}
const SIZE_MAX = 64

/** @throws FinPulseError config-invalid naming the first option that is out of range */
export function checkPaymentsOptions(options: PaymentsOptions): void {
  between('customerCount', options.customerCount, 100, COUNT_MAX)
  between('terminalCount', options.terminalCount, 20, COUNT_MAX)
  between('transferShare', options.transferShare, 0, 1)
  between('cardLimitCents', options.cardLimitCents, 1000, 1e12)
  between('meanRatePerSecond', options.meanRatePerSecond, 1e-6, 1e7)
  // The accounts of a ring have one currency: the most common one has at least its part of them.
  const ringSizeMax = Math.min(SIZE_MAX, Math.floor(options.customerCount / CURRENCY_COUNT))
  for (const [index, kind] of FRAUD_KINDS.entries()) {
    const { share, sizeMin, sizeMax, spanHours } = options.scenarios[kind]
    between(`scenarios.${kind}.share`, share, 0, SHARE_MAX)
    between(`scenarios.${kind}.sizeMin`, sizeMin, SIZE_MIN[kind] ?? 1, SIZE_MAX)
    between(`scenarios.${kind}.sizeMax`, sizeMax, sizeMin, isLaundering(index) ? ringSizeMax : SIZE_MAX)
    between(`scenarios.${kind}.spanHours`, spanHours, 0, 24 * 366)
  }
  const { medianHours, deviation, minHours, maxHours, missingShare } = options.labels
  between('labels.minHours', minHours, 0, LABEL_HOURS_MAX)
  between('labels.maxHours', maxHours, minHours, LABEL_HOURS_MAX)
  between('labels.medianHours', medianHours, 0, LABEL_HOURS_MAX)
  between('labels.deviation', deviation, 0, 5)
  between('labels.missingShare', missingShare, 0, 1)
}

function between(name: string, value: number, minimum: number, maximum: number): void {
  if (value >= minimum && value <= maximum) return
  throw new FinPulseError('config-invalid', `payments.${name}: expected ${minimum} to ${maximum}, got ${value}`)
}
