import type { Alert } from '../../../src/events/alert.ts'
import type { Candle } from '../../../src/events/candle.ts'
import type { Quote, Trade } from '../../../src/events/trade.ts'
import type { FrameMessage } from '../../../src/protocol/live.ts'

/** Most trades, and most alerts, that wait for one animation frame; beyond them the oldest go, counted. */
export const PENDING_MAX_COUNT = 1000

export interface FrameUpdate {
  readonly serverTimeMs: number
  readonly quotes: readonly Quote[]
  readonly trades: readonly Trade[]
  readonly candles: readonly Candle[]
  readonly alerts: readonly Alert[]
  /** Trades that were left out because the page was hidden or too slow. */
  readonly missedTradeCount: number
}

/**
 * What came since the last animation frame. A hidden page has none for hours, so all is bounded: quotes by symbol,
 * candles, trades and alerts by count.
 */
export class PendingFrame {
  #serverTimeMs = 0
  #quotes = new Map<string, Quote>()
  #candles = new Map<string, Candle>()
  #trades: Trade[] = []
  #alerts: Alert[] = []
  #missedTradeCount = 0

  add(frame: FrameMessage): void {
    this.#serverTimeMs = frame.serverTimeMs
    for (const quote of frame.quotes ?? []) this.#quotes.set(quote.symbol, quote)
    for (const candle of frame.candles ?? []) this.#addCandle(candle)
    this.#trades.push(...(frame.trades ?? []))
    this.#alerts.push(...(frame.alerts ?? []))
    const surplus = this.#trades.length - PENDING_MAX_COUNT
    if (surplus > 0) {
      this.#trades.splice(0, surplus)
      this.#missedTradeCount += surplus
    }
    this.#alerts.splice(0, Math.max(0, this.#alerts.length - PENDING_MAX_COUNT))
  }

  #addCandle(candle: Candle): void {
    this.#candles.set(`${candle.symbol} ${candle.interval} ${candle.openTimeMs}`, candle)
    // Oldest insertions first: a page that slept past this many finished candles reads them by REST.
    if (this.#candles.size <= PENDING_MAX_COUNT) return
    for (const key of this.#candles.keys()) {
      this.#candles.delete(key)
      break
    }
  }

  take(): FrameUpdate {
    const update: FrameUpdate = {
      serverTimeMs: this.#serverTimeMs,
      quotes: [...this.#quotes.values()],
      trades: this.#trades,
      candles: [...this.#candles.values()],
      alerts: this.#alerts,
      missedTradeCount: this.#missedTradeCount,
    }
    this.clear()
    return update
  }

  clear(): void {
    this.#quotes = new Map()
    this.#candles = new Map()
    this.#trades = []
    this.#alerts = []
    this.#missedTradeCount = 0
  }
}
