import type { StreamGap } from './gap-ledger.ts'

/**
 * Decides how long frames wait before a gap while it is repaired, so that the log has the trades in order and no candle
 * closes without them. Where that takes too long it lets them go on, and waits for no further gap until a repair
 * succeeds. Pure: time is an argument.
 */
export class GapHold {
  #hold: { readonly gap: StreamGap; readonly untilUs: number } | undefined
  #mayHold = true

  /** @returns false where the frames must not wait */
  begin(gap: StreamGap, untilUs: number): boolean {
    if (this.#mayHold) this.#hold = { gap, untilUs }
    return this.#mayHold
  }

  isHolding(nowUs: number): boolean {
    const hold = this.#hold
    if (hold === undefined) return false
    if (hold.gap.remainingCount > 0 && nowUs < hold.untilUs) return true
    if (hold.gap.remainingCount > 0) this.#mayHold = false
    this.#hold = undefined
    return false
  }

  /** A repair has brought something. */
  repaired(): void {
    this.#mayHold = true
  }
}
