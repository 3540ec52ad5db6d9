import type { Columns } from '../../events/column.ts'
import { copyRows } from '../../events/column.ts'
import type { InstrumentTable } from '../../events/instrument.ts'

interface Batch {
  readonly capacity: number
  count: number
  readonly instrument: Uint32Array
  readonly eventTimeUs: Float64Array
  readonly columns: Columns
  rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void
}

const CAPACITY_MIN = 64
/** In the instrument column: nothing seen yet. */
const NONE = 0xffff_ffff

/**
 * The newest row of every instrument by event time, as columns: row `i` is instrument `i`. Of equal times the later arrival
 * is the newer; what comes late, as by a repair, is not. Taking in a batch costs one pass over two of its columns and one
 * copied row per instrument that occurs in it; nothing is allocated per event.
 */
export class LatestRows<B extends Batch> {
  readonly #instruments: InstrumentTable
  readonly #create: (instruments: InstrumentTable, capacity: number) => B
  #rows: B
  /** Newest row of each instrument in the batch at hand, -1 where it does not occur. */
  #newestRow = new Int32Array(0)

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
    const newestRow = this.#newestRow
    const { instrument, eventTimeUs, count } = batch
    for (let row = 0; row < count; row++) {
      const index = instrument[row]!
      const newest = newestRow[index]!
      if (newest < 0) touched.push(index)
      else if (eventTimeUs[row]! < eventTimeUs[newest]!) continue
      newestRow[index] = row
    }
    for (const index of touched) {
      const row = newestRow[index]!
      newestRow[index] = -1
      const isNewer = !this.has(index) || eventTimeUs[row]! >= this.#rows.eventTimeUs[index]!
      if (isNewer) this.#copyRow(batch.columns, row, index)
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
    if (this.#newestRow.length < count) this.#newestRow = new Int32Array(Math.max(CAPACITY_MIN, count * 2)).fill(-1)
    const before = this.#rows
    if (before.capacity < count) {
      this.#rows = this.#create(this.#instruments, count * 2)
      this.#rows.instrument.fill(NONE)
      copyRows(before.columns, 0, this.#rows.columns, 0, before.capacity)
    }
    this.#rows.count = Math.max(this.#rows.count, count)
  }
}
