import { Random } from '../../base/random.ts'
import { packCode } from '../../events/payment.ts'
import { NORMAL_QUANTILES } from '../simulator/world/quantile-table.ts'
import { mix } from './mix.ts'

/** The plane is a square of this side, in metres. */
export const PLANE_M = 1_000_000
const CITY_COUNT = 160
/** The larger this is, the more people live in the largest cities. */
const CITY_SKEW = 1.6
const CELL_M = 8000
const CELLS_PER_ROW = PLANE_M / CELL_M
const CELL_COUNT = CELLS_PER_ROW ** 2
const COUNTRY_STREAM = 0x63697479

/** Countries lie on the plane as the fields of a table of two rows. All of these currencies have two decimals. */
const COUNTRIES: readonly (readonly [country: string, currency: string])[] = [
  ['GB', 'GBP'],
  ['NL', 'EUR'],
  ['DE', 'EUR'],
  ['PL', 'PLN'],
  ['FR', 'EUR'],
  ['CH', 'CHF'],
  ['IT', 'EUR'],
  ['AT', 'EUR'],
]
const COUNTRY_CODES = Uint32Array.from(COUNTRIES, ([country]) => packCode(country))
const CURRENCY_CODES = Uint32Array.from(COUNTRIES, ([, currency]) => packCode(currency))
export const CURRENCY_COUNT = new Set(CURRENCY_CODES).size

export interface Point {
  x: number
  y: number
}

/** Cities on the plane: where customers live and terminals stand. */
export class Cities {
  readonly #x = new Float64Array(CITY_COUNT)
  readonly #y = new Float64Array(CITY_COUNT)

  constructor(seed: number) {
    const random = new Random(seed, COUNTRY_STREAM)
    for (let city = 0; city < CITY_COUNT; city++) {
      this.#x[city] = (0.03 + 0.94 * random.next()) * PLANE_M
      this.#y[city] = (0.03 + 0.94 * random.next()) * PLANE_M
    }
  }

  /** A point in some city, larger ones more often; normal around its middle. */
  place(random: Random, deviationM: number, into: Point): void {
    const city = Math.floor(random.next() ** CITY_SKEW * CITY_COUNT)
    into.x = onPlane(this.#x[city]! + deviationM * random.nextNormal())
    into.y = onPlane(this.#y[city]! + deviationM * random.nextNormal())
  }
}

function onPlane(metres: number): number {
  return Math.min(PLANE_M - 1, Math.max(0, Math.floor(metres)))
}

function countryIndex(x: number, y: number): number {
  return Math.floor((x / PLANE_M) * 4) + 4 * Math.floor((y / PLANE_M) * 2)
}

export function countryAt(x: number, y: number): number {
  return COUNTRY_CODES[countryIndex(x, y)]!
}

export function currencyAt(x: number, y: number): number {
  return CURRENCY_CODES[countryIndex(x, y)]!
}

/** Finds things near a point: their numbers sorted by the cell of the plane that they are in. */
export class Grid {
  readonly #start: Uint32Array
  readonly #sorted: Uint32Array
  /** For each cell itself, or the nearest one (in steps) that has something. */
  readonly #nearest: Uint32Array

  /** @param numbers of the things to find, which index `x` and `y` */
  constructor(numbers: Uint32Array, x: Uint32Array, y: Uint32Array) {
    const start = new Uint32Array(CELL_COUNT + 1)
    for (const number of numbers) start[cellAt(x[number]!, y[number]!) + 1]! += 1
    for (let cell = 0; cell < CELL_COUNT; cell++) start[cell + 1]! += start[cell]!
    const next = start.slice()
    this.#sorted = new Uint32Array(numbers.length)
    for (const number of numbers) this.#sorted[next[cellAt(x[number]!, y[number]!)]!++] = number
    this.#start = start
    this.#nearest = nearestCells(start)
  }

  /** One of the things near the point, the same for the same chance (31 bits). */
  near(x: number, y: number, deviationM: number, chance: number): number {
    const other = mix(chance, 0x6e656172)
    const wantedX = onPlane(x + deviationM * NORMAL_QUANTILES[chance >>> 19]!)
    const wantedY = onPlane(y + deviationM * NORMAL_QUANTILES[other >>> 19]!)
    const cell = this.#nearest[cellAt(wantedX, wantedY)]!
    const first = this.#start[cell]!
    const count = this.#start[cell + 1]! - first
    return this.#sorted[first + (mix(other, chance) % count)]!
  }
}

function cellAt(x: number, y: number): number {
  return Math.floor(y / CELL_M) * CELLS_PER_ROW + Math.floor(x / CELL_M)
}

/** Spreads from all filled cells at once, cell by cell. */
function nearestCells(start: Uint32Array): Uint32Array {
  const nearest = new Uint32Array(CELL_COUNT).fill(CELL_COUNT)
  const queue = new Uint32Array(CELL_COUNT)
  let end = 0
  for (let cell = 0; cell < CELL_COUNT; cell++) {
    if (start[cell + 1]! === start[cell]!) continue
    nearest[cell] = cell
    queue[end++] = cell
  }
  for (let at = 0; at < end; at++) {
    const cell = queue[at]!
    const column = cell % CELLS_PER_ROW
    const neighbours = [
      column > 0 ? cell - 1 : cell,
      column < CELLS_PER_ROW - 1 ? cell + 1 : cell,
      cell >= CELLS_PER_ROW ? cell - CELLS_PER_ROW : cell,
      cell < CELL_COUNT - CELLS_PER_ROW ? cell + CELLS_PER_ROW : cell,
    ]
    for (const neighbour of neighbours) {
      if (nearest[neighbour]! !== CELL_COUNT) continue
      nearest[neighbour] = nearest[cell]!
      queue[end++] = neighbour
    }
  }
  return nearest
}
