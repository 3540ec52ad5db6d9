import { type DecimalDigits, parseDecimalText, scaleDigits } from '../../base/decimal.ts'
import type { Alert } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import type { Gap } from '../../events/gap.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { intervalMs } from '../../events/interval.ts'
import { flagsFromTakerSide } from '../../events/json.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import { NO_ID, OFF_MARKET, TradeBatch } from '../../events/trade-batch.ts'
import type { MarketStoreReader, Page, PageKey, StoreRetention, StoreWrite } from '../market-store.ts'

/** 2024-08-09T06:40:00Z: a whole minute. */
export const START_MS = 1_723_185_600_000
export const MINUTE_MS = 60_000

export function trade(fields: Partial<Trade> = {}): Trade {
  const eventTimeMs = fields.eventTimeMs ?? START_MS
  return {
    type: 'trade',
    venue: 'sim',
    symbol: 'BTC-USD',
    price: '61837.63',
    quantity: '0.01540000',
    takerSide: 'buy',
    eventTimeMs,
    receivedTimeMs: eventTimeMs + 0.25,
    ...fields,
  }
}

export function quote(fields: Partial<Quote> = {}): Quote {
  const eventTimeMs = fields.eventTimeMs ?? START_MS
  return {
    type: 'quote',
    venue: 'sim',
    symbol: 'BTC-USD',
    bidPrice: '61837.62',
    bidQuantity: '1.50000000',
    askPrice: '61837.63',
    askQuantity: '0.25000000',
    eventTimeMs,
    receivedTimeMs: eventTimeMs + 0.25,
    ...fields,
  }
}

export function candle(fields: Partial<Candle> = {}): Candle {
  const interval = fields.interval ?? '1m'
  const openTimeMs = fields.openTimeMs ?? START_MS
  return {
    type: 'candle',
    venue: 'sim',
    symbol: 'BTC-USD',
    interval,
    openTimeMs,
    closeTimeMs: openTimeMs + intervalMs(interval),
    open: '100.00',
    high: '110.50',
    low: '99.01',
    close: '105.25',
    volume: '2.50000000',
    quoteVolume: '260.0000000000',
    tradeCount: 7,
    takerBuyVolume: '1.00000000',
    takerBuyQuoteVolume: '104.0000000000',
    vwap: '104.000000',
    isFinal: true,
    revision: 0,
    completeness: 'complete',
    ...fields,
  }
}

export function alert(fields: Partial<Alert> = {}): Alert {
  const eventTimeMs = fields.eventTimeMs ?? START_MS
  return {
    type: 'alert',
    id: `z-score:sim:BTC-USD:${eventTimeMs * 1000}`,
    kind: 'z-score',
    venue: 'sim',
    symbol: 'BTC-USD',
    severity: 'HIGH',
    direction: 'SPIKE',
    eventTimeMs,
    value: 4.25,
    threshold: 3,
    evidence: { unit: 'standard deviations', price: '61837.63', count: 30 },
    ...fields,
  }
}

export function gap(fields: Partial<Gap> = {}): Gap {
  return {
    type: 'gap',
    venue: 'sim',
    symbol: 'BTC-USD',
    fromId: 3,
    toId: 5,
    missingCount: 3,
    previousEventTimeMs: START_MS - 0.25,
    eventTimeMs: START_MS,
    foundBy: 'feed',
    ...fields,
  }
}

/** The trades as one batch, over a table of its own unless one is given. */
export function tradeBatch(trades: readonly Trade[], instruments = new InstrumentTable()): TradeBatch {
  const batch = new TradeBatch(instruments, trades.length)
  const prices = trades.map((row) => digitsOf(row.price))
  const quantities = trades.map((row) => digitsOf(row.quantity))
  // All are registered first: the digits of a batch are in the decimals that its table has in the end.
  trades.forEach((row, index) => {
    instruments.register(row.venue, row.symbol, prices[index]!.decimals, quantities[index]!.decimals)
  })
  trades.forEach((row, index) => {
    const instrument = instruments.find(row.venue, row.symbol)!
    const { priceDecimals, quantityDecimals } = instruments.at(instrument)
    batch.instrument[index] = instrument
    put(batch.priceLow, batch.priceHigh, index, prices[index]!, priceDecimals)
    put(batch.quantityLow, batch.quantityHigh, index, quantities[index]!, quantityDecimals)
    batch.eventTimeUs[index] = Math.round(row.eventTimeMs * 1000)
    batch.receivedTimeUs[index] = Math.round(row.receivedTimeMs * 1000)
    batch.id[index] = row.id ?? NO_ID
    batch.tradeCount[index] = row.id === undefined || row.lastId === undefined ? 1 : row.lastId - row.id + 1
    batch.flags[index] = flagsFromTakerSide(row.takerSide) | (row.isOffMarket === true ? OFF_MARKET : 0)
  })
  batch.count = trades.length
  return batch
}

/** The quotes as one batch. */
export function quoteBatch(quotes: readonly Quote[], instruments = new InstrumentTable()): QuoteBatch {
  const batch = new QuoteBatch(instruments, quotes.length)
  quotes.forEach((row, index) => {
    const { venue, symbol, bidPrice, bidQuantity, askPrice, askQuantity } = row
    const instrument = instruments.register(venue, symbol, digitsOf(bidPrice).decimals, digitsOf(bidQuantity).decimals)
    const { priceDecimals, quantityDecimals } = instruments.at(instrument)
    batch.instrument[index] = instrument
    put(batch.bidPriceLow, batch.bidPriceHigh, index, digitsOf(bidPrice), priceDecimals)
    put(batch.bidQuantityLow, batch.bidQuantityHigh, index, digitsOf(bidQuantity), quantityDecimals)
    put(batch.askPriceLow, batch.askPriceHigh, index, digitsOf(askPrice), priceDecimals)
    put(batch.askQuantityLow, batch.askQuantityHigh, index, digitsOf(askQuantity), quantityDecimals)
    batch.eventTimeUs[index] = Math.round(row.eventTimeMs * 1000)
    batch.receivedTimeUs[index] = Math.round(row.receivedTimeMs * 1000)
    batch.sequence[index] = row.sequence ?? -1
  })
  batch.count = quotes.length
  return batch
}

function digitsOf(text: string): DecimalDigits {
  const digits = { low: 0, high: 0, decimals: 0 }
  if (!parseDecimalText(text, digits)) throw new RangeError(`${text}: no decimal`)
  return digits
}

function put(low: Float64Array, high: Uint32Array, row: number, value: DecimalDigits, decimals: number): void {
  scaleDigits(value, decimals - value.decimals)
  low[row] = value.low
  high[row] = value.high
}

export const EPOCH = 'epoch-1'

/** A write with only what the test is about. */
export function writeOf(parts: Partial<StoreWrite>): StoreWrite {
  return { trades: [], quotes: [], candles: [], alerts: [], gaps: [], epoch: EPOCH, positions: [], ...parts }
}

export const KEEP_ALL: StoreRetention = {
  tradesBeforeUs: 0,
  quotesBeforeUs: 0,
  candlesBeforeUs: 0,
  alertsBeforeUs: 0,
  tradesMaxCount: Number.MAX_SAFE_INTEGER,
  quotesMaxCount: Number.MAX_SAFE_INTEGER,
}

/** Every row of a listing, page by page. */
export async function allPages<T>(list: (after: PageKey | undefined) => Promise<Page<T>>): Promise<T[]> {
  const rows: T[] = []
  let after: PageKey | undefined
  do {
    const page = await list(after)
    rows.push(...page.rows)
    after = page.next
  } while (after !== undefined)
  return rows
}

export function allTrades(store: MarketStoreReader, symbol: string, limit = 1000): Promise<Trade[]> {
  return allPages((after) => store.trades({ symbol, limit, ...(after === undefined ? {} : { after }) }))
}

export function allCandles(store: MarketStoreReader, symbol: string, limit = 1000): Promise<Candle[]> {
  return allPages((after) =>
    store.candles({
      symbol,
      interval: '1m',
      fromMs: 0,
      toMs: Number.MAX_SAFE_INTEGER,
      limit,
      ...(after === undefined ? {} : { after }),
    }),
  )
}

export function allAlerts(store: MarketStoreReader, limit = 1000): Promise<Alert[]> {
  return allPages((after) => store.alerts({ limit, ...(after === undefined ? {} : { after }) }))
}
