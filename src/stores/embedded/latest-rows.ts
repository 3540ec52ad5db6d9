import { copyRows } from '../../events/column.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { RowMapping } from './store-instruments.ts'

const UNKNOWN_TIME = -1

/**
 * The newest row of each instrument by event time, the later arrival where times are equal, and the time of its first
 * row. Held in memory, two hundred bytes an instrument, so that a listing of all of them reads nothing.
 */
export class LatestRows<B extends TradeBatch | QuoteBatch> {
  readonly #create: (capacity: number) => B
  /** Row `i` is that of instrument `i`; unknown where its event time is negative. */
  rows: B
  firstTimeUs = new Float64Array(0)
  priceDecimals = new Uint8Array(0)
  quantityDecimals = new Uint8Array(0)
  #newestRow = new Int32Array(0)

  constructor(create: (capacity: number) => B) {
    this.#create = create
    this.rows = create(0)
  }

  has(id: number): boolean {
    return id < this.rows.capacity && this.rows.eventTimeUs[id] !== UNKNOWN_TIME
  }

  /** Takes the rows of a batch into account; they are newer arrivals than all before. */
  observe(batch: B, mapping: RowMapping, instruments: InstrumentTable): void {
    this.#grow(instruments.count)
    const newestRow = this.#newestRow
    const touched: number[] = []
    for (let row = 0; row < batch.count; row++) {
      const index = batch.instrument[row]!
      const id = mapping.ids[index]!
      const timeUs = batch.eventTimeUs[row]!
      if (newestRow[id] === -1) {
        touched.push(index)
        newestRow[id] = row
      } else if (timeUs >= batch.eventTimeUs[newestRow[id]!]!) {
        newestRow[id] = row
      }
      if (timeUs < this.firstTimeUs[id]!) this.firstTimeUs[id] = timeUs
    }
    for (const index of touched) {
      const id = mapping.ids[index]!
      const row = newestRow[id]!
      newestRow[id] = -1
      if (batch.eventTimeUs[row]! >= this.rows.eventTimeUs[id]!) this.#take(batch, row, id, mapping, index)
    }
  }

  #take(batch: B, row: number, id: number, mapping: RowMapping, index: number): void {
    const to = this.rows.columns
    const from = batch.columns
    for (let column = 0; column < to.length; column++) to[column]![id] = from[column]![row]!
    this.rows.instrument[id] = id
    this.priceDecimals[id] = mapping.priceDecimals[index]!
    this.quantityDecimals[id] = mapping.quantityDecimals[index]!
  }

  /** Takes a stored row into account; `read` fills its other columns where it is the newest. */
  restore(
    id: number,
    times: { readonly firstTimeUs: number; readonly eventTimeUs: number },
    decimals: { readonly price: number; readonly quantity: number },
    instruments: InstrumentTable,
    read: (rows: B) => void,
  ): void {
    // Rows are saved for all instruments, also for those that have none yet.
    if (times.eventTimeUs === UNKNOWN_TIME) return
    this.#grow(instruments.count)
    this.firstTimeUs[id] = Math.min(times.firstTimeUs, this.firstTimeUs[id]!)
    if (times.eventTimeUs < this.rows.eventTimeUs[id]!) return
    this.rows.instrument[id] = id
    this.rows.eventTimeUs[id] = times.eventTimeUs
    this.priceDecimals[id] = decimals.price
    this.quantityDecimals[id] = decimals.quantity
    read(this.rows)
  }

  /** `firstTimeUs` in whole numbers: what no row has been seen of counts as unknown. */
  get savedFirstTimeUs(): Float64Array {
    return this.firstTimeUs.map((timeUs) => (Number.isFinite(timeUs) ? timeUs : UNKNOWN_TIME))
  }

  /** The mapping under which `rows` are those of the store itself. */
  get mapping(): RowMapping {
    return {
      ids: Int32Array.from({ length: this.rows.capacity }, (_, id) => id),
      priceDecimals: this.priceDecimals,
      quantityDecimals: this.quantityDecimals,
    }
  }

  #grow(count: number): void {
    const known = this.rows.capacity
    if (count <= known) return
    const capacity = Math.max(count, 2 * known, 64)
    const rows = this.#create(capacity)
    copyRows(this.rows.columns, 0, rows.columns, 0, known)
    rows.eventTimeUs.fill(UNKNOWN_TIME, known)
    rows.count = capacity
    this.rows = rows
    this.firstTimeUs = extend(this.firstTimeUs, new Float64Array(capacity).fill(Number.POSITIVE_INFINITY))
    this.priceDecimals = extend(this.priceDecimals, new Uint8Array(capacity))
    this.quantityDecimals = extend(this.quantityDecimals, new Uint8Array(capacity))
    this.#newestRow = extend(this.#newestRow, new Int32Array(capacity).fill(-1))
  }
}

function extend<A extends Float64Array | Uint8Array | Int32Array>(values: A, into: A): A {
  into.set(values)
  return into
}
