import { InstrumentTable } from '../../events/instrument.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'

/** How the rows of batches over one instrument table map to the store. */
export interface RowMapping {
  /** Index in the batch's table → id in the store, or -1 where no row of it has been seen. */
  readonly ids: Int32Array
  readonly priceDecimals: Uint8Array
  readonly quantityDecimals: Uint8Array
}

interface KnownMapping extends RowMapping {
  readonly version: number
}

/** The store's own numbering of instruments, which outlives the numbering of any one thread. */
export class StoreInstruments {
  readonly table = new InstrumentTable()
  readonly #idsBySymbol = new Map<string, number[]>()
  readonly #mappings = new WeakMap<InstrumentTable, KnownMapping>()
  /** New or widened since they were last saved. */
  readonly unsaved = new Set<number>()

  idsOf(symbol: string): readonly number[] {
    return this.#idsBySymbol.get(symbol) ?? []
  }

  register(venue: string, symbol: string, priceDecimals: number, quantityDecimals: number): number {
    const { version, count } = this.table
    const id = this.table.register(venue, symbol, priceDecimals, quantityDecimals)
    if (this.table.version !== version) this.unsaved.add(id)
    if (this.table.count !== count) {
      const ids = this.#idsBySymbol.get(symbol)
      if (ids === undefined) this.#idsBySymbol.set(symbol, [id])
      else ids.push(id)
    }
    return id
  }

  /** The mapping of the batch's table, with every instrument that a row of the batch names. */
  mappingOf(batch: TradeBatch | QuoteBatch): RowMapping {
    const mapping = this.#mappingOf(batch.instruments)
    const { ids } = mapping
    const { instrument, count } = batch
    for (let row = 0; row < count; row++) {
      const index = instrument[row]!
      if (ids[index] === -1) ids[index] = this.#registerFrom(batch.instruments, index)
    }
    return mapping
  }

  #registerFrom(table: InstrumentTable, index: number): number {
    const { venue, symbol, priceDecimals, quantityDecimals } = table.at(index)
    return this.register(venue, symbol, priceDecimals, quantityDecimals)
  }

  #mappingOf(table: InstrumentTable): RowMapping {
    const known = this.#mappings.get(table)
    if (known !== undefined && known.version === table.version) return known
    const mapping = {
      version: table.version,
      ids: new Int32Array(table.count).fill(-1),
      priceDecimals: Uint8Array.from({ length: table.count }, (_, index) => table.at(index).priceDecimals),
      quantityDecimals: Uint8Array.from({ length: table.count }, (_, index) => table.at(index).quantityDecimals),
    }
    this.#mappings.set(table, mapping)
    return mapping
  }
}
