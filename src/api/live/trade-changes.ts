import { tradeAt } from '../../events/json.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import { ChangeRing } from './change-ring.ts'

/** Most trades of a symbol that wait to be encoded: the ring would keep no more of them anyway. */
export const TRADES_KEPT_MAX_COUNT = 1000

/**
 * The trades of one watched symbol. Between two frames only their rows are noted; they are encoded when the frame is
 * due, so that a burst beyond the ring's size costs no encoding.
 */
export class TradeChanges extends ChangeRing {
  #batches: TradeBatch[] = []
  #rows: number[] = []
  #waitingCount = 0

  note(batch: TradeBatch, row: number): void {
    const slot = this.#waitingCount % TRADES_KEPT_MAX_COUNT
    this.#batches[slot] = batch
    this.#rows[slot] = row
    this.#waitingCount += 1
  }

  /** Encodes what was noted. @returns the number of trades since the last time */
  settle(sequence: number, capacity: number): number {
    const total = this.#waitingCount
    const kept = Math.min(total, capacity, TRADES_KEPT_MAX_COUNT)
    this.skip(total - kept)
    for (let ordinal = total - kept; ordinal < total; ordinal++) {
      const slot = ordinal % TRADES_KEPT_MAX_COUNT
      this.push(JSON.stringify(tradeAt(this.#batches[slot]!, this.#rows[slot]!)), sequence, capacity)
    }
    this.#batches = []
    this.#rows = []
    this.#waitingCount = 0
    return total
  }
}
