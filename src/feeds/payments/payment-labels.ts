import { FinPulseError } from '../../base/errors.ts'
import { FRAUD_KINDS, type PaymentLabel } from '../../events/payment.ts'
import { normalFromBits } from '../simulator/world/quantile-table.ts'
import { FraudPlan, ringName } from './fraud-plan.ts'
import { LabelQueue } from './label-queue.ts'
import { mix, mixNumber, unit } from './mix.ts'
import { checkPaymentsOptions, type PaymentsOptions } from './payments-options.ts'

/** Most labels that may be on their way at the mean rate: about 100 MB. */
const PENDING_MAX_COUNT = 4_000_000
const HOUR_US = 3.6e9
const DELAY_SEED = 0x64656c61
const MISSING_SEED = 0x6d697373

/**
 * The labels of a payments world, as a stream of its own in the order in which they become known. It needs the plan of
 * frauds only, not the payments, and may begin at any time. A label's delay belongs to its payment.
 */
export class PaymentLabels {
  readonly #options: PaymentsOptions
  readonly #plan: FraudPlan
  readonly #queue = new LabelQueue()
  readonly #delaySeed: number
  readonly #missingSeed: number

  /**
   * @param endIndex after the last payment that the stream will have: a short stream may be of any rate
   * @throws FinPulseError config-invalid, also where more labels would be on their way than memory is given to
   */
  constructor(options: PaymentsOptions, endIndex = Number.POSITIVE_INFINITY) {
    checkPaymentsOptions(options)
    checkPending(options, endIndex)
    this.#options = options
    this.#plan = new FraudPlan(options)
    // A schedule may begin at a later payment than the first.
    this.#plan.moveTo(options.schedule.countBefore(Number.NEGATIVE_INFINITY))
    this.#delaySeed = mixNumber(DELAY_SEED, options.seed)
    this.#missingSeed = mixNumber(MISSING_SEED, options.seed)
  }

  /** Labels on their way. */
  get pendingCount(): number {
    return this.#queue.count
  }

  /** Goes to a time, forward or back: labels that became known before it are not given out. */
  skipTo(timeUs: number): void {
    const { schedule, labels } = this.#options
    this.#queue.clear()
    this.#plan.moveTo(schedule.countBefore(timeUs - labels.maxHours * HOUR_US))
    this.#gather(timeUs, timeUs)
  }

  /** The labels that become known before a time and were not given out yet, in the order of (time, payment): call it in steps. */
  before(timeUs: number): PaymentLabel[] {
    this.#gather(timeUs, Number.NEGATIVE_INFINITY)
    const queue = this.#queue
    const labels: PaymentLabel[] = []
    while (queue.count > 0 && queue.dueUs < timeUs) {
      labels.push({
        type: 'payment-label',
        paymentId: queue.index + 1,
        kind: FRAUD_KINDS[queue.kindIndex]!,
        ring: ringName(queue.kindIndex, queue.ring),
        paymentTimeMs: this.#options.schedule.dueUs(queue.index) / 1000,
        eventTimeMs: queue.dueUs / 1000,
      })
      queue.pop()
    }
    return labels
  }

  /** Takes up the frauds whose labels may become known before `timeUs`, but not those known before `fromUs`. */
  #gather(timeUs: number, fromUs: number): void {
    const { schedule, labels } = this.#options
    const endIndex = schedule.countBefore(timeUs - labels.minHours * HOUR_US)
    const plan = this.#plan
    for (; plan.slot < endIndex; plan.advance()) {
      if (unit(mixNumber(this.#missingSeed, plan.slot)) < labels.missingShare) continue
      const dueUs = schedule.dueUs(plan.slot) + this.#delayUs(plan.slot)
      if (dueUs >= fromUs) this.#queue.push(dueUs, plan.slot, plan.kindIndex, plan.step.ring)
    }
  }

  #delayUs(index: number): number {
    const { medianHours, deviation, minHours, maxHours } = this.#options.labels
    const chance = mixNumber(this.#delaySeed, index)
    // The table of quantiles has 4,096 steps; the second hash fills the gaps between them.
    const jitter = 0.999 + 0.002 * unit(mix(chance, DELAY_SEED))
    const hours = medianHours * Math.exp(deviation * normalFromBits(2 * chance)) * jitter
    return Math.round(Math.min(maxHours, Math.max(minHours, hours)) * HOUR_US)
  }
}

function checkPending({ scenarios, labels, meanRatePerSecond }: PaymentsOptions, endIndex: number): void {
  const share = FRAUD_KINDS.reduce((sum, kind) => sum + scenarios[kind].share, 0)
  const mean = labels.medianHours * Math.exp(labels.deviation ** 2 / 2)
  const meanHours = Math.min(labels.maxHours, Math.max(labels.minHours, mean))
  const pendingCount = Math.round(Math.min(endIndex, meanRatePerSecond * 3600 * meanHours) * share)
  if (pendingCount <= PENDING_MAX_COUNT) return
  throw new FinPulseError(
    'config-invalid',
    `payments.labels.medianHours: at ${meanRatePerSecond} payments/s about ${pendingCount} labels would be on their way, ` +
      `at most ${PENDING_MAX_COUNT}; shorten the delay (0: a label comes with its payment) or lower the shares`,
  )
}
