import type { Quote, Trade } from '../events/trade.ts'
import type { MarketRow } from '../protocol/rest.ts'
import type { MarketStoreReader } from '../stores/market-store.ts'
import type { EngineView } from './engine-view.ts'
import { marketRowsFrom } from './rest/market-summary.ts'
import { SymbolDirectory } from './symbol-directory.ts'
import { TimedCache } from './timed-cache.ts'

const MAX_AGE_MS = 1000
const HOUR_MS = 3_600_000

/** The newest rows that the live hub has read from the log: fresher than the store, but only since the start. */
export interface LatestMarket {
  /** The stored spelling of a symbol. */
  findSymbol(upperCase: string): string | undefined
  /** One per venue of the symbol; of every symbol without one. */
  quotes(symbol?: string): readonly Quote[]
  trades(symbol?: string): readonly Trade[]
}

/** What the routes and the live sessions read: store, engine and live hub as one, with the heavy pieces cached. */
export class MarketData {
  readonly store: MarketStoreReader
  readonly engine: EngineView
  readonly symbols: SymbolDirectory
  readonly #live: LatestMarket
  readonly #quotes: TimedCache<readonly Quote[]>
  readonly #trades: TimedCache<readonly Trade[]>
  readonly #recentTrades: TimedCache<readonly Trade[]>
  readonly #summary: TimedCache<MarketRow[]>

  /** @param nowMs any clock that never goes back, for the ages of what is cached */
  constructor(store: MarketStoreReader, engine: EngineView, live: LatestMarket, nowMs?: () => number) {
    this.#quotes = new TimedCache(MAX_AGE_MS, nowMs)
    this.#trades = new TimedCache(MAX_AGE_MS, nowMs)
    this.#recentTrades = new TimedCache(MAX_AGE_MS, nowMs)
    this.#summary = new TimedCache(MAX_AGE_MS, nowMs)
    this.store = store
    this.engine = engine
    this.#live = live
    this.symbols = new SymbolDirectory(store, (upperCase) => live.findSymbol(upperCase), nowMs)
  }

  /** Newest quote per venue and symbol. */
  async latestQuotes(symbol?: string): Promise<Quote[]> {
    const stored = await this.#quotes.get('', () => this.store.latestQuotes())
    return newest(stored, this.#live.quotes(symbol), symbol)
  }

  /** Newest trade per venue and symbol. */
  async latestTrades(symbol?: string): Promise<Trade[]> {
    const stored = await this.#trades.get('', () => this.store.latestTrades())
    return newest(stored, this.#live.trades(symbol), symbol)
  }

  /** The newest trades of the store, oldest first: what a new reader of a symbol's trades begins with. */
  recentTrades(symbol: string, limit: number): Promise<readonly Trade[]> {
    return this.#recentTrades.get(`${symbol} ${limit}`, async () => {
      const page = await this.store.trades({ symbol, limit })
      return page.rows.toReversed()
    })
  }

  marketSummary(): Promise<MarketRow[]> {
    return this.#summary.get('', async () => {
      const nowMs = this.engine.nowMs()
      const dayAgoMs = nowMs - 24 * HOUR_MS
      const [summaries, alertCounts, recentCloses, latestTrades, latestQuotes] = await Promise.all([
        this.store.summaries(dayAgoMs),
        this.store.alertCountsSince(dayAgoMs),
        this.store.recentCloses(nowMs - HOUR_MS),
        this.latestTrades(),
        this.latestQuotes(),
      ])
      // Asked for last: what is still open now cannot be among the finished candles that the store gave before.
      const openCandles = await this.engine.openCandles(undefined, '1m')
      return marketRowsFrom({ summaries, openCandles, latestTrades, latestQuotes, alertCounts, recentCloses })
    })
  }

  /** Forgets what is cached: the log began a new epoch. */
  clear(): void {
    for (const cache of [this.#quotes, this.#trades, this.#recentTrades, this.#summary]) cache.clear()
    this.symbols.clear()
  }
}

type Row = Pick<Quote, 'venue' | 'symbol' | 'eventTimeMs'>

function newest<T extends Row>(stored: readonly T[], live: readonly T[], symbol: string | undefined): T[] {
  const rows = new Map<string, T>()
  for (const row of [...stored, ...live]) {
    if (symbol !== undefined && row.symbol !== symbol) continue
    const key = `${row.venue} ${row.symbol}`
    const known = rows.get(key)
    if (known === undefined || row.eventTimeMs >= known.eventTimeMs) rows.set(key, row)
  }
  return [...rows.values()]
}
