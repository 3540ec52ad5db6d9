import { NAME_PATTERN } from '../../events/limits.ts'

/** Which of Binance's two trade streams a symbol's trades are taken from; 0 while none has come. */
export type TradeStream = 0 | 1 | 2
export const TRADES_ALONE = 1
export const TRADES_AGGREGATED = 2

/** What the reader knows of one instrument of its input. */
export interface RowInstrument {
  readonly venue: string
  readonly symbol: string
  /** False where the caller asked for other symbols. */
  readonly isWanted: boolean
  /** Index in the instrument table, or -1 before the first row. */
  index: number
  priceDecimals: number
  quantityDecimals: number
  tradeStream: TradeStream
  /** Largest digits so far in the present decimals: widening must leave room for them. */
  priceDigitsMax: number
  quantityDigitsMax: number
}

/** Most names that are remembered; further ones are refused. Above the limit of the instrument table. */
const NAMES_MAX_COUNT = 50_000
const textDecoder = new TextDecoder()

interface ByteName {
  readonly bytes: Uint8Array
  readonly instrument: RowInstrument
}

/** Finds instruments by venue and symbol, and by a symbol's bytes without making a text of them. */
export class RowInstruments {
  readonly #wanted: ReadonlySet<string> | undefined
  readonly #byVenue = new Map<string, Map<string, RowInstrument>>()
  #count = 0
  #byteVenue = ''
  #byHash = new Map<number, ByteName[]>()
  #lastName: ByteName | undefined

  constructor(wantedSymbols: readonly string[] | undefined) {
    this.#wanted = wantedSymbols === undefined ? undefined : new Set(wantedSymbols)
  }

  /** @returns undefined where a name is none, or there are too many */
  find(venue: string, symbol: string): RowInstrument | undefined {
    const known = this.#byVenue.get(venue)?.get(symbol)
    if (known !== undefined) return known
    if (!NAME_PATTERN.test(venue) || !NAME_PATTERN.test(symbol) || this.#count >= NAMES_MAX_COUNT) return undefined
    const instrument: RowInstrument = {
      venue,
      symbol,
      isWanted: this.#wanted?.has(symbol) ?? true,
      index: -1,
      priceDecimals: 0,
      quantityDecimals: 0,
      tradeStream: 0,
      priceDigitsMax: 0,
      quantityDigitsMax: 0,
    }
    let symbols = this.#byVenue.get(venue)
    if (symbols === undefined) {
      symbols = new Map()
      this.#byVenue.set(venue, symbols)
    }
    symbols.set(symbol, instrument)
    this.#count += 1
    return instrument
  }

  /** As `find`, with the symbol in UTF-8. */
  findBytes(venue: string, bytes: Uint8Array, start: number, end: number): RowInstrument | undefined {
    if (venue !== this.#byteVenue) {
      this.#byteVenue = venue
      this.#byHash = new Map()
      this.#lastName = undefined
    }
    const last = this.#lastName
    if (last !== undefined && equals(last.bytes, bytes, start, end)) return last.instrument
    let hash = 0
    for (let index = start; index < end; index++) hash = (Math.imul(hash, 31) + bytes[index]!) | 0
    const bucket = this.#byHash.get(hash)
    const known = bucket?.find((name) => equals(name.bytes, bytes, start, end))
    this.#lastName = known ?? this.#remember(hash, bytes.slice(start, end))
    return this.#lastName?.instrument
  }

  *all(): Iterable<RowInstrument> {
    for (const symbols of this.#byVenue.values()) yield* symbols.values()
  }

  #remember(hash: number, bytes: Uint8Array): ByteName | undefined {
    const instrument = this.find(this.#byteVenue, textDecoder.decode(bytes))
    if (instrument === undefined) return undefined
    const name = { bytes, instrument }
    const bucket = this.#byHash.get(hash)
    if (bucket === undefined) this.#byHash.set(hash, [name])
    else bucket.push(name)
    return name
  }
}

function equals(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== name.length) return false
  for (let index = 0; index < name.length; index++) if (name[index] !== bytes[start + index]) return false
  return true
}
