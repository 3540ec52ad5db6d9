import type { Columns } from '../../events/column.ts'
import { copyRows } from '../../events/column.ts'
import type { InstrumentTable } from '../../events/instrument.ts'

interface Batch {
  readonly capacity: number
  count: number
  readonly instrument: Uint32Array
  readonly columns: Columns
  rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void
}

const CAPACITY_MIN = 64
/** In the instrument column: nothing seen yet. */
const NONE = 0xffff_ffff

/**
 * The newest row of every instrument, as columns: row `i` is instrument `i`. Taking in a batch costs one pass over its
 * instrument column and one copied row per instrument that occurs in it; nothing is allocated per event.
 */
export class LatestRows<B extends Batch> {
  readonly #instruments: InstrumentTable
  readonly #create: (instruments: InstrumentTable, capacity: number) => B
  #rows: B
  /** Last row of each instrument in the batch at hand, -1 where it does not occur. */
  #lastRow = new Int32Array(0)

  constructor(instruments: InstrumentTable, create: (instruments: InstrumentTable, capacity: number) => B) {
    this.#instruments = instruments
    this.#create = create
    this.#rows = create(instruments, CAPACITY_MIN)
    this.#rows.instrument.fill(NONE)
  }

  /** The batch of newest rows, to read one at an instrument's index. */
  get rows(): B {
    return this.#rows
  }

  has(instrument: number): boolean {
    return instrument < this.#rows.capacity && this.#rows.instrument[instrument] === instrument
  }

  /** @returns the instruments that occur in the batch */
  absorb(batch: B): readonly number[] {
    this.#grow(this.#instruments.count)
    const touched: number[] = []
    const lastRow = this.#lastRow
    const { instrument, count } = batch
    for (let row = 0; row < count; row++) {
      const index = instrument[row]!
      if (lastRow[index]! < 0) touched.push(index)
      lastRow[index] = row
    }
    for (const index of touched) {
      this.#copyRow(batch.columns, lastRow[index]!, index)
      lastRow[index] = -1
    }
    return touched
  }

  rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void {
    if (this.has(instrument)) this.#rows.rescale(instrument, pricePlaces, quantityPlaces)
  }

  #copyRow(from: Columns, fromRow: number, toRow: number): void {
    const to = this.#rows.columns
    for (let column = 0; column < from.length; column++) to[column]![toRow] = from[column]![fromRow]!
  }

  #grow(count: number): void {
    if (this.#lastRow.length < count) this.#lastRow = new Int32Array(Math.max(CAPACITY_MIN, count * 2)).fill(-1)
    const before = this.#rows
    if (before.capacity < count) {
      this.#rows = this.#create(this.#instruments, count * 2)
      this.#rows.instrument.fill(NONE)
      copyRows(before.columns, 0, this.#rows.columns, 0, before.capacity)
    }
    this.#rows.count = Math.max(this.#rows.count, count)
  }
}
