import { Random } from '../../base/random.ts'
import { type Cities, countryAt, currencyAt, Grid } from './geography.ts'
import { chanceOf, mix, unit } from './mix.ts'

/** A trade that merchants are in. */
interface Category {
  readonly weight: number
  /** Logarithm of its usual amount in cents, and the deviation of one customer's payments there. */
  readonly logCents: number
  readonly deviation: number
}

const CATEGORIES: readonly Category[] = [
  // Parking, vending, transit, small downloads.
  { weight: 0.26, logCents: Math.log(280), deviation: 0.6 },
  // Coffee, bakeries, snacks.
  { weight: 0.2, logCents: Math.log(850), deviation: 0.6 },
  // Groceries.
  { weight: 0.26, logCents: Math.log(2600), deviation: 0.7 },
  // Fuel, restaurants, clothes.
  { weight: 0.2, logCents: Math.log(4200), deviation: 0.6 },
  // Furniture, electronics, hotels.
  { weight: 0.08, logCents: Math.log(8000), deviation: 0.7 },
]
/** Category whose prices are tiny. */
const MICRO = 0
const ONLINE_SHARE = 0.2
/** Chance that the next terminal is still the same merchant's. */
const SAME_MERCHANT = 0.4
const CITY_DEVIATION_M = 11_000
/** How far from home customers shop, and in how many places. */
const HABIT_DEVIATION_M = 7000
const HABIT_COUNT = 20
const ONLINE_HABIT_COUNT = 12
const TERMINAL_STREAM = 0x7465726d

/** Merchants and their terminals. Numbers count from 0 here, from 1 in payments. */
export class TerminalMap {
  readonly count: number
  readonly x: Uint32Array
  readonly y: Uint32Array
  readonly merchant: Uint32Array
  readonly country: Uint32Array
  readonly currency: Uint32Array
  readonly logCents: Float32Array
  readonly deviation: Float32Array
  readonly isOnline: Uint8Array
  readonly #seed: number
  readonly #physical: Uint32Array
  readonly #online: Uint32Array
  /** Terminals, online or not, where tiny amounts are usual. */
  readonly #micro: Uint32Array
  readonly #grid: Grid

  constructor(seed: number, count: number, cities: Cities) {
    this.#seed = mix(seed >>> 0, TERMINAL_STREAM)
    this.count = count
    this.x = new Uint32Array(count)
    this.y = new Uint32Array(count)
    this.merchant = new Uint32Array(count)
    this.country = new Uint32Array(count)
    this.currency = new Uint32Array(count)
    this.logCents = new Float32Array(count)
    this.deviation = new Float32Array(count)
    this.isOnline = new Uint8Array(count)
    const categoryOf = this.#place(new Random(seed, TERMINAL_STREAM), cities)
    const all = Uint32Array.from({ length: count }, (_, terminal) => terminal)
    this.#physical = all.filter((terminal) => this.isOnline[terminal] === 0)
    this.#online = all.filter((terminal) => this.isOnline[terminal] === 1)
    this.#micro = all.filter((terminal) => categoryOf[terminal] === MICRO)
    this.#grid = new Grid(this.#physical, this.x, this.y)
  }

  /** A terminal that a customer with this home goes to by habit. */
  habitual(customer: number, x: number, y: number, random: Random): number {
    const rank = chanceOf(random)
    const habit = Math.floor(rank * rank * HABIT_COUNT)
    return this.#grid.near(x, y, HABIT_DEVIATION_M, mix(mix(this.#seed, customer), habit))
  }

  /** A merchant online: mostly ones that the customer has used before, and well-known ones more often. */
  online(customer: number, random: Random): number {
    const habit = random.nextInt(ONLINE_HABIT_COUNT)
    const chance = unit(mix(mix(this.#seed, customer), habit + 1000))
    return this.#online[Math.floor(chance * chance * this.#online.length)]!
  }

  /** A terminal anywhere, as on a journey. */
  anywhere(random: Random): number {
    return this.#physical[random.nextInt(this.#physical.length)]!
  }

  /** A terminal where nobody wonders about tiny amounts. */
  micro(random: Random): number {
    return this.#micro[random.nextInt(this.#micro.length)]!
  }

  /** Gives every terminal its merchant and place; @returns categories by terminal */
  #place(random: Random, cities: Cities): Uint8Array {
    const categoryOf = new Uint8Array(this.count)
    const site = { x: 0, y: 0 }
    let merchant = -1
    let category = 0
    let isOnline = 0
    for (let terminal = 0; terminal < this.count; terminal++) {
      if (merchant < 0 || random.next() > SAME_MERCHANT) {
        merchant += 1
        cities.place(random, CITY_DEVIATION_M, site)
        category = drawCategory(random.next())
        // The first three are what no world can do without.
        isOnline = merchant === 0 || (merchant > 2 && random.next() < ONLINE_SHARE) ? 1 : 0
        if (merchant === 2) category = MICRO
      }
      this.x[terminal] = site.x
      this.y[terminal] = site.y
      this.merchant[terminal] = merchant
      this.country[terminal] = countryAt(site.x, site.y)
      this.currency[terminal] = currencyAt(site.x, site.y)
      this.logCents[terminal] = CATEGORIES[category]!.logCents
      this.deviation[terminal] = CATEGORIES[category]!.deviation
      this.isOnline[terminal] = isOnline
      categoryOf[terminal] = category
    }
    return categoryOf
  }
}

function drawCategory(chance: number): number {
  let category = 0
  let rest = chance - CATEGORIES[0]!.weight
  while (rest >= 0 && category < CATEGORIES.length - 1) {
    category += 1
    rest -= CATEGORIES[category]!.weight
  }
  return category
}
