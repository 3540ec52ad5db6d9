import { FinPulseError } from '../../base/errors.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { RowInstrument, RowInstruments } from '../rows/row-instruments.ts'
import type { BatchLedger } from './batch-ledger.ts'
import type { EventLedger } from './event-ledger.ts'
import { VarintReader, VarintWriter } from './varint.ts'

/** `PUSH`, and the version of what follows. */
const MAGIC = Uint8Array.of(0x50, 0x55, 0x53, 0x48, 2)

/** What has been taken: all that makes a repetition known as one. */
export interface PushState {
  readonly table: InstrumentTable
  readonly instruments: RowInstruments
  readonly events: EventLedger
  readonly batches: BatchLedger
}

export function isPushPosition(position: Uint8Array): boolean {
  return MAGIC.every((byte, index) => position[index] === byte)
}

interface NamedInstrument {
  readonly instrument: RowInstrument
  /** Venue and symbol as they are written. */
  readonly names: Uint8Array
}

/** Writes positions; the writer's memory is used again. */
export class PushPositions {
  readonly #writer = new VarintWriter()
  readonly #names = new VarintWriter()
  /** By index. */
  #known: readonly NamedInstrument[] = []

  /**
   * @param step number of the step, to know it again when it is committed
   * @param newestTimeUs newest event time taken, or -1
   */
  write(step: number, newestTimeUs: number, state: PushState): Uint8Array {
    const writer = this.#writer
    writer.clear()
    writer.raw(MAGIC)
    writer.uint(step)
    writer.uint(newestTimeUs + 1)
    this.#writeInstruments(state)
    state.events.write(writer)
    state.batches.write(writer)
    return writer.written()
  }

  #writeInstruments({ table, instruments }: PushState): void {
    const writer = this.#writer
    if (this.#known.length < table.count) this.#known = this.#describe(instruments)
    writer.uint(this.#known.length)
    for (const { instrument, names } of this.#known) {
      writer.raw(names)
      writer.uint(instrument.priceDecimals)
      writer.uint(instrument.quantityDecimals)
      writer.uint(bitsOf(instrument.priceDigitsMax))
      writer.uint(bitsOf(instrument.quantityDigitsMax))
    }
  }

  #describe(instruments: RowInstruments): NamedInstrument[] {
    const known: NamedInstrument[] = []
    for (const instrument of instruments.all()) {
      if (instrument.index < 0) continue
      this.#names.clear()
      this.#names.text(instrument.venue)
      this.#names.text(instrument.symbol)
      known[instrument.index] = { instrument, names: this.#names.written() }
    }
    return known
  }
}

export function stepOf(position: Uint8Array): number {
  return new VarintReader(position, MAGIC.length).uint()
}

/**
 * Fills an empty state.
 * @returns the newest event time, or -1
 * @throws FinPulseError data-dir-incompatible
 */
export function readPosition(position: Uint8Array, state: PushState): number {
  if (!isPushPosition(position)) {
    throw new FinPulseError('data-dir-incompatible', 'position of the push feed: written by another version')
  }
  const reader = new VarintReader(position, MAGIC.length)
  reader.uint()
  const newestTimeUs = reader.uint() - 1
  state.events.read(reader, readInstruments(state, reader))
  state.batches.read(reader)
  return newestTimeUs
}

/** In the order of the table, with the same decimals: else a widening after a restart could overflow what is open. */
function readInstruments({ table, instruments }: PushState, reader: VarintReader): RowInstrument[] {
  return Array.from({ length: reader.uint() }, () => {
    const venue = reader.text()
    const symbol = reader.text()
    const instrument = instruments.find(venue, symbol)!
    instrument.priceDecimals = reader.uint()
    instrument.quantityDecimals = reader.uint()
    instrument.priceDigitsMax = 2 ** reader.uint()
    instrument.quantityDigitsMax = 2 ** reader.uint()
    instrument.index = table.register(venue, symbol, instrument.priceDecimals, instrument.quantityDecimals)
    return instrument
  })
}

/** The largest digits are remembered as the power of two above them: their use is to leave room. */
function bitsOf(digitsMax: number): number {
  return digitsMax < 1 ? 0 : Math.ceil(Math.log2(digitsMax))
}
