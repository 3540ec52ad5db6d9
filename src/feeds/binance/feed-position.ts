import type { InstrumentTable } from '../../events/instrument.ts'
import type { BinanceSettings } from './binance-options.ts'
import type { GapLedger, SavedStream } from './gap-ledger.ts'

/** What is kept of a symbol. */
type SavedSymbol = readonly [priceDecimals: number, quantityDecimals: number, ...SavedStream]

interface Saved {
  readonly feed: 'binance'
  readonly market: string
  readonly tradeStream: string
  readonly symbols: Readonly<Record<string, SavedSymbol>>
}

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

/**
 * The feed's position: for each symbol the next id, what is still missing before it, and the decimals. Written once a
 * step, so only what has changed is made into text again.
 */
export class FeedPosition {
  readonly #settings: BinanceSettings
  readonly #ledger: GapLedger
  readonly #instruments: InstrumentTable
  readonly #texts = new Map<string, string>()
  readonly #changed = new Set<string>()

  constructor(settings: BinanceSettings, ledger: GapLedger, instruments: InstrumentTable) {
    this.#settings = settings
    this.#ledger = ledger
    this.#instruments = instruments
  }

  noteChanged(symbol: string): void {
    this.#changed.add(symbol)
  }

  encode(): Uint8Array {
    const { market, tradeStream, facts } = this.#settings
    for (const symbol of this.#changed) {
      const index = this.#instruments.find(facts.venue, symbol)
      const decimals = index === undefined ? undefined : this.#instruments.at(index)
      const saved: SavedSymbol = [
        decimals?.priceDecimals ?? 0,
        decimals?.quantityDecimals ?? 0,
        ...this.#ledger.saveStream(symbol),
      ]
      this.#texts.set(symbol, `${JSON.stringify(symbol)}:${JSON.stringify(saved)}`)
    }
    this.#changed.clear()
    const head = JSON.stringify({ feed: 'binance', market, tradeStream }).slice(0, -1)
    return textEncoder.encode(`${head},"symbols":{${[...this.#texts.values()].join(',')}}}`)
  }

  /**
   * Goes on from a position of an earlier start. Symbols that are no longer followed are forgotten; a position of another
   * feed, market or stream, whose ids are others, is left aside.
   * @returns the symbols that were followed before
   */
  restore(position: Uint8Array): string[] {
    const saved = savedOf(position)
    const { market, tradeStream, symbols, facts } = this.#settings
    if (saved?.market !== market || saved.tradeStream !== tradeStream) return []
    const known = symbols.filter((symbol) => saved.symbols[symbol] !== undefined)
    for (const symbol of known) {
      const [priceDecimals, quantityDecimals, ...stream] = saved.symbols[symbol]!
      this.#instruments.register(facts.venue, symbol, priceDecimals, quantityDecimals)
      this.#ledger.restoreStream(symbol, stream)
      this.#changed.add(symbol)
    }
    return known
  }
}

function savedOf(position: Uint8Array): Saved | undefined {
  try {
    const saved = JSON.parse(textDecoder.decode(position)) as Partial<Saved> | null
    return saved?.feed === 'binance' ? (saved as Saved) : undefined
  } catch (error) {
    // Positions are opaque bytes: the one of another feed need not be JSON.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export function isBinancePosition(position: Uint8Array): boolean {
  return savedOf(position) !== undefined
}
