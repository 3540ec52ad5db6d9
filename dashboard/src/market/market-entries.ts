import type { MarketRow } from '../../../src/protocol/rest.ts'
import { KeyedStore } from '../live/keyed-store.ts'
import type { FrameUpdate } from '../live/pending-frame.ts'
import { entryFromRow, entryWithCandle, entryWithQuote, type MarketEntry } from './market-entry.ts'

/** The market by symbol. Live changes of a symbol that no summary has named yet wait for the summary. */
export class MarketEntries {
  readonly store = new KeyedStore<MarketEntry>()

  applyRows(rows: readonly MarketRow[], nowMs: number): void {
    for (const row of rows) this.store.set(row.symbol, entryFromRow(row, this.store.get(row.symbol), nowMs))
  }

  applyUpdate(update: FrameUpdate, nowMs: number): void {
    const changed = new Map<string, MarketEntry>()
    const feedTimeMs = new Map<string, number>()
    const entryOf = (symbol: string) => changed.get(symbol) ?? this.store.get(symbol)
    for (const quote of update.quotes) {
      feedTimeMs.set(quote.symbol, quote.eventTimeMs)
      const entry = entryOf(quote.symbol)
      if (entry !== undefined) changed.set(quote.symbol, entryWithQuote(entry, quote, nowMs))
    }
    for (const candle of update.candles) {
      if (candle.interval !== '1m') continue
      const entry = entryOf(candle.symbol)
      if (entry === undefined) continue
      changed.set(candle.symbol, entryWithCandle(entry, candle, feedTimeMs.get(candle.symbol) ?? 0, nowMs))
    }
    for (const [symbol, entry] of changed) this.store.set(symbol, entry)
  }

  clear(): void {
    this.store.clear()
  }
}
