import { Random } from '../../base/random.ts'
import { NORMAL_QUANTILES } from '../simulator/world/quantile-table.ts'
import { type Cities, currencyAt, Grid } from './geography.ts'
import { chanceOf, mix } from './mix.ts'

export const CARDS_PER_CUSTOMER_MAX = 3
const HOURS_PER_WEEK = 168
const RHYTHM_COUNT = 8
const ACTIVITY_COUNT = 16
const CLASS_COUNT = RHYTHM_COUNT * ACTIVITY_COUNT
const ACTIVITY_DEVIATION = 0.8
/** Standard deviation between customers of the logarithm of what they usually spend. */
const SPENDING_DEVIATION = 0.55
const CITY_DEVIATION_M = 14_000
const CUSTOMER_STREAM = 0x63757374
/** The epoch was a Thursday; weeks begin on Monday. */
const EPOCH_HOUR_OF_WEEK = 72
const CANDIDATE_COUNT = 6

/**
 * Customers with homes, habits and hours. Which of them pays at some hour of the week is drawn from classes (a daily
 * rhythm and a level of activity): a class by its weight at that hour, then any member.
 */
export class CustomerBase {
  readonly count: number
  readonly x: Uint32Array
  readonly y: Uint32Array
  /** Logarithm of a customer's usual payment relative to everybody's. */
  readonly spending: Float32Array
  readonly #classOf: Uint8Array
  readonly #members: Uint32Array
  readonly #firstMember = new Uint32Array(CLASS_COUNT + 1)
  /** Walker's alias tables, one for each hour of the week. */
  readonly #aliasKeep = new Float64Array(HOURS_PER_WEEK * CLASS_COUNT)
  readonly #alias = new Uint8Array(HOURS_PER_WEEK * CLASS_COUNT)
  readonly #hourWeight = new Float64Array(HOURS_PER_WEEK * RHYTHM_COUNT)
  readonly #grid: Grid

  constructor(seed: number, count: number, cities: Cities) {
    this.count = count
    this.x = new Uint32Array(count)
    this.y = new Uint32Array(count)
    this.spending = new Float32Array(count)
    this.#classOf = new Uint8Array(count)
    const random = new Random(seed, CUSTOMER_STREAM)
    const home = { x: 0, y: 0 }
    for (let customer = 0; customer < count; customer++) {
      cities.place(random, CITY_DEVIATION_M, home)
      this.x[customer] = home.x
      this.y[customer] = home.y
      this.spending[customer] = SPENDING_DEVIATION * random.nextNormal()
      this.#classOf[customer] = random.nextInt(CLASS_COUNT)
      this.#firstMember[this.#classOf[customer]! + 1]! += 1
    }
    this.#members = this.#sortMembers()
    this.#grid = new Grid(
      Uint32Array.from({ length: count }, (_, customer) => customer),
      this.x,
      this.y,
    )
    this.#fillHours()
  }

  /** A customer who pays at this hour of the week. */
  draw(hour: number, random: Random): number {
    const column = random.nextInt(CLASS_COUNT)
    const at = hour * CLASS_COUNT + column
    const chosen = chanceOf(random) < this.#aliasKeep[at]! ? column : this.#alias[at]!
    const first = this.#firstMember[chosen]!
    return this.#members[first + random.nextInt(this.#firstMember[chosen + 1]! - first)]!
  }

  /** One who lives near a point, and one of those who pay at this hour rather than one who sleeps. */
  drawNear(x: number, y: number, deviationM: number, hour: number, random: Random): number {
    let customer = 0
    for (let candidate = 0; candidate < CANDIDATE_COUNT; candidate++) {
      customer = this.#grid.near(x, y, deviationM, random.nextInt(2 ** 31))
      const rhythm = this.#classOf[customer]! % RHYTHM_COUNT
      if (random.next() < this.#hourWeight[hour * RHYTHM_COUNT + rhythm]!) return customer
    }
    return customer
  }

  /** One of the customer's cards, from 1; most have one or two and use one of them more. */
  cardOf(customer: number, random: Random): number {
    const cardCount = 1 + (mix(customer, 0x63617264) % CARDS_PER_CUSTOMER_MAX)
    const chance = chanceOf(random)
    return customer * CARDS_PER_CUSTOMER_MAX + 1 + Math.floor(chance * chance * cardCount)
  }

  /** Of the customer's account: that of the country of the home. */
  currencyOf(customer: number): number {
    return currencyAt(this.x[customer]!, this.y[customer]!)
  }

  /** A steady acquaintance, the `contact`-th, from 0 on: most live near. */
  contactOf(customer: number, contact: number): number {
    const chance = mix(customer, contact ^ 0x66726e64)
    return this.#grid.near(this.x[customer]!, this.y[customer]!, 30_000, chance)
  }

  #sortMembers(): Uint32Array {
    for (let index = 0; index < CLASS_COUNT; index++) this.#firstMember[index + 1]! += this.#firstMember[index]!
    const members = new Uint32Array(this.count)
    const next = this.#firstMember.slice()
    for (let customer = 0; customer < this.count; customer++) members[next[this.#classOf[customer]!]!++] = customer
    return members
  }

  #fillHours(): void {
    const weights = new Float64Array(CLASS_COUNT)
    for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
      for (let rhythm = 0; rhythm < RHYTHM_COUNT; rhythm++) {
        this.#hourWeight[hour * RHYTHM_COUNT + rhythm] = rhythmWeight(rhythm, hour)
      }
      for (let index = 0; index < CLASS_COUNT; index++) {
        const level = Math.floor(index / RHYTHM_COUNT)
        const quantile = NORMAL_QUANTILES[Math.floor(((level + 0.5) / ACTIVITY_COUNT) * NORMAL_QUANTILES.length)]!
        const memberCount = this.#firstMember[index + 1]! - this.#firstMember[index]!
        const awake = this.#hourWeight[hour * RHYTHM_COUNT + (index % RHYTHM_COUNT)]!
        weights[index] = memberCount * awake * Math.exp(ACTIVITY_DEVIATION * quantile)
      }
      const from = hour * CLASS_COUNT
      fillAlias(
        weights,
        this.#aliasKeep.subarray(from, from + CLASS_COUNT),
        this.#alias.subarray(from, from + CLASS_COUNT),
      )
    }
  }
}

/** Hour of the week, from Monday 0:00 UTC. */
export function hourOfWeek(timeUs: number): number {
  return (Math.floor(timeUs / 3.6e9) + EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK
}

/** From 0 to 1: how awake people of a rhythm are at an hour. Rhythms lie 1.5 hours apart, the first are early birds. */
function rhythmWeight(rhythm: number, hourOfWeek: number): number {
  const isWeekend = hourOfWeek >= 120
  const shift = 1.5 * (rhythm - (RHYTHM_COUNT - 1) / 2) + (isWeekend ? 1.5 : 0)
  const hour = hourOfWeek % 24
  return 0.02 + 0.55 * bump(hour, 12 + shift, 2.5) + 0.43 * bump(hour, 18 + shift, 2)
}

/** A normal curve around the clock. */
function bump(hour: number, peak: number, width: number): number {
  const distance = Math.abs(((hour - peak + 36) % 24) - 12)
  return Math.exp(-((distance / width) ** 2) / 2)
}

/** Vose's construction of Walker's alias table ("A linear algorithm for generating random numbers…", 1991). */
function fillAlias(weights: Float64Array, keep: Float64Array, alias: Uint8Array): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const small: number[] = []
  const large: number[] = []
  weights.forEach((weight, index) => {
    keep[index] = (weight * weights.length) / total
    ;(keep[index]! < 1 ? small : large).push(index)
  })
  while (small.length > 0 && large.length > 0) {
    const low = small.pop()!
    const high = large[large.length - 1]!
    alias[low] = high
    keep[high]! -= 1 - keep[low]!
    if (keep[high]! < 1) small.push(large.pop()!)
  }
  for (const index of [...small, ...large]) keep[index] = 1
}
