import { InstrumentTable } from '../../../events/instrument.ts'
import { QuoteBatch } from '../../../events/quote-batch.ts'
import { TAKER_BUY, TradeBatch } from '../../../events/trade-batch.ts'
import { ConstantRate } from '../../schedule.ts'
import { worldSymbolOf } from '../symbol-presets.ts'
import { MarketWorld, type MarketWorldOptions } from '../world/market-world.ts'
import { MINUTE_US } from '../world/minute-path.ts'
import { type MarketAnomalies, NO_ANOMALIES } from './anomaly-options.ts'

export const START_MINUTE = 28_333_333
export const START_US = START_MINUTE * MINUTE_US

/** Digits as numbers; `symbol` is an index into the market's symbols. */
export interface TradeRow {
  readonly symbol: number
  readonly timeUs: number
  readonly price: number
  readonly quantity: number
  readonly isBuy: boolean
  readonly id: number
}

export interface QuoteRow {
  readonly symbol: number
  readonly timeUs: number
  readonly bid: number
  readonly ask: number
  readonly bidQuantity: number
  readonly askQuantity: number
  readonly sequence: number
}

export interface Rows {
  readonly trades: TradeRow[]
  readonly quotes: QuoteRow[]
}

export interface MarketSetting {
  readonly seed?: number
  readonly symbols?: readonly string[]
  readonly ratePerSecond?: number
  readonly anomalies?: Partial<MarketAnomalies>
}

export function marketOf(setting: MarketSetting): MarketWorldOptions {
  const { seed = 7, symbols = ['AAPL', 'MSFT', 'NVDA', 'TSLA'], ratePerSecond = 80, anomalies = {} } = setting
  return {
    seed,
    symbols: symbols.map((symbol) => worldSymbolOf(symbol)),
    schedule: new ConstantRate(ratePerSecond, START_US),
    startMinute: START_MINUTE,
    firstIndex: 0,
    anomalies: { ...NO_ANOMALIES, ...anomalies },
  }
}

/** The rows of the events `[from, to)`, made in batches of so many. */
export function rowsOf(options: MarketWorldOptions, to: number, from = 0, batchCount = 4096): Rows {
  const instruments = new InstrumentTable()
  const world = new MarketWorld(options, instruments)
  world.skipTo(from)
  const trades = new TradeBatch(instruments, batchCount)
  const quotes = new QuoteBatch(instruments, batchCount)
  const rows: Rows = { trades: [], quotes: [] }
  while (world.index < to) {
    trades.count = 0
    quotes.count = 0
    world.fill(trades, quotes, to)
    collectRows(trades, quotes, rows)
  }
  return rows
}

export function collectRows(trades: TradeBatch, quotes: QuoteBatch, rows: Rows): void {
  for (let row = 0; row < trades.count; row++) rows.trades.push(tradeRowAt(trades, row))
  for (let row = 0; row < quotes.count; row++) rows.quotes.push(quoteRowAt(quotes, row))
}

export function tradeRowAt(trades: TradeBatch, row: number): TradeRow {
  return {
    symbol: trades.instrument[row]!,
    timeUs: trades.eventTimeUs[row]!,
    price: trades.priceLow[row]!,
    quantity: trades.quantityLow[row]!,
    isBuy: (trades.flags[row]! & TAKER_BUY) !== 0,
    id: trades.id[row]!,
  }
}

export function quoteRowAt(quotes: QuoteBatch, row: number): QuoteRow {
  return {
    symbol: quotes.instrument[row]!,
    timeUs: quotes.eventTimeUs[row]!,
    bid: quotes.bidPriceLow[row]!,
    ask: quotes.askPriceLow[row]!,
    bidQuantity: quotes.bidQuantityLow[row]!,
    askQuantity: quotes.askQuantityLow[row]!,
    sequence: quotes.sequence[row]!,
  }
}

interface Span {
  readonly symbol: number
  readonly fromUs: number
  readonly toUs: number
}

export function isIn(
  row: { readonly symbol: number; readonly timeUs: number },
  { symbol, fromUs, toUs }: Span,
): boolean {
  return row.symbol === symbol && row.timeUs >= fromUs && row.timeUs < toUs
}

/** What a trade is without its number, as a text. */
export function contentOf(trade: TradeRow): string {
  return JSON.stringify({ ...trade, id: undefined })
}
