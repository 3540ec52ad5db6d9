import type { Candle } from '../../events/candle.ts'
import { type Interval, intervalMs } from '../../events/interval.ts'
import type { Quote } from '../../events/trade.ts'
import type { MarketData } from '../market-data.ts'
import type { DayStatisticsReader } from './day-statistics.ts'
import { rateLimitRows, symbolRow } from './exchange-info.ts'
import { badCombination, type RequestParameters, type SymbolChoice } from './request-parameters.ts'
import { aggTradeRow, bookTickerRow, dayRow, klineRow, miniDayRow, tradeRow } from './rest-rows.ts'
import { bookOf, updateIdOf } from './venue-messages.ts'
import { venueRefusal } from './venue-refusal.ts'
import type { VenueSettings } from './venue-settings.ts'
import { type Listing, type VenueSymbols, zeroAt } from './venue-symbols.ts'
import type { VenueTrades } from './venue-trades.ts'

const ROWS_NORMAL_COUNT = 500
const ROWS_MAX_COUNT = 1000
const DEPTH_NORMAL_COUNT = 100
const DEPTH_MAX_COUNT = 5000
/** How much further each next look for candles reaches, where there were too few: some markets sleep. */
const LOOK_GROWTH = 8
/** Intervals that one look covers at most. */
const LOOK_MAX_COUNT = 10_000

export interface EndpointContext {
  readonly data: MarketData
  readonly symbols: VenueSymbols
  readonly trades: VenueTrades
  readonly statistics: DayStatisticsReader
  readonly settings: VenueSettings
  /** Market time, whole ms. */
  readonly nowMs: () => number
}

export interface Endpoint {
  /** Below `/api/v3/`. */
  readonly path: string
  /** Request weight by the parameters, which may not be checked yet. */
  readonly weight: (query: Readonly<Record<string, unknown>>) => number
  /** Reads its parameters, all of which must be known, and then answers. */
  readonly answer: (parameters: RequestParameters, context: EndpointContext) => () => Promise<unknown>
}

/** The venue's public market data endpoints (rest-api.md of its documentation) with its weights. */
export const ENDPOINTS: readonly Endpoint[] = [
  { path: 'ping', weight: () => 1, answer: () => async () => ({}) },
  {
    path: 'time',
    weight: () => 1,
    answer:
      (_, { nowMs }) =>
      async () => ({ serverTime: nowMs() }),
  },
  { path: 'exchangeInfo', weight: () => 20, answer: exchangeInfo },
  { path: 'depth', weight: ({ limit }) => depthWeight(Number(limit ?? DEPTH_NORMAL_COUNT)), answer: depth },
  { path: 'trades', weight: () => 25, answer: recentTrades },
  { path: 'historicalTrades', weight: () => 25, answer: historicalTrades },
  { path: 'aggTrades', weight: () => 4, answer: aggTrades },
  { path: 'klines', weight: () => 2, answer: klines },
  { path: 'ticker/24hr', weight: dayWeight, answer: dayTickers },
  { path: 'ticker/price', weight: (query) => ('symbol' in query ? 2 : 4), answer: priceTickers },
  { path: 'ticker/bookTicker', weight: (query) => ('symbol' in query ? 2 : 4), answer: bookTickers },
]

function depthWeight(limit: number): number {
  if (limit <= 100) return 5
  if (limit <= 500) return 25
  return limit <= 1000 ? 50 : 250
}

function dayWeight({ symbol, symbols }: Readonly<Record<string, unknown>>): number {
  if (symbol !== undefined) return 2
  const count = typeof symbols === 'string' ? symbols.split(',').length : Number.POSITIVE_INFINITY
  if (count <= 20) return 2
  return count <= 100 ? 40 : 80
}

function exchangeInfo(parameters: RequestParameters, context: EndpointContext) {
  const choice = parameters.symbolChoice()
  for (const name of ['permissions', 'showPermissionSets', 'symbolStatus']) parameters.ignore(name)
  return async () => ({
    timezone: 'UTC',
    serverTime: context.nowMs(),
    rateLimits: rateLimitRows(context.settings.requestWeightPerMinute),
    exchangeFilters: [],
    symbols: (await listingsOf(choice, context)).map(symbolRow),
  })
}

function depth(parameters: RequestParameters, context: EndpointContext) {
  const symbol = parameters.symbol()
  parameters.limit(DEPTH_NORMAL_COUNT, DEPTH_MAX_COUNT)
  parameters.ignore('symbolStatus')
  return async () => {
    const quote = await quoteOf(await listingOf(symbol, context), context)
    return quote === undefined
      ? { lastUpdateId: 0, bids: [], asks: [] }
      : { lastUpdateId: updateIdOf(quote), ...bookOf(quote) }
  }
}

function recentTrades(parameters: RequestParameters, context: EndpointContext) {
  const symbol = parameters.symbol()
  const limit = parameters.limit(ROWS_NORMAL_COUNT, ROWS_MAX_COUNT)
  return async () => (await context.trades.newest(await listingOf(symbol, context), limit)).map(tradeRow)
}

function historicalTrades(parameters: RequestParameters, context: EndpointContext) {
  const fromId = parameters.integer('fromId')
  if (fromId === undefined) return recentTrades(parameters, context)
  const symbol = parameters.symbol()
  const limit = parameters.limit(ROWS_NORMAL_COUNT, ROWS_MAX_COUNT)
  return async () => (await context.trades.from(await listingOf(symbol, context), { fromId, limit })).map(tradeRow)
}

function aggTrades(parameters: RequestParameters, context: EndpointContext) {
  const symbol = parameters.symbol()
  const fromId = parameters.integer('fromId')
  const startMs = parameters.integer('startTime')
  const endMs = parameters.integer('endTime')
  const limit = parameters.limit(ROWS_NORMAL_COUNT, ROWS_MAX_COUNT)
  const isTimed = startMs !== undefined || endMs !== undefined
  if (fromId !== undefined && isTimed) throw badCombination()
  return async () => {
    const listing = await listingOf(symbol, context)
    if (fromId === undefined && !isTimed) return (await context.trades.newest(listing, limit)).map(aggTradeRow)
    const span = {
      limit,
      ...(fromId === undefined ? {} : { fromId }),
      ...(startMs === undefined ? {} : { fromMs: startMs }),
      // Inclusive at the venue.
      ...(endMs === undefined ? {} : { toMs: endMs + 1 }),
    }
    return (await context.trades.from(listing, span)).map(aggTradeRow)
  }
}

function klines(parameters: RequestParameters, context: EndpointContext) {
  const symbol = parameters.symbol()
  const interval = parameters.interval()
  const startMs = parameters.integer('startTime')
  const endMs = parameters.integer('endTime')
  parameters.word('timeZone', ['0', '+0', '0:00', '00:00', '+00:00'])
  const limit = parameters.limit(ROWS_NORMAL_COUNT, ROWS_MAX_COUNT)
  return async () => {
    const listing = await listingOf(symbol, context)
    const toMs = endMs === undefined ? Number.MAX_SAFE_INTEGER : endMs + 1
    const candles =
      startMs === undefined
        ? await candlesBefore(context, listing, interval, { fromMs: 0, toMs, limit })
        : await candlesFrom(context, listing, interval, { fromMs: startMs, toMs, limit })
    return candles.map(klineRow)
  }
}

interface CandleSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
}

/** The first candles of a span, oldest first, by looks at ever longer parts of it: the store gives the newest first. */
async function candlesFrom(context: EndpointContext, listing: Listing, interval: Interval, span: CandleSpan) {
  const found: Candle[] = []
  const lengthMs = intervalMs(interval)
  const lastMs = Math.min(span.toMs, context.nowMs() + lengthMs)
  const firstTradeMs = (await instrumentOf(listing, context))?.firstTradeTimeMs ?? span.fromMs
  let fromMs = Math.max(span.fromMs, Math.floor(firstTradeMs / lengthMs) * lengthMs)
  let count = span.limit
  while (found.length < span.limit && fromMs < lastMs) {
    const toMs = Math.min(lastMs, fromMs + count * lengthMs)
    found.push(...(await candlesBefore(context, listing, interval, { fromMs, toMs, limit: count })))
    fromMs = toMs
    count = Math.min(LOOK_MAX_COUNT, count * LOOK_GROWTH)
  }
  return found.slice(0, span.limit)
}

/** The last candles of a span, oldest first, the open one included. */
async function candlesBefore(
  { data }: EndpointContext,
  listing: Listing,
  interval: Interval,
  { fromMs, toMs, limit }: CandleSpan,
): Promise<Candle[]> {
  const { venue, symbol } = listing
  const isWanted = (candle: Candle) => candle.venue === venue && candle.openTimeMs >= fromMs && candle.openTimeMs < toMs
  const open = (await data.engine.openCandles([symbol], interval)).filter(isWanted)
  // Rows of every venue of the symbol are given: with several, as many more are asked for.
  const venueCount = (await data.symbols.instruments()).filter((row) => row.symbol === symbol).length
  const query = { symbol, interval, fromMs, toMs, limit: limit * Math.max(1, venueCount) }
  const { rows } = await data.store.candles(query)
  // What is stored is final, and counts before what was open a moment ago.
  const byTime = new Map([...open, ...rows.filter(isWanted)].map((candle) => [candle.openTimeMs, candle]))
  return [...byTime.values()].sort((a, b) => a.openTimeMs - b.openTimeMs).slice(-limit)
}

function dayTickers(parameters: RequestParameters, context: EndpointContext) {
  const choice = parameters.symbolChoice()
  const rowOf = parameters.word('type', ['FULL', 'MINI']) === 'FULL' ? dayRow : miniDayRow
  parameters.ignore('symbolStatus')
  return async () => {
    const listings = await listingsOf(choice, context)
    const days = await context.statistics.of(listings)
    return oneOrAll(
      choice,
      listings.map(({ wireSymbol }, index) => rowOf(wireSymbol, days[index]!)),
    )
  }
}

function priceTickers(parameters: RequestParameters, context: EndpointContext) {
  const choice = parameters.symbolChoice()
  parameters.ignore('symbolStatus')
  return async () => {
    const listings = await listingsOf(choice, context)
    const trades = new Map((await context.data.latestTrades()).map((trade) => [keyOf(trade), trade]))
    const rows = listings.map((listing) => ({
      symbol: listing.wireSymbol,
      price: trades.get(keyOf(listing))?.price ?? zeroAt(listing.priceDecimals),
    }))
    return oneOrAll(choice, rows)
  }
}

function bookTickers(parameters: RequestParameters, context: EndpointContext) {
  const choice = parameters.symbolChoice()
  parameters.ignore('symbolStatus')
  return async () => {
    const listings = await listingsOf(choice, context)
    const quotes = new Map((await context.data.latestQuotes()).map((quote) => [keyOf(quote), quote]))
    return oneOrAll(
      choice,
      listings.map((listing) => bookTickerRow(listing, quotes.get(keyOf(listing)))),
    )
  }
}

/** A single symbol is answered with a row, anything else with a list. */
function oneOrAll(choice: SymbolChoice, rows: readonly object[]): object | readonly object[] {
  return choice.kind === 'one' ? rows[0]! : rows
}

async function listingOf(wireSymbol: string, { symbols }: EndpointContext): Promise<Listing> {
  const listing = await symbols.find(wireSymbol)
  if (listing !== undefined) return listing
  throw venueRefusal(-1121, 'Invalid symbol.')
}

async function listingsOf(choice: SymbolChoice, context: EndpointContext): Promise<readonly Listing[]> {
  if (choice.kind === 'all') return context.symbols.all()
  return Promise.all(choice.names.map((name) => listingOf(name, context)))
}

async function instrumentOf({ venue, symbol }: Listing, { data }: EndpointContext) {
  return (await data.symbols.instruments()).find((row) => row.venue === venue && row.symbol === symbol)
}

async function quoteOf(listing: Listing, { data }: EndpointContext): Promise<Quote | undefined> {
  return (await data.latestQuotes(listing.symbol)).find(({ venue }) => venue === listing.venue)
}

function keyOf(row: { readonly venue: string; readonly symbol: string }): string {
  return `${row.venue} ${row.symbol}`
}
