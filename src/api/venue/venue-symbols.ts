import type { Instrument } from '../../events/instrument.ts'

/** An instrument under the name that the venue's clients know it by. */
export interface Listing extends Instrument {
  /** `BTC-USD` stays as it is, `btc/usd` becomes `BTCUSD`: the venue's symbols have no `/` and no `:`. */
  readonly wireSymbol: string
}

/** The name of a symbol on the wire. */
export function wireSymbolOf(symbol: string): string {
  return symbol.toUpperCase().replaceAll(/[/:]/g, '')
}

/** What the venue prints where there is no value. */
export function zeroAt(decimals: number): string {
  return (0).toFixed(decimals)
}

/**
 * Which instrument a symbol on the wire means. The venue has one market by a name: where several instruments would have
 * the same, the one that was seen first has it, and the others are not to be had here.
 */
export class VenueSymbols {
  readonly #instruments: () => Promise<readonly Instrument[]>
  readonly #listings = new Map<string, Listing>()

  /** @param instruments all that the store knows, in order of first sight */
  constructor(instruments: () => Promise<readonly Instrument[]>) {
    this.#instruments = instruments
  }

  /** @returns undefined where another instrument has the name */
  learn(instrument: Instrument): Listing | undefined {
    const { venue, symbol, priceDecimals, quantityDecimals } = instrument
    const wireSymbol = wireSymbolOf(symbol)
    const known = this.#listings.get(wireSymbol)
    if (known !== undefined) {
      if (known.venue !== venue || known.symbol !== symbol) return undefined
      if (known.priceDecimals >= priceDecimals && known.quantityDecimals >= quantityDecimals) return known
    }
    const listing = {
      wireSymbol,
      venue,
      symbol,
      priceDecimals: Math.max(priceDecimals, known?.priceDecimals ?? 0),
      quantityDecimals: Math.max(quantityDecimals, known?.quantityDecimals ?? 0),
    }
    this.#listings.set(wireSymbol, listing)
    return listing
  }

  async all(): Promise<readonly Listing[]> {
    for (const instrument of await this.#instruments()) this.learn(instrument)
    return [...this.#listings.values()]
  }

  async find(wireSymbol: string): Promise<Listing | undefined> {
    return this.#listings.get(wireSymbol) ?? (await this.all()).find((listing) => listing.wireSymbol === wireSymbol)
  }

  clear(): void {
    this.#listings.clear()
  }
}
