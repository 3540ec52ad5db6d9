/** Trades that the venue numbered and that never came. Both ids inclusive. */
export interface Gap {
  readonly type: 'gap'
  readonly venue: string
  readonly symbol: string
  readonly fromId: number
  readonly toId: number
  readonly missingCount: number
  /** Time of the last trade before the gap: the missing ones lie in `[previousEventTimeMs, eventTimeMs]`. */
  readonly previousEventTimeMs: number
  /** Time of the first trade after the gap. */
  readonly eventTimeMs: number
}
