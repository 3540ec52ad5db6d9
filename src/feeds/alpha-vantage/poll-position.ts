import type { QuotaBudget, SavedQuota } from './quota-budget.ts'
import type { SeenQuote } from './trades-from-answer.ts'

/** What is remembered of a symbol from answer to answer. */
export interface SymbolMemory {
  readonly quote?: SeenQuote
  /** Beginning of the newest bar that was taken, µs. */
  readonly lastBarUs?: number
  readonly priceDecimals: number
  readonly quantityDecimals: number
}

interface Saved {
  readonly feed: 'alpha-vantage'
  readonly function: string
  readonly barMinutes: number
  readonly turn: number
  readonly quota: SavedQuota
  readonly symbols: Readonly<Record<string, SymbolMemory>>
}

/** Everything that outlives a restart; what is of another function or bar length is left aside, but for the quota. */
export type PollState = Omit<Saved, 'feed' | 'quota'>

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

export function encodePosition(state: PollState, budget: QuotaBudget): Uint8Array {
  return textEncoder.encode(JSON.stringify({ feed: 'alpha-vantage', ...state, quota: budget.save() }))
}

/** @returns undefined where the position is that of another feed */
export function decodePosition(position: Uint8Array): Saved | undefined {
  try {
    const saved = JSON.parse(textDecoder.decode(position)) as Partial<Saved> | null
    return saved?.feed === 'alpha-vantage' ? (saved as Saved) : undefined
  } catch (error) {
    // Positions are opaque bytes: the one of another feed need not be JSON.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export function isAlphaVantagePosition(position: Uint8Array): boolean {
  return decodePosition(position) !== undefined
}
