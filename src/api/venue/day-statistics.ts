import { multiply, ratio, subtract } from '../../base/decimal-text.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import type { SymbolSummary } from '../../stores/market-store.ts'
import type { MarketData } from '../market-data.ts'
import { currentSummaries } from '../rest/market-summary.ts'
import { TimedCache } from '../timed-cache.ts'
import { type Listing, zeroAt } from './venue-symbols.ts'

/** The last 24 hours of a symbol. Decimals are exact texts. */
export interface DayStatistics {
  readonly open: string
  readonly high: string
  readonly low: string
  readonly last: string
  readonly lastQuantity: string
  readonly change: string
  /** With three decimals, as the venue's. */
  readonly changePercent: string
  readonly volume: string
  readonly quoteVolume: string
  readonly vwap: string
  readonly bidPrice: string
  readonly bidQuantity: string
  readonly askPrice: string
  readonly askQuantity: string
  readonly openTimeMs: number
  readonly closeTimeMs: number
  /** By the count back from the last one, as ids are consecutive; -1 where there is no trade or none with an id. */
  readonly firstId: number
  readonly lastId: number
  readonly tradeCount: number
}

interface Sources {
  readonly summaries: ReadonlyMap<string, SymbolSummary>
  readonly trades: ReadonlyMap<string, Trade>
  readonly quotes: ReadonlyMap<string, Quote>
  readonly nowMs: number
}

const DAY_MS = 24 * 3_600_000
const MAX_AGE_MS = 1000
const PERCENT_DECIMALS = 3

/** Statistics of the last 24 hours: finished minutes from the store, the running one from the engine. */
export class DayStatisticsReader {
  readonly #data: MarketData
  readonly #cache = new TimedCache<Sources>(MAX_AGE_MS)

  constructor(data: MarketData) {
    this.#data = data
  }

  /** At most a second old. */
  async of(listings: readonly Listing[]): Promise<DayStatistics[]> {
    const sources = await this.#cache.get('', () => this.#read())
    return listings.map((listing) => statisticsOf(listing, sources))
  }

  clear(): void {
    this.#cache.clear()
  }

  async #read(): Promise<Sources> {
    const { store, engine } = this.#data
    const nowMs = Math.floor(engine.nowMs())
    const [summaries, latestQuotes] = await Promise.all([store.summaries(nowMs - DAY_MS), this.#data.latestQuotes()])
    // Asked for behind the others: what is still open now cannot be among the finished candles that the store gave before.
    const openCandles = await engine.openCandles(undefined, '1m')
    // And last of all, so that the newest id is not that of a trade before those that were counted.
    const latestTrades = await this.#data.latestTrades()
    return {
      summaries: byInstrument(currentSummaries({ summaries, openCandles, latestTrades })),
      trades: byInstrument(latestTrades),
      quotes: byInstrument(latestQuotes),
      nowMs,
    }
  }
}

function statisticsOf(listing: Listing, { summaries, trades, quotes, nowMs }: Sources): DayStatistics {
  const key = keyOf(listing)
  const price = zeroAt(listing.priceDecimals)
  const quantity = zeroAt(listing.quantityDecimals)
  const summary = summaries.get(key)
  const trade = summary === undefined ? undefined : trades.get(key)
  const quote = quotes.get(key)
  const { open, high, low, last, volume, quoteVolume, vwap, tradeCount } = summary ?? {
    ...{ open: price, high: price, low: price, last: price, vwap: price },
    ...{ volume: quantity, quoteVolume: price, tradeCount: 0 },
  }
  const change = subtract(last, open)
  const lastId = trade?.lastId ?? trade?.id ?? -1
  return {
    ...{ open, high, low, last, change, volume, quoteVolume, vwap, tradeCount },
    changePercent: ratio(multiply(change, '100'), open, PERCENT_DECIMALS),
    lastQuantity: trade?.quantity ?? quantity,
    bidPrice: quote?.bidPrice ?? price,
    bidQuantity: quote?.bidQuantity ?? quantity,
    askPrice: quote?.askPrice ?? price,
    askQuantity: quote?.askQuantity ?? quantity,
    openTimeMs: nowMs - DAY_MS,
    closeTimeMs: nowMs,
    firstId: lastId < 0 ? -1 : Math.max(0, lastId - tradeCount + 1),
    lastId,
  }
}

function byInstrument<T extends { readonly venue: string; readonly symbol: string }>(
  rows: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(rows.map((row) => [keyOf(row), row]))
}

function keyOf(row: { readonly venue: string; readonly symbol: string }): string {
  return `${row.venue} ${row.symbol}`
}
