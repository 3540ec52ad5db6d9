import type { Alert } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import type { Gap } from '../../events/gap.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import type {
  AlertQuery,
  CandleQuery,
  GapQuery,
  MarketStoreReader,
  Page,
  PageKey,
  PricePoint,
  PriceQuery,
  StoreInstrument,
  SymbolSummary,
  TradeIdQuery,
  TradeQuery,
} from '../../stores/market-store.ts'

/** The reading half of a store over plain arrays, oldest first: what a test puts in is what the API must show. */
export class ArrayMarketStore implements MarketStoreReader {
  readonly rows = {
    trades: [] as Trade[],
    quotes: [] as Quote[],
    candles: [] as Candle[],
    alerts: [] as Alert[],
    gaps: [] as Gap[],
    summaries: [] as SymbolSummary[],
  }
  /** Thrown by every query while set. */
  failure: Error | undefined

  async instruments(): Promise<readonly StoreInstrument[]> {
    this.#check()
    const symbols = new Map<string, StoreInstrument>()
    for (const { venue, symbol, eventTimeMs } of this.rows.trades) {
      const firstTradeTimeMs = symbols.get(symbol)?.firstTradeTimeMs ?? eventTimeMs
      symbols.set(symbol, {
        venue,
        symbol,
        priceDecimals: 2,
        quantityDecimals: 3,
        firstTradeTimeMs,
        lastTradeTimeMs: eventTimeMs,
      })
    }
    return [...symbols.values()]
  }

  async trades({ symbol, limit, after }: TradeQuery): Promise<Page<Trade>> {
    this.#check()
    const rows = this.rows.trades.filter((row) => row.symbol === symbol)
    return page(rows, (row) => row.eventTimeMs, limit, after)
  }

  async tradesById(query: TradeIdQuery): Promise<readonly Trade[]> {
    const { venue, symbol, fromId = 0, fromMs = 0, toMs = Number.POSITIVE_INFINITY, limit } = query
    this.#check()
    return this.rows.trades
      .filter((row) => row.venue === venue && row.symbol === symbol && (row.id ?? -1) >= fromId)
      .filter(({ eventTimeMs }) => eventTimeMs >= fromMs && eventTimeMs < toMs)
      .sort((a, b) => a.id! - b.id!)
      .slice(0, limit)
  }

  async candles({ symbol, interval, fromMs, toMs, limit, after }: CandleQuery): Promise<Page<Candle>> {
    const rows = this.rows.candles.filter(
      (row) => row.symbol === symbol && row.interval === interval && row.openTimeMs >= fromMs && row.openTimeMs < toMs,
    )
    return page(rows, (row) => row.openTimeMs, limit, after)
  }

  async candleRevisions(): Promise<readonly Candle[]> {
    return []
  }

  async alerts({ symbol, severity, kind, limit, after }: AlertQuery): Promise<Page<Alert>> {
    const rows = this.rows.alerts.filter(
      (row) =>
        (symbol === undefined || row.symbol === symbol) &&
        (severity === undefined || row.severity === severity) &&
        (kind === undefined || row.kind === kind),
    )
    return page(rows, (row) => row.eventTimeMs, limit, after)
  }

  async gaps({ symbol, limit, after }: GapQuery): Promise<Page<Gap>> {
    const rows = this.rows.gaps.filter((row) => symbol === undefined || row.symbol === symbol)
    return page(rows, (row) => row.eventTimeMs, limit, after)
  }

  async latestQuotes(): Promise<readonly Quote[]> {
    return [...new Map(this.rows.quotes.map((row) => [row.symbol, row])).values()]
  }

  async latestTrades(): Promise<readonly Trade[]> {
    return [...new Map(this.rows.trades.map((row) => [row.symbol, row])).values()]
  }

  async prices({ symbol, fromMs, limit, after }: PriceQuery): Promise<Page<PricePoint>> {
    const rows = this.rows.candles
      .filter((row) => row.symbol === symbol && row.interval === '1m' && row.openTimeMs >= fromMs)
      .map(({ openTimeMs, close, volume }) => ({ timeMs: openTimeMs, price: close, volume }))
    return page(rows, (row) => row.timeMs, limit, after)
  }

  async recentCloses(fromMs: number): Promise<ReadonlyMap<string, readonly string[]>> {
    const closes = new Map<string, string[]>()
    for (const { symbol, interval, openTimeMs, close } of this.rows.candles) {
      if (interval === '1m' && openTimeMs >= fromMs) closes.set(symbol, [...(closes.get(symbol) ?? []), close])
    }
    return closes
  }

  async alertCountsSince(fromMs: number): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>()
    for (const { symbol, eventTimeMs } of this.rows.alerts) {
      if (eventTimeMs >= fromMs) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
    }
    return counts
  }

  async summaries(): Promise<readonly SymbolSummary[]> {
    return this.rows.summaries
  }

  async countsSince() {
    return { trades: this.rows.trades.length, quotes: 0, candles: 0, alerts: 0 }
  }

  #check(): void {
    if (this.failure !== undefined) throw this.failure
  }
}

/** Newest first; a row's place among all is its tie-break. */
function page<T>(oldestFirst: readonly T[], timeMs: (row: T) => number, limit: number, after?: PageKey): Page<T> {
  const all = oldestFirst.map((row, place) => ({ row, key: { timeUs: timeMs(row) * 1000, tieBreak: place } })).reverse()
  const rest = all.filter(({ key }) => after === undefined || isBefore(key, after))
  const shown = rest.slice(0, limit)
  return { rows: shown.map(({ row }) => row), next: rest.length > limit ? shown.at(-1)?.key : undefined }
}

function isBefore(key: PageKey, other: PageKey): boolean {
  return key.timeUs < other.timeUs || (key.timeUs === other.timeUs && key.tieBreak < other.tieBreak)
}
