/**
 * Trades that the venue numbered and that did not come in their turn. Both ids inclusive.
 *
 * A feed that streams says so at once when it finds the hole, whatever becomes of it: where all of it is back-filled in
 * time, this is the only record, and the candles are complete. The processors say so where trades have not come when the
 * candles around them are due: these become `gapped`. So a hole that is repaired late has two records, told apart by
 * `foundBy`.
 */
export interface Gap {
  readonly type: 'gap'
  readonly venue: string
  readonly symbol: string
  /** Ids of trades; of a feed that follows aggregates (`aggTrade`), those of the aggregates. */
  readonly fromId: number
  readonly toId: number
  readonly missingCount: number
  /** Time of the last trade before the gap: the missing ones lie in `[previousEventTimeMs, eventTimeMs]`. */
  readonly previousEventTimeMs: number
  /** Time of the first trade after the gap; of the last missing one where none has come after it yet. */
  readonly eventTimeMs: number
  /** Each of the two says so once. */
  readonly foundBy: GapFinder
}

export const GAP_FINDERS = ['processor', 'feed'] as const
export type GapFinder = (typeof GAP_FINDERS)[number]
