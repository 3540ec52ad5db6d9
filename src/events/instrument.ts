import { FinPulseError } from '../base/errors.ts'
import { INSTRUMENTS_MAX_COUNT } from './limits.ts'

/** What is traded where, and with how many decimals its prices and quantities are written. */
export interface Instrument {
  readonly venue: string
  readonly symbol: string
  readonly priceDecimals: number
  readonly quantityDecimals: number
}

/**
 * Numbers the instruments that one thread has met, from 0, in order of first sight. Decimals only ever grow: where a
 * venue starts to print more of them, the table is widened, and holders of digits rescale before they go on.
 */
export class InstrumentTable {
  readonly #instruments: Instrument[] = []
  readonly #indexByVenue = new Map<string, Map<string, number>>()
  /** Grows with each new or widened instrument: a cheap way to see that something changed. */
  version = 0

  get count(): number {
    return this.#instruments.length
  }

  at(index: number): Instrument {
    const instrument = this.#instruments[index]
    if (instrument === undefined) throw new FinPulseError('internal', `instrument ${index}: no such index`)
    return instrument
  }

  find(venue: string, symbol: string): number | undefined {
    return this.#indexByVenue.get(venue)?.get(symbol)
  }

  /** The index of the instrument, registered or widened where necessary. */
  register(venue: string, symbol: string, priceDecimals: number, quantityDecimals: number): number {
    const known = this.find(venue, symbol)
    if (known !== undefined) {
      this.#widen(known, priceDecimals, quantityDecimals)
      return known
    }
    const index = this.#instruments.length
    if (index >= INSTRUMENTS_MAX_COUNT) {
      throw new FinPulseError('event-invalid', `symbol ${symbol}: more than ${INSTRUMENTS_MAX_COUNT} instruments`)
    }
    this.#instruments.push({ venue, symbol, priceDecimals, quantityDecimals })
    let symbols = this.#indexByVenue.get(venue)
    if (symbols === undefined) {
      symbols = new Map()
      this.#indexByVenue.set(venue, symbols)
    }
    symbols.set(symbol, index)
    this.version += 1
    return index
  }

  #widen(index: number, priceDecimals: number, quantityDecimals: number): void {
    const known = this.at(index)
    if (priceDecimals <= known.priceDecimals && quantityDecimals <= known.quantityDecimals) return
    this.#instruments[index] = {
      ...known,
      priceDecimals: Math.max(priceDecimals, known.priceDecimals),
      quantityDecimals: Math.max(quantityDecimals, known.quantityDecimals),
    }
    this.version += 1
  }
}
