import { ratio, sum } from '../../base/decimal-text.ts'
import type { Quote } from '../../events/trade.ts'
import type { MarketData } from '../market-data.ts'
import type { DayStatisticsReader } from './day-statistics.ts'
import { rateLimitRows, symbolRow } from './exchange-info.ts'
import type { KlineReader } from './kline-reader.ts'
import { badCombination, type RequestParameters, type SymbolChoice } from './request-parameters.ts'
import { aggTradeRow, bookTickerRow, dayRow, klineRow, miniDayRow, tradeRow } from './rest-rows.ts'
import type { SecondKlines } from './second-klines.ts'
import { bookOf, timeMs, updateIdOf } from './venue-messages.ts'
import { venueRefusal } from './venue-refusal.ts'
import type { VenueSettings } from './venue-settings.ts'
import { type Listing, type VenueSymbols, zeroAt } from './venue-symbols.ts'
import type { VenueTrades } from './venue-trades.ts'

const ROWS_NORMAL_COUNT = 500
const ROWS_MAX_COUNT = 1000
const AVERAGE_MINUTES = 5
const AVERAGE_DECIMALS = 8
const DEPTH_NORMAL_COUNT = 100
const DEPTH_MAX_COUNT = 5000

export interface EndpointContext {
  readonly data: MarketData
  readonly symbols: VenueSymbols
  readonly trades: VenueTrades
  readonly klines: KlineReader
  readonly seconds: SecondKlines
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
  { path: 'uiKlines', weight: () => 2, answer: klines },
  { path: 'avgPrice', weight: () => 2, answer: averagePrice },
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
    // Inclusive at the venue.
    const span = { fromMs: startMs ?? 0, toMs: endMs === undefined ? Number.MAX_SAFE_INTEGER : endMs + 1, limit }
    const end = startMs === undefined ? 'last' : 'first'
    const { klines: longer, seconds } = context
    const rows = interval === '1s' ? await seconds[end](listing, span) : await longer[end](listing, interval, span)
    return rows.map(klineRow)
  }
}

/** By whole minutes, the running one included. */
function averagePrice(parameters: RequestParameters, context: EndpointContext) {
  const symbol = parameters.symbol()
  return async () => {
    const listing = await listingOf(symbol, context)
    const fromMs = context.nowMs() - AVERAGE_MINUTES * 60_000
    const span = { fromMs, toMs: Number.MAX_SAFE_INTEGER, limit: AVERAGE_MINUTES }
    const minutes = await context.klines.last(listing, '1m', span)
    const trade = (await context.data.latestTrades(listing.symbol)).find(({ venue }) => venue === listing.venue)
    const volumes = minutes.map(({ volume }) => volume)
    const average = ratio(sum(minutes.map(({ quoteVolume }) => quoteVolume)), sum(volumes), AVERAGE_DECIMALS)
    const price = minutes.length > 0 ? average : (trade?.price ?? zeroAt(listing.priceDecimals))
    return { mins: AVERAGE_MINUTES, price, closeTime: trade === undefined ? 0 : timeMs(trade) }
  }
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

async function quoteOf(listing: Listing, { data }: EndpointContext): Promise<Quote | undefined> {
  return (await data.latestQuotes(listing.symbol)).find(({ venue }) => venue === listing.venue)
}

function keyOf(row: { readonly venue: string; readonly symbol: string }): string {
  return `${row.venue} ${row.symbol}`
}
