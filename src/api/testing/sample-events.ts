import type { Alert } from '../../events/alert.ts'
import { encodeQuotes, encodeTrades } from '../../events/batch-codec.ts'
import type { Candle } from '../../events/candle.ts'
import type { Gap } from '../../events/gap.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { encodeRecords } from '../../events/json.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import type { Topic } from '../../events/topic.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import { TAKER_BUY, TradeBatch } from '../../events/trade-batch.ts'
import type { EventLog } from '../../log/event-log.ts'
import { NOW_MS } from './test-server.ts'

const VENUE = 'simulator'

export function tradeOf(symbol: string, id: number, price: string, eventTimeMs = NOW_MS): Trade {
  return {
    type: 'trade',
    venue: VENUE,
    symbol,
    id,
    price,
    quantity: '1.500',
    takerSide: 'buy',
    eventTimeMs,
    receivedTimeMs: eventTimeMs,
  }
}

export function gapOf(symbol: string, fromId: number, eventTimeMs = NOW_MS, foundBy: Gap['foundBy'] = 'feed'): Gap {
  const ids = { fromId, toId: fromId + 1, missingCount: 2 }
  return { type: 'gap', venue: VENUE, symbol, ...ids, previousEventTimeMs: eventTimeMs - 0.5, eventTimeMs, foundBy }
}

export function quoteOf(symbol: string, bidPrice: string, askPrice: string, eventTimeMs = NOW_MS): Quote {
  return {
    type: 'quote',
    venue: VENUE,
    symbol,
    bidPrice,
    bidQuantity: '2.000',
    askPrice,
    askQuantity: '3.000',
    eventTimeMs,
    receivedTimeMs: eventTimeMs,
  }
}

export function candleOf(symbol: string, openTimeMs: number, change: Partial<Candle> = {}): Candle {
  return {
    type: 'candle',
    venue: VENUE,
    symbol,
    interval: '1m',
    openTimeMs,
    closeTimeMs: openTimeMs + 60_000,
    open: '100.00',
    high: '101.00',
    low: '99.00',
    close: '100.50',
    volume: '10.000',
    quoteVolume: '1002.50000',
    tradeCount: 4,
    takerBuyVolume: '5.000',
    takerBuyQuoteVolume: '501.00000',
    vwap: '100.250000',
    isFinal: true,
    revision: 0,
    completeness: 'complete',
    ...change,
  }
}

export function alertOf(symbol: string, eventTimeMs: number, change: Partial<Alert> = {}): Alert {
  return {
    type: 'alert',
    id: `z-score:${VENUE}:${symbol}:${eventTimeMs * 1000}`,
    kind: 'z-score',
    venue: VENUE,
    symbol,
    severity: 'HIGH',
    direction: 'SPIKE',
    eventTimeMs,
    value: 3.7,
    threshold: 2.5,
    evidence: { price: '101.00', mean: 99.5, unit: 'standard deviations' },
    ...change,
  }
}

/** Prices as digits, two decimals. */
export async function commitTrades(log: EventLog, rows: readonly (readonly [string, number])[], partition = 0) {
  const batch = new TradeBatch(new InstrumentTable(), rows.length)
  rows.forEach(([symbol, price], row) => {
    batch.instrument[row] = batch.instruments.register(VENUE, symbol, 2, 3)
    batch.priceLow[row] = price
    batch.quantityLow[row] = 1500
    batch.eventTimeUs[row] = NOW_MS * 1000
    batch.receivedTimeUs[row] = NOW_MS * 1000
    batch.id[row] = price
    batch.tradeCount[row] = 1
    batch.flags[row] = TAKER_BUY
  })
  batch.count = rows.length
  await commit(log, 'market.trades', partition, rows.length, encodeTrades(batch))
}

/** Bids as digits, two decimals; the ask is one hundredth above. */
export async function commitQuotes(log: EventLog, rows: readonly (readonly [string, number])[], decimals = 2) {
  const batch = new QuoteBatch(new InstrumentTable(), rows.length)
  rows.forEach(([symbol, bid], row) => {
    batch.instrument[row] = batch.instruments.register(VENUE, symbol, decimals, 3)
    batch.bidPriceLow[row] = bid
    batch.askPriceLow[row] = bid + 1
    batch.bidQuantityLow[row] = 2000
    batch.askQuantityLow[row] = 3000
    batch.eventTimeUs[row] = NOW_MS * 1000
    batch.receivedTimeUs[row] = NOW_MS * 1000
    batch.sequence[row] = -1
  })
  batch.count = rows.length
  await commit(log, 'market.quotes', 0, rows.length, encodeQuotes(batch))
}

export async function commitCandles(log: EventLog, candles: readonly Candle[]) {
  await commit(log, 'market.candles', 0, candles.length, encodeRecords(candles))
}

export async function commitAlerts(log: EventLog, alerts: readonly Alert[]) {
  await commit(log, 'alerts', 0, alerts.length, encodeRecords(alerts))
}

async function commit(log: EventLog, topic: Topic, partition: number, recordCount: number, payload: Uint8Array) {
  const batch = { recordCount, payload, maxEventTimeUs: NOW_MS * 1000 }
  await log.commit({ appends: [{ topic, partition, batch }] })
}
