import { FinPulseError } from '../base/errors.ts'
import type { MarketStoreReader, StoreInstrument } from '../stores/market-store.ts'
import { TimedCache } from './timed-cache.ts'

const MAX_AGE_MS = 1000

interface Listing {
  readonly instruments: readonly StoreInstrument[]
  /** Stored spelling by upper-case spelling. */
  readonly symbols: ReadonlyMap<string, string>
}

/** Symbols by any spelling: what the store holds, and what the live hub has seen since. */
export class SymbolDirectory {
  readonly #store: MarketStoreReader
  readonly #findLive: (upperCase: string) => string | undefined
  readonly #listing: TimedCache<Listing>

  constructor(store: MarketStoreReader, findLive: (upperCase: string) => string | undefined, nowMs?: () => number) {
    this.#listing = new TimedCache(MAX_AGE_MS, nowMs)
    this.#store = store
    this.#findLive = findLive
  }

  async instruments(): Promise<readonly StoreInstrument[]> {
    return (await this.#read()).instruments
  }

  /** The stored spelling, or undefined where no event of that symbol has been seen. */
  async find(symbol: string): Promise<string | undefined> {
    const upperCase = symbol.toUpperCase()
    return this.#findLive(upperCase) ?? (await this.#read()).symbols.get(upperCase)
  }

  /** @throws FinPulseError symbol-unknown */
  async resolve(symbol: string): Promise<string> {
    const found = await this.find(symbol)
    if (found !== undefined) return found
    const context = { parameter: 'symbol', value: symbol, allowed: 'a symbol of GET /api/v1/symbols' }
    const shown = JSON.stringify(symbol)
    throw new FinPulseError(
      'symbol-unknown',
      `symbol: no event of ${shown} has been seen; GET /api/v1/symbols lists all`,
      {
        context,
      },
    )
  }

  clear(): void {
    this.#listing.clear()
  }

  #read(): Promise<Listing> {
    return this.#listing.get('', async () => {
      const instruments = await this.#store.instruments()
      // Of a log that has just begun: the first ones are to be seen as soon as they are there.
      if (instruments.length === 0) this.#listing.clear()
      return { instruments, symbols: new Map(instruments.map((row) => [row.symbol.toUpperCase(), row.symbol])) }
    })
  }
}
