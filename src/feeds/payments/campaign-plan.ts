import { mix, mixNumber, unit } from './mix.ts'

/** Slots of a group: each kind of fraud may have one of them, so that no two ever want the same. */
export const GROUP_SLOTS = 16

export interface CampaignPlanOptions {
  /** Chance of this kind alone. */
  readonly seed: number
  /** Which of the slots of a group is this kind's, from 0 to 15. */
  readonly place: number
  /** What all kinds share: it turns the places of each group. */
  readonly groupSeed: number
  /** Part of all slots that campaigns really use. */
  readonly share: number
  readonly sizeMin: number
  readonly sizeMax: number
  /** Steps of a campaign of this size; grows with it. */
  stepCountOf(size: number): number
  /** Wanted length of a campaign of the largest size, in slots. */
  readonly spanSlots: number
  /** Most campaigns at one time. */
  readonly laneMaxCount: number
}

/** What a slot of a plan is. Filled by `CampaignPlan.read`. */
export interface CampaignStep {
  /** Number of the campaign. */
  ring: number
  step: number
  size: number
}

/**
 * Which slots (payments, by index) a kind of fraud uses, and for which step of which campaign: by arithmetic alone, so
 * the slots after any index are known without those before it, at any rate and without memory.
 *
 * The kind's slots are numbered. Long campaigns run side by side in lanes: the slots are dealt out to the lanes in
 * rounds, in each of which the lanes have another order, and in a lane one campaign follows another. Where even one
 * lane would make a campaign too long, it gets its slots crowded together at a random place of its stretch (a burst).
 */
export class CampaignPlan {
  readonly laneCount: number
  readonly #options: CampaignPlanOptions
  readonly #stepMaxCount: number
  /** Groups per numbered slot. */
  readonly #stride: number
  /** Length of a burst, in groups; 0 where campaigns run in lanes. */
  readonly #burstGroups: number

  constructor(options: CampaignPlanOptions) {
    const { sizeMin, sizeMax, share, spanSlots, laneMaxCount } = options
    this.#options = options
    this.#stepMaxCount = options.stepCountOf(sizeMax)
    let stepSum = 0
    for (let size = sizeMin; size <= sizeMax; size++) stepSum += options.stepCountOf(size)
    const stepMeanCount = stepSum / (sizeMax - sizeMin + 1)
    // Campaigns below the largest size leave some of their slots to ordinary payments.
    this.#stride = Math.max(1, stepMeanCount / (this.#stepMaxCount * share * GROUP_SLOTS))
    const stretchGroups = this.#stepMaxCount * this.#stride
    const spanGroups = spanSlots / GROUP_SLOTS
    this.laneCount = Math.max(1, Math.min(laneMaxCount, Math.round(spanGroups / stretchGroups)))
    const isBurst = spanGroups < stretchGroups / 2
    this.#burstGroups = isBurst ? Math.max(this.#stepMaxCount, Math.floor(spanGroups)) : 0
  }

  /** Slot of the `ordinal`-th step; grows with it. */
  slotOf(ordinal: number): number {
    const group = this.#groupOf(ordinal)
    const turn = mixNumber(this.#options.groupSeed, group)
    return group * GROUP_SLOTS + ((this.#options.place + turn) % GROUP_SLOTS)
  }

  /** The first step whose slot is at or after `slot`. */
  ordinalFrom(slot: number): number {
    const stretch = this.#stride * this.#stepMaxCount * GROUP_SLOTS
    const guess =
      this.#burstGroups > 0
        ? (Math.floor(slot / stretch) - 1) * this.#stepMaxCount
        : Math.floor((slot / stretch) * this.#stepMaxCount) - 2
    let ordinal = Math.max(0, guess)
    while (this.slotOf(ordinal) < slot) ordinal += 1
    return ordinal
  }

  /** @returns false where the campaign is too small to use this step: an ordinary payment then */
  read(ordinal: number, into: CampaignStep): boolean {
    const { seed, sizeMin, sizeMax, stepCountOf } = this.#options
    const round = Math.floor(ordinal / this.laneCount)
    const lane = ((ordinal % this.laneCount) + mixNumber(seed ^ 0x726f756e, round)) % this.laneCount
    // Lanes are out of step, or all campaigns would begin together.
    const position = this.laneCount === 1 ? round : round + (mix(seed ^ 0x6c616e65, lane) % this.#stepMaxCount)
    into.ring = Math.floor(position / this.#stepMaxCount) * this.laneCount + lane
    into.step = position % this.#stepMaxCount
    into.size = sizeMin + (mixNumber(seed ^ 0x73697a65, into.ring) % (sizeMax - sizeMin + 1))
    return into.step < stepCountOf(into.size)
  }

  #groupOf(ordinal: number): number {
    if (this.#burstGroups > 0) return this.#burstGroupOf(ordinal)
    const first = Math.ceil(ordinal * this.#stride)
    const end = Math.ceil((ordinal + 1) * this.#stride)
    return first + this.#pick(ordinal, end - first)
  }

  #burstGroupOf(ordinal: number): number {
    const count = this.#stepMaxCount
    const campaign = Math.floor(ordinal / count)
    const step = ordinal - campaign * count
    const first = Math.ceil(campaign * this.#stride * count)
    const length = Math.ceil((campaign + 1) * this.#stride * count) - first
    const burst = Math.min(this.#burstGroups, length)
    const start = first + Math.floor(unit(mixNumber(this.#options.seed ^ 0x62757273, campaign)) * (length - burst + 1))
    const cell = Math.floor((step * burst) / count)
    return start + cell + this.#pick(ordinal, Math.floor(((step + 1) * burst) / count) - cell)
  }

  #pick(ordinal: number, count: number): number {
    return Math.floor(unit(mixNumber(this.#options.seed ^ 0x7069636b, ordinal)) * count)
  }
}
