import { FinPulseError } from '../../base/errors.ts'
import type { Alert } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import type { Gap } from '../../events/gap.ts'
import type { Interval } from '../../events/interval.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import { exactDecimal } from '../exact-decimal.ts'
import type {
  AlertQuery,
  CandleQuery,
  GapQuery,
  MarketStore,
  Page,
  PageKey,
  PricePoint,
  PriceQuery,
  StoreCounts,
  StoreInstrument,
  StorePosition,
  StoreRetention,
  StoreSource,
  StoreWrite,
  SymbolSummary,
  TradeIdQuery,
  TradeQuery,
} from '../market-store.ts'
import { joinSpans, type SymbolSpan, summaryOf } from '../symbol-span.ts'

/** A row with its place in the listings: event time, then number of arrival. */
interface Placed<T> {
  readonly timeUs: number
  readonly tieBreak: number
  readonly row: T
}

interface KnownInstrument {
  readonly venue: string
  readonly symbol: string
  readonly index: number
  priceDecimals: number
  quantityDecimals: number
  firstTradeTimeMs: number | undefined
  latestTrade: Trade | undefined
  latestQuote: Quote | undefined
}

/**
 * The market store in plain arrays, for tests and the simulation harness: nothing is durable, every query looks at
 * every row, and the rows are bounded by retention alone.
 */
export class MemoryMarketStore implements MarketStore {
  #epoch: string | undefined
  #positions = new Map<string, StorePosition>()
  #instruments = new Map<string, KnownInstrument>()
  #trades: Placed<Trade>[] = []
  #quotes: Placed<Quote>[] = []
  #alerts: Placed<Alert>[] = []
  #gaps: Placed<Gap>[] = []
  /** Revisions by candle, then by revision. */
  #candles = new Map<string, Map<number, Candle>>()
  #arrivals = 0

  async source(): Promise<StoreSource> {
    return { epoch: this.#epoch, positions: [...this.#positions.values()] }
  }

  async write(write: StoreWrite): Promise<void> {
    if (this.#epoch !== undefined && this.#epoch !== write.epoch) {
      const what = `a write of epoch "${write.epoch}" into a store of epoch "${this.#epoch}"; clear it first`
      throw new FinPulseError('store-failed', `market store: ${what}`)
    }
    const candles = write.candles.filter((candle) => candle.isFinal)
    // What may be refused is refused before the first row is taken.
    for (const candle of candles) checkDecimals(candle)
    for (const batch of write.trades) {
      for (let row = 0; row < batch.count; row++) {
        this.#takeTrade(tradeAt(batch, row), batch.eventTimeUs[row]!)
      }
    }
    for (const batch of write.quotes) {
      for (let row = 0; row < batch.count; row++) {
        this.#takeQuote(quoteAt(batch, row), batch.eventTimeUs[row]!)
      }
    }
    for (const candle of candles) this.#takeCandle(candle)
    for (const alert of write.alerts) this.#takeAlert(alert)
    for (const gap of write.gaps) this.#gaps.push(this.#placed(gap))
    for (const position of write.positions) this.#positions.set(`${position.topic} ${position.partition}`, position)
    this.#epoch = write.epoch
  }

  async retain(retention: StoreRetention): Promise<number> {
    const before = this.#rowCount()
    this.#trades = newestOf(this.#trades, retention.tradesBeforeUs, retention.tradesMaxCount)
    this.#quotes = newestOf(this.#quotes, retention.quotesBeforeUs, retention.quotesMaxCount)
    this.#alerts = newestOf(this.#alerts, retention.alertsBeforeUs, Number.POSITIVE_INFINITY)
    this.#gaps = newestOf(this.#gaps, retention.tradesBeforeUs, Number.POSITIVE_INFINITY)
    for (const [key, revisions] of this.#candles) {
      if (current(revisions).openTimeMs * 1000 < retention.candlesBeforeUs) this.#candles.delete(key)
    }
    return before - this.#rowCount()
  }

  async clear(epoch: string): Promise<void> {
    this.#epoch = epoch
    this.#positions.clear()
    this.#instruments.clear()
    this.#trades = []
    this.#quotes = []
    this.#alerts = []
    this.#gaps = []
    this.#candles.clear()
  }

  async close(): Promise<void> {}

  async instruments(): Promise<readonly StoreInstrument[]> {
    return [...this.#instruments.values()].map((known) => ({
      venue: known.venue,
      symbol: known.symbol,
      priceDecimals: known.priceDecimals,
      quantityDecimals: known.quantityDecimals,
      firstTradeTimeMs: known.firstTradeTimeMs,
      lastTradeTimeMs: known.latestTrade?.eventTimeMs,
    }))
  }

  async trades({ symbol, limit, after }: TradeQuery): Promise<Page<Trade>> {
    return pageOf(
      this.#trades.filter(({ row }) => row.symbol === symbol),
      limit,
      after,
    )
  }

  async tradesById(query: TradeIdQuery): Promise<readonly Trade[]> {
    const { venue, symbol, fromId = 0, fromMs = 0, toMs = Number.POSITIVE_INFINITY, limit } = query
    const rows = this.#trades.map(({ row }) => row)
    return rows
      .filter((row) => row.venue === venue && row.symbol === symbol && (row.id ?? -1) >= fromId)
      .filter(({ eventTimeMs }) => eventTimeMs >= fromMs && eventTimeMs < toMs)
      .sort((a, b) => a.id! - b.id!)
      .slice(0, limit)
  }

  async candles({ symbol, interval, fromMs, toMs, limit, after }: CandleQuery): Promise<Page<Candle>> {
    return pageOf(this.#placedCandles(symbol, interval, fromMs, toMs), limit, after)
  }

  async candleRevisions(symbol: string, interval: Interval, openTimeMs: number): Promise<readonly Candle[]> {
    return [...this.#candles.values()]
      .flatMap((revisions) => [...revisions.values()])
      .filter((c) => c.symbol === symbol && c.interval === interval && c.openTimeMs === openTimeMs)
      .sort((a, b) => a.revision - b.revision || this.#indexOf(a) - this.#indexOf(b))
  }

  async alerts({ symbol, severity, kind, limit, after }: AlertQuery): Promise<Page<Alert>> {
    const wanted = this.#alerts.filter(
      ({ row }) =>
        (symbol === undefined || row.symbol === symbol) &&
        (severity === undefined || row.severity === severity) &&
        (kind === undefined || row.kind === kind),
    )
    return pageOf(wanted, limit, after)
  }

  async gaps({ symbol, limit, after }: GapQuery): Promise<Page<Gap>> {
    return pageOf(
      this.#gaps.filter(({ row }) => symbol === undefined || row.symbol === symbol),
      limit,
      after,
    )
  }

  async latestQuotes(): Promise<readonly Quote[]> {
    return [...this.#instruments.values()].flatMap(({ latestQuote }) => latestQuote ?? [])
  }

  async latestTrades(): Promise<readonly Trade[]> {
    return [...this.#instruments.values()].flatMap(({ latestTrade }) => latestTrade ?? [])
  }

  async prices({ symbol, fromMs, limit, after }: PriceQuery): Promise<Page<PricePoint>> {
    const { rows, next } = pageOf(this.#placedCandles(symbol, '1m', fromMs, Number.POSITIVE_INFINITY), limit, after)
    return { rows: rows.map(({ openTimeMs, close, volume }) => ({ timeMs: openTimeMs, price: close, volume })), next }
  }

  async summaries(fromMs: number): Promise<readonly SymbolSummary[]> {
    const spans = new Map<string, SymbolSpan>()
    for (const candle of this.#currentCandles()) {
      if (candle.interval !== '1m' || candle.openTimeMs < fromMs) continue
      const key = instrumentKey(candle)
      const known = spans.get(key)
      const span = spanOf(candle)
      spans.set(key, known === undefined ? span : joinSpans(known, span))
    }
    return [...this.#instruments].flatMap(([key, { latestTrade }]) => {
      const span = spans.get(key)
      return span === undefined ? [] : summaryOf(span, latestTrade?.eventTimeMs)
    })
  }

  async recentCloses(fromMs: number): Promise<ReadonlyMap<string, readonly string[]>> {
    const candles = this.#currentCandles().filter((c) => c.interval === '1m' && c.openTimeMs >= fromMs)
    candles.sort((a, b) => a.openTimeMs - b.openTimeMs || this.#indexOf(a) - this.#indexOf(b))
    const bySymbol = Map.groupBy(candles, ({ symbol }) => symbol)
    return new Map([...bySymbol].map(([symbol, group]) => [symbol, group.map(({ close }) => close)]))
  }

  async alertCountsSince(fromMs: number): Promise<ReadonlyMap<string, number>> {
    const alerts = this.#alerts.filter(({ row }) => row.eventTimeMs >= fromMs)
    const bySymbol = Map.groupBy(alerts, ({ row }) => row.symbol)
    return new Map([...bySymbol].map(([symbol, group]) => [symbol, group.length]))
  }

  async countsSince(fromMs: number): Promise<StoreCounts> {
    const since = ({ timeUs }: Placed<unknown>) => timeUs >= fromMs * 1000
    return {
      trades: this.#trades.filter(since).length,
      quotes: this.#quotes.filter(since).length,
      candles: this.#currentCandles().filter(({ openTimeMs }) => openTimeMs >= fromMs).length,
      alerts: this.#alerts.filter(since).length,
    }
  }

  #takeTrade(trade: Trade, timeUs: number): void {
    this.#trades.push({ timeUs, tieBreak: this.#arrivals++, row: trade })
    const known = this.#register(trade, trade.price, trade.quantity)
    known.firstTradeTimeMs = Math.min(trade.eventTimeMs, known.firstTradeTimeMs ?? Number.POSITIVE_INFINITY)
    if (trade.eventTimeMs >= (known.latestTrade?.eventTimeMs ?? 0)) known.latestTrade = trade
  }

  #takeQuote(quote: Quote, timeUs: number): void {
    this.#quotes.push({ timeUs, tieBreak: this.#arrivals++, row: quote })
    const known = this.#register(quote, quote.bidPrice, quote.bidQuantity)
    if (quote.eventTimeMs >= (known.latestQuote?.eventTimeMs ?? 0)) known.latestQuote = quote
  }

  #takeCandle(candle: Candle): void {
    this.#register(candle, candle.close, candle.volume)
    const key = `${instrumentKey(candle)} ${candle.interval} ${candle.openTimeMs}`
    const revisions = this.#candles.get(key) ?? new Map<number, Candle>()
    this.#candles.set(key, revisions.set(candle.revision, candle))
  }

  #takeAlert(alert: Alert): void {
    if (this.#alerts.some(({ row }) => row.id === alert.id)) return
    this.#alerts.push(this.#placed(alert))
  }

  #placed<T extends { readonly eventTimeMs: number }>(row: T): Placed<T> {
    return { timeUs: Math.round(row.eventTimeMs * 1000), tieBreak: this.#arrivals++, row }
  }

  #register(of: { venue: string; symbol: string }, price: string, quantity: string): KnownInstrument {
    const key = instrumentKey(of)
    const known = this.#instruments.get(key) ?? {
      venue: of.venue,
      symbol: of.symbol,
      index: this.#instruments.size,
      priceDecimals: 0,
      quantityDecimals: 0,
      firstTradeTimeMs: undefined,
      latestTrade: undefined,
      latestQuote: undefined,
    }
    known.priceDecimals = Math.max(known.priceDecimals, exactDecimal(price, of.symbol).decimals)
    known.quantityDecimals = Math.max(known.quantityDecimals, exactDecimal(quantity, of.symbol).decimals)
    this.#instruments.set(key, known)
    return known
  }

  #currentCandles(): Candle[] {
    return [...this.#candles.values()].map(current)
  }

  #placedCandles(symbol: string, interval: Interval, fromMs: number, toMs: number): Placed<Candle>[] {
    return this.#currentCandles()
      .filter((c) => c.symbol === symbol && c.interval === interval && c.openTimeMs >= fromMs && c.openTimeMs < toMs)
      .map((candle) => ({ timeUs: candle.openTimeMs * 1000, tieBreak: this.#indexOf(candle), row: candle }))
  }

  #indexOf(candle: Candle): number {
    return this.#instruments.get(instrumentKey(candle))!.index
  }

  #rowCount(): number {
    const candles = [...this.#candles.values()].reduce((sum, revisions) => sum + revisions.size, 0)
    return this.#trades.length + this.#quotes.length + this.#alerts.length + this.#gaps.length + candles
  }
}

function instrumentKey({ venue, symbol }: { venue: string; symbol: string }): string {
  return `${venue} ${symbol}`
}

function current(revisions: ReadonlyMap<number, Candle>): Candle {
  return revisions.get(Math.max(...revisions.keys()))!
}

/** What retention leaves: rows from `beforeUs` on, and of these the ones that arrived last. */
function newestOf<T>(rows: readonly Placed<T>[], beforeUs: number, maxCount: number): Placed<T>[] {
  const kept = rows.filter(({ timeUs }) => timeUs >= beforeUs)
  return kept.slice(Math.max(0, kept.length - maxCount))
}

/** Newest first; the rows after the key in that order. */
function pageOf<T>(rows: readonly Placed<T>[], limit: number, after: PageKey | undefined): Page<T> {
  const order = (a: PageKey, b: PageKey) => b.timeUs - a.timeUs || b.tieBreak - a.tieBreak
  const rest = rows.filter((row) => after === undefined || order(after, row) < 0).sort(order)
  const given = rest.slice(0, limit)
  const last = given.at(-1)
  const next = rest.length > limit && last !== undefined ? { timeUs: last.timeUs, tieBreak: last.tieBreak } : undefined
  return { rows: given.map(({ row }) => row), next }
}

function checkDecimals(candle: Candle): void {
  const { open, high, low, close, volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume, vwap } = candle
  for (const text of [open, high, low, close, volume, quoteVolume, takerBuyVolume, takerBuyQuoteVolume, vwap]) {
    exactDecimal(text, `candle ${candle.symbol} ${candle.openTimeMs}`)
  }
}

function spanOf(candle: Candle): SymbolSpan {
  const exact = (field: 'open' | 'high' | 'low' | 'close' | 'volume' | 'quoteVolume') =>
    exactDecimal(candle[field], `candle ${candle.symbol} ${candle.openTimeMs} ${field}`)
  return {
    venue: candle.venue,
    symbol: candle.symbol,
    firstOpenTimeMs: candle.openTimeMs,
    lastOpenTimeMs: candle.openTimeMs,
    lastCloseTimeMs: candle.closeTimeMs,
    open: exact('open'),
    high: exact('high'),
    low: exact('low'),
    close: exact('close'),
    volume: exact('volume'),
    quoteVolume: exact('quoteVolume'),
    tradeCount: candle.tradeCount,
  }
}
