import type { InstrumentTable } from '../../events/instrument.ts'
import type { GapLedger, SavedStream } from './gap-ledger.ts'

/** What is kept of a symbol. */
type SavedSymbol = readonly [priceDecimals: number, quantityDecimals: number, ...SavedStream]

/** Whose position it is: a position with another identity numbers other trades. */
export interface PositionScope {
  readonly identity: { readonly feed: string } & Readonly<Record<string, string>>
  readonly venue: string
  readonly symbols: readonly string[]
}

type Saved = PositionScope['identity'] & { readonly symbols: Readonly<Record<string, SavedSymbol>> }

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

/**
 * Position of a feed with a ledger: for each symbol the next id, what is still missing before it, and the decimals.
 * Written once a step, so only what has changed is made into text again.
 */
export class FeedPosition {
  readonly #scope: PositionScope
  readonly #ledger: GapLedger
  readonly #instruments: InstrumentTable
  readonly #texts = new Map<string, string>()
  readonly #changed = new Set<string>()

  constructor(scope: PositionScope, ledger: GapLedger, instruments: InstrumentTable) {
    this.#scope = scope
    this.#ledger = ledger
    this.#instruments = instruments
  }

  noteChanged(symbol: string): void {
    this.#changed.add(symbol)
  }

  encode(): Uint8Array {
    const { identity, venue } = this.#scope
    for (const symbol of this.#changed) {
      const index = this.#instruments.find(venue, symbol)
      const decimals = index === undefined ? undefined : this.#instruments.at(index)
      const saved: SavedSymbol = [
        decimals?.priceDecimals ?? 0,
        decimals?.quantityDecimals ?? 0,
        ...this.#ledger.saveStream(symbol),
      ]
      this.#texts.set(symbol, `${JSON.stringify(symbol)}:${JSON.stringify(saved)}`)
    }
    this.#changed.clear()
    const head = JSON.stringify(identity).slice(0, -1)
    return textEncoder.encode(`${head},"symbols":{${[...this.#texts.values()].join(',')}}}`)
  }

  /**
   * Goes on from a position of an earlier start. Symbols that are no longer followed are forgotten; a position of another
   * feed, market or stream, whose ids are others, is left aside.
   * @returns the symbols that were followed before
   */
  restore(position: Uint8Array): string[] {
    const { identity, symbols, venue } = this.#scope
    const saved = savedOf(identity.feed, position)
    if (saved === undefined || Object.entries(identity).some(([name, value]) => saved[name] !== value)) return []
    const known = symbols.filter((symbol) => saved.symbols[symbol] !== undefined)
    for (const symbol of known) {
      const [priceDecimals, quantityDecimals, ...stream] = saved.symbols[symbol]!
      this.#instruments.register(venue, symbol, priceDecimals, quantityDecimals)
      this.#ledger.restoreStream(symbol, stream)
      this.#changed.add(symbol)
    }
    return known
  }
}

function savedOf(feed: string, position: Uint8Array): Saved | undefined {
  try {
    const saved = JSON.parse(textDecoder.decode(position)) as Partial<Saved> | null
    return saved?.feed === feed ? (saved as Saved) : undefined
  } catch (error) {
    // Positions are opaque bytes: the one of another feed need not be JSON.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Whether a position in JSON names this feed as its own. */
export function isPositionOf(feed: string, position: Uint8Array): boolean {
  return savedOf(feed, position) !== undefined
}
