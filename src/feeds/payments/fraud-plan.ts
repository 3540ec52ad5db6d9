import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import { CampaignPlan, type CampaignStep } from './campaign-plan.ts'
import { isLaundering, type LaunderingKind, transferCountOf } from './laundering-shape.ts'
import { mix, mixNumber } from './mix.ts'
import type { PaymentsOptions } from './payments-options.ts'

/** Most of the customers or terminals that are in a campaign of a kind at one time. */
const ENTANGLED_SHARE = 0.05
const PLAN_SEED = 0x706c616e

/**
 * All planned frauds in the order of their slots (payments by index). Which these are follows from the options alone,
 * so the plan may be read from any slot on.
 */
export class FraudPlan {
  /** Index of the next payment that is a fraud; Infinity where no kind has a share. */
  slot = Number.POSITIVE_INFINITY
  /** Its kind, as an index into FRAUD_KINDS, and its place in its campaign. */
  kindIndex = 0
  readonly step: CampaignStep = { ring: 0, step: 0, size: 0 }
  readonly #plans: readonly (CampaignPlan | undefined)[]
  readonly #ordinals = new Float64Array(FRAUD_KINDS.length)
  readonly #slots = new Float64Array(FRAUD_KINDS.length)
  readonly #steps: CampaignStep[] = FRAUD_KINDS.map(() => ({ ring: 0, step: 0, size: 0 }))

  constructor(options: PaymentsOptions) {
    this.#plans = FRAUD_KINDS.map((kind, index) => planOf(kind, index, options))
    this.moveTo(0)
  }

  /** Goes to the first fraud at or after a slot, forward or back. */
  moveTo(slot: number): void {
    for (let index = 0; index < this.#plans.length; index++) {
      const plan = this.#plans[index]
      if (plan !== undefined) this.#ordinals[index] = plan.ordinalFrom(slot)
      this.#settle(index)
    }
    this.#choose()
  }

  /** Goes to the fraud after this one. */
  advance(): void {
    this.#ordinals[this.kindIndex]! += 1
    this.#settle(this.kindIndex)
    this.#choose()
  }

  /** Goes on to a step that its campaign really has. */
  #settle(index: number): void {
    const plan = this.#plans[index]
    if (plan === undefined) {
      this.#slots[index] = Number.POSITIVE_INFINITY
      return
    }
    while (!plan.read(this.#ordinals[index]!, this.#steps[index]!)) this.#ordinals[index]! += 1
    this.#slots[index] = plan.slotOf(this.#ordinals[index]!)
  }

  #choose(): void {
    let first = 0
    for (let index = 1; index < this.#slots.length; index++) {
      if (this.#slots[index]! < this.#slots[first]!) first = index
    }
    const from = this.#steps[first]!
    this.slot = this.#slots[first]!
    this.kindIndex = first
    this.step.ring = from.ring
    this.step.step = from.step
    this.step.size = from.size
  }
}

/** Name of a ring in labels. It says nothing of when the ring began. */
export function ringName(kindIndex: number, ring: number): string {
  return `${FRAUD_KINDS[kindIndex]!}-${ring}`
}

/** Payments of a campaign of this size. */
export function stepCountOf(kind: FraudKind, size: number): number {
  return isLaundering(FRAUD_KINDS.indexOf(kind)) ? transferCountOf(kind as LaunderingKind, size) : size
}

function planOf(kind: FraudKind, index: number, options: PaymentsOptions): CampaignPlan | undefined {
  const { share, sizeMin, sizeMax, spanHours } = options.scenarios[kind]
  if (share === 0) return undefined
  const entityCount = kind === 'compromised-terminal' ? options.terminalCount : options.customerCount
  const membersPerRing = isLaundering(index) ? sizeMax : 1
  const seed = mixNumber(PLAN_SEED, options.seed)
  return new CampaignPlan({
    seed: mix(seed, index + 1),
    place: index,
    groupSeed: seed,
    share,
    sizeMin,
    sizeMax,
    stepCountOf: (size) => stepCountOf(kind, size),
    spanSlots: spanHours * 3600 * options.meanRatePerSecond,
    laneMaxCount: Math.max(1, Math.floor((entityCount * ENTANGLED_SHARE) / membersPerRing)),
  })
}
