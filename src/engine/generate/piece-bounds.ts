import { BLOCK_MAX_COUNT } from '../../feeds/simulator/world/block-plan.ts'
import { MINUTE_US } from '../../feeds/simulator/world/minute-path.ts'
import { PIECE_MAX_COUNT } from './piece-maker.ts'
import type { Schedules, SourceSpec } from './source-spec.ts'

/** Events that are due within this time make a piece of a paced stream: they are written together. */
const GATHER_SECONDS = 0.005
/** Fewest events of a span, and of how many there are nearly always more. */
const SPAN_MIN_COUNT = BLOCK_MAX_COUNT / 2

/** Events of a piece: a power of two, so that the pieces of a stream do not depend on who makes them when. */
export function pieceCountOf(isPaced: boolean, ratePerSecond: number): number {
  if (!isPaced) return PIECE_MAX_COUNT
  const gathered = Math.max(1, ratePerSecond * GATHER_SECONDS)
  return Math.min(PIECE_MAX_COUNT, 2 ** Math.floor(Math.log2(gathered)))
}

/** Where the piece ends that begins at `index`. */
export function pieceEnd(index: number, pieceCount: number): number {
  return (Math.floor(index / pieceCount) + 1) * pieceCount
}

/**
 * Where a span ends that begins at `index`: a run of pieces that one shard makes. It ends where a block of the market
 * does, since a world steps over whole blocks for nearly nothing; of columnar pieces, whose bytes depend on where they
 * are cut, at the next end of a piece.
 */
export function spanEnd(index: number, { format, pieceCount }: SourceSpec, schedules: Schedules): number {
  let end = index
  while (end - index < SPAN_MIN_COUNT) end = Math.max(end + 1, blockEnd(end, schedules))
  return format === 'columnar' ? pieceEnd(end - 1, pieceCount) : end
}

/** Where the block of the market ends that an event of the stream is in. */
function blockEnd(index: number, { market, merged }: Schedules): number {
  if (market === undefined) return index + BLOCK_MAX_COUNT
  const at = merged?.splitAt(index).first ?? index
  const minute = Math.floor(market.dueUs(at) / MINUTE_US)
  const minuteFirst = market.countBefore(minute * MINUTE_US)
  const part = Math.floor((at - minuteFirst) / BLOCK_MAX_COUNT)
  const minuteEnd = market.countBefore((minute + 1) * MINUTE_US)
  const end = Math.min(minuteEnd, minuteFirst + (part + 1) * BLOCK_MAX_COUNT)
  return merged?.countBefore(market.dueUs(end)) ?? end
}
