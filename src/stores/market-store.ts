import type { Alert, AlertKind, Severity } from '../events/alert.ts'
import type { Candle } from '../events/candle.ts'
import type { Gap } from '../events/gap.ts'
import type { Interval } from '../events/interval.ts'
import type { QuoteBatch } from '../events/quote-batch.ts'
import type { Topic } from '../events/topic.ts'
import type { Quote, Trade } from '../events/trade.ts'
import type { TradeBatch } from '../events/trade-batch.ts'

/** Where the store has read to in one partition of the log: the next offset to read. */
export interface StorePosition {
  readonly topic: Topic
  readonly partition: number
  readonly nextOffset: number
}

/** What the store knows of its source. Positions of another epoch are worthless: the store is cleared first. */
export interface StoreSource {
  /** Epoch of the log that the rows came from; undefined for an empty store. */
  readonly epoch: string | undefined
  readonly positions: readonly StorePosition[]
}

/** One atomic step: rows and the positions that they move the store to. */
export interface StoreWrite {
  readonly trades: readonly TradeBatch[]
  readonly quotes: readonly QuoteBatch[]
  readonly candles: readonly Candle[]
  readonly alerts: readonly Alert[]
  readonly gaps: readonly Gap[]
  readonly epoch: string
  readonly positions: readonly StorePosition[]
}

/**
 * What may be forgotten: rows with an event time before these, and the oldest trades and quotes beyond a count. Gaps go
 * with the trades of their time.
 */
export interface StoreRetention {
  readonly tradesBeforeUs: number
  readonly quotesBeforeUs: number
  readonly candlesBeforeUs: number
  readonly alertsBeforeUs: number
  readonly tradesMaxCount: number
  readonly quotesMaxCount: number
}

/**
 * The writing half, used by one store role.
 *
 * Exactly once: a write and its positions become durable together or not at all, so that a restart goes on at the
 * stored positions without a lost or doubled row. Candles are upserted: a later revision of the same
 * (venue, symbol, interval, open time) replaces the current one, and the earlier revisions stay readable.
 * Alerts are idempotent by id.
 */
export interface MarketStoreWriter {
  source(): Promise<StoreSource>
  write(write: StoreWrite): Promise<void>
  /** @returns the number of rows dropped */
  retain(retention: StoreRetention): Promise<number>
  /** Empties the store for another epoch of the log. */
  clear(epoch: string): Promise<void>
}

/** A page of rows and the key to ask for the next one with; no key on the last page. */
export interface Page<T> {
  readonly rows: readonly T[]
  readonly next: PageKey | undefined
}

/** A position in a listing: event time and a tie-break, both of the last row given. */
export interface PageKey {
  readonly timeUs: number
  readonly tieBreak: number
}

export interface TradeQuery {
  readonly symbol: string
  readonly limit: number
  /** Only rows that come after this key in the listing's order. */
  readonly after?: PageKey
}

export interface TradeIdQuery {
  readonly venue: string
  readonly symbol: string
  /** Only rows whose first id is at least this. */
  readonly fromId?: number
  /** Only event times in `[fromMs, toMs)`. */
  readonly fromMs?: number
  readonly toMs?: number
  readonly limit: number
}

export interface CandleQuery {
  readonly symbol: string
  readonly interval: Interval
  /** Open times in `[fromMs, toMs)`. */
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
  readonly after?: PageKey
}

export interface AlertQuery {
  readonly symbol?: string
  readonly severity?: Severity
  readonly kind?: AlertKind
  readonly limit: number
  readonly after?: PageKey
}

export interface GapQuery {
  readonly symbol?: string
  readonly limit: number
  readonly after?: PageKey
}

export interface PriceQuery {
  readonly symbol: string
  readonly fromMs: number
  readonly limit: number
  readonly after?: PageKey
}

export interface PricePoint {
  readonly timeMs: number
  readonly price: string
  readonly volume: string
}

/** One symbol over a span of time, from its 1m candles, exact. */
export interface SymbolSummary {
  readonly venue: string
  readonly symbol: string
  readonly open: string
  readonly high: string
  readonly low: string
  readonly last: string
  readonly volume: string
  readonly quoteVolume: string
  readonly vwap: string
  readonly tradeCount: number
  readonly lastTradeTimeMs: number
}

export interface StoreInstrument {
  readonly venue: string
  readonly symbol: string
  readonly priceDecimals: number
  readonly quantityDecimals: number
  readonly firstTradeTimeMs: number | undefined
  readonly lastTradeTimeMs: number | undefined
}

export interface StoreCounts {
  readonly trades: number
  readonly quotes: number
  readonly candles: number
  readonly alerts: number
}

/**
 * The reading half. Queries run beside ingestion and never hold it up for more than 50 ms.
 * Where a symbol trades on several venues, rows of all of them are given, each with its venue.
 */
export interface MarketStoreReader {
  instruments(): Promise<readonly StoreInstrument[]>
  /** Newest first. */
  trades(query: TradeQuery): Promise<Page<Trade>>
  /** Trades of one venue in order of their ids, lowest first; rows without an id are left out. */
  tradesById(query: TradeIdQuery): Promise<readonly Trade[]>
  /** The current revision of each candle, newest first. */
  candles(query: CandleQuery): Promise<Page<Candle>>
  /** Every final revision of one candle, oldest first. */
  candleRevisions(symbol: string, interval: Interval, openTimeMs: number): Promise<readonly Candle[]>
  /** Newest first. */
  alerts(query: AlertQuery): Promise<Page<Alert>>
  /** Newest first, by `eventTimeMs`. */
  gaps(query: GapQuery): Promise<Page<Gap>>
  /** Newest quote of each symbol. */
  latestQuotes(): Promise<readonly Quote[]>
  /** Newest trade of each symbol. */
  latestTrades(): Promise<readonly Trade[]>
  /** Close of each 1m candle as a price history, newest first. */
  prices(query: PriceQuery): Promise<Page<PricePoint>>
  /** Each symbol from its 1m candles that open at or after `fromMs`. */
  summaries(fromMs: number): Promise<readonly SymbolSummary[]>
  /** Closes of the 1m candles that open at or after `fromMs`, oldest first, by symbol: the sparklines of a market. */
  recentCloses(fromMs: number): Promise<ReadonlyMap<string, readonly string[]>>
  /** Alerts with an event time at or after `fromMs`, by symbol; symbols without any are absent. */
  alertCountsSince(fromMs: number): Promise<ReadonlyMap<string, number>>
  /** Rows with an event time at or after `fromMs`. */
  countsSince(fromMs: number): Promise<StoreCounts>
}

export interface MarketStore extends MarketStoreWriter, MarketStoreReader {
  close(): Promise<void>
}
