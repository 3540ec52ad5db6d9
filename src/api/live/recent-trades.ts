import { copyRows } from '../../events/column.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import { tradeAt } from '../../events/json.ts'
import type { Trade } from '../../events/trade.ts'
import { TradeBatch } from '../../events/trade-batch.ts'

/** Trades kept, of all symbols together: what the store, which trails the log, may not have yet. */
export const RECENT_TRADES_COUNT = 32_768

/**
 * The newest trades of every symbol, watched or not, in a ring of columns: a snapshot read from the store joins up with
 * what comes next by them. Taking in a batch is a copy of its columns; nothing is allocated per event.
 */
export class RecentTrades {
  readonly #ring: TradeBatch
  #next = 0

  constructor(instruments: InstrumentTable) {
    this.#ring = new TradeBatch(instruments, RECENT_TRADES_COUNT)
  }

  take(batch: TradeBatch): void {
    let row = Math.max(0, batch.count - RECENT_TRADES_COUNT)
    while (row < batch.count) {
      const count = Math.min(batch.count - row, RECENT_TRADES_COUNT - this.#next)
      copyRows(batch.columns, row, this.#ring.columns, this.#next, count)
      row += count
      this.#next = (this.#next + count) % RECENT_TRADES_COUNT
      this.#ring.count = Math.max(this.#ring.count, this.#next === 0 ? RECENT_TRADES_COUNT : this.#next)
    }
  }

  rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void {
    this.#ring.rescale(instrument, pricePlaces, quantityPlaces)
  }

  /** The last trades of some instruments with an event time of at least `fromMs`, oldest first, at most so many. */
  of(instruments: readonly number[], fromMs: number, maxCount: number): Trade[] {
    const wanted = new Set(instruments)
    const trades: Trade[] = []
    const { count, instrument, eventTimeUs } = this.#ring
    for (let back = 1; back <= count && trades.length < maxCount; back++) {
      const row = (this.#next - back + RECENT_TRADES_COUNT) % RECENT_TRADES_COUNT
      if (!wanted.has(instrument[row]!) || eventTimeUs[row]! < fromMs * 1000) continue
      trades.push(tradeAt(this.#ring, row))
    }
    return trades.reverse()
  }
}
