import { PIECE_MAX_COUNT } from '../../src/engine/generate/piece-maker.ts'
import type { PieceFormat, SourceSpec } from '../../src/engine/generate/source-spec.ts'
import { marketRules } from '../../src/feeds/simulator/simulator-market.ts'
import { symbolNames } from './market-batches.ts'

const ORIGIN_US = Date.UTC(2026, 0, 1) * 1000

/** Trades of the simulated market, as `finpulse generate` makes them. */
export function tradesSpec(format: PieceFormat, symbolCount: number, ratePerSecond: number): SourceSpec {
  const symbols = symbolNames(symbolCount)
  const market = { rate: { ratePerSecond }, symbols, rules: marketRules({}, symbols), trades: true, quotes: false }
  return { format, seed: 1, originUs: ORIGIN_US, pieceCount: PIECE_MAX_COUNT, market }
}
