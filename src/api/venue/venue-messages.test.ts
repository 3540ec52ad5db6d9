import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { candleOf, quoteOf, tradeOf } from '../testing/sample-events.ts'
import type { DayStatistics } from './day-statistics.ts'
import { symbolRow } from './exchange-info.ts'
import {
  aggTradeMessage,
  bookTickerMessage,
  depthMessage,
  isNumbered,
  klineMessage,
  miniTickerMessage,
  partialDepthMessage,
  tickerMessage,
  tradeMessage,
} from './venue-messages.ts'

/* The facade's messages against recorded ones of the venue: the same keys in the same order, each of the same type. */

const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
const TRADES = `${DATA}binance-captures/spot/btcusdt_20240808.gz`
const STREAMS = `${DATA}cryptofeed-binance/BINANCE.ws.1.0`
const REST = `${DATA}cryptofeed-binance/BINANCE.http.0.0`
const hasData = existsSync(TRADES) && existsSync(STREAMS) && existsSync(REST)
if (!hasData) console.warn(`skipped: no recorded data in ${DATA}`)

/** Keys and types, through objects and into the first element of lists; a list without any says nothing of its own. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.entries(value).map(([key, part]) => [key, shapeOf(part)])
}

/** The data of the first recorded message that contains a text. */
function recorded(lines: readonly string[], part: string, isFit: (line: string) => boolean = () => true): object {
  const line = lines.find((candidate) => candidate.includes(part) && isFit(candidate))
  if (line === undefined) throw new Error(`no recorded message has ${part}`)
  return (JSON.parse(line.slice(line.indexOf('{"stream"'))) as { data: object }).data
}

const trade = { ...tradeOf('BTCUSDT', 7, '61837.63', 1_723_161_255_208.5), id: 7 }
const quote = { ...quoteOf('BTCUSDT', '100.00', '100.01'), sequence: 5 }
const change = { U: 4, u: 5, b: [['100.00', '2.000']] as const, a: [['100.01', '3.000']] as const }
const ids = { firstId: 1, lastId: 4 }

describe('messages have the shape of recorded ones', () => {
  it.skipIf(!hasData)('trade', () => {
    const lines = gunzipSync(readFileSync(TRADES)).toString().split('\n')
    const message = recorded(lines, '"e":"trade"')
    expect(shapeOf(tradeMessage('BTCUSDT', trade, 1))).toEqual(shapeOf(message))
  })

  it.skipIf(!hasData)('aggTrade, bookTicker, kline and depthUpdate', () => {
    const lines = readFileSync(STREAMS, 'utf8').split('\n')
    expect(shapeOf(aggTradeMessage('X', trade, 1))).toEqual(shapeOf(recorded(lines, '"e":"aggTrade"')))
    expect(shapeOf(bookTickerMessage('X', quote))).toEqual(shapeOf(recorded(lines, '@bookTicker","data')))
    expect(shapeOf(klineMessage('X', candleOf('X', 0), ids, 1))).toEqual(shapeOf(recorded(lines, '"e":"kline"')))
    const full = recorded(lines, '"e":"depthUpdate"', (line) => !line.includes('"b":[]') && !line.includes('"a":[]'))
    expect(shapeOf(depthMessage('X', change, 1))).toEqual(shapeOf(full))
  })

  it.skipIf(!hasData)('the book and exchangeInfo of REST', () => {
    const bodies = readFileSync(REST, 'utf8').split(/https:[^ ]+ -> [0-9.]+: /)
    const book: unknown = JSON.parse(bodies.find((body) => body.startsWith('{"lastUpdateId"'))!)
    expect(shapeOf(partialDepthMessage(quote))).toEqual(shapeOf(book))
    const [infoLine] = readFileSync(`${DATA}cryptofeed-binance/BINANCE.0`, 'utf8').split('\n', 1)
    const infoText = infoLine!.slice(infoLine!.indexOf('{'))
    const info = JSON.parse(infoText) as { symbols: Record<string, unknown>[] }
    // Recorded in 2021: the venue has added members since, and moved permissions into sets.
    const row: Record<string, unknown> = symbolRow({
      ...{ wireSymbol: 'ETHBTC', venue: 'v', symbol: 'ETHBTC', priceDecimals: 6, quantityDecimals: 4 },
    })
    for (const [key, value] of Object.entries(info.symbols[0]!)) {
      if (Array.isArray(value)) expect(Array.isArray(row[key])).toBe(true)
      else expect(typeof row[key]).toBe(typeof value)
    }
    expect(row).toMatchObject({ symbol: 'ETHBTC', baseAsset: 'ETH', quoteAsset: 'BTC', status: 'TRADING' })
    expect(row.filters).toMatchObject([
      { filterType: 'PRICE_FILTER', tickSize: '0.000001' },
      { filterType: 'LOT_SIZE', stepSize: '0.0001' },
    ])
  })
})

describe('messages', () => {
  it('a trade of the selling taker has a buyer who was the maker; times are whole ms', () => {
    const sold = { ...trade, takerSide: 'sell' as const }
    expect(tradeMessage('BTCUSDT', sold, 9)).toEqual({
      ...{ e: 'trade', E: 9, s: 'BTCUSDT', t: 7, p: '61837.63', q: '1.500', T: 1_723_161_255_208, m: true, M: true },
    })
    expect(tradeMessage('BTCUSDT', trade, 9).m).toBe(false)
  })

  it('an aggregate keeps the ids of its trades', () => {
    expect(aggTradeMessage('X', { ...trade, lastId: 11 }, 9)).toMatchObject({ a: 7, f: 7, l: 11 })
    expect(aggTradeMessage('X', trade, 9)).toMatchObject({ a: 7, f: 7, l: 7 })
  })

  it('a candle closes one ms before the next one opens', () => {
    const { k } = klineMessage('X', candleOf('X', 60_000), ids, 1)
    expect(k).toMatchObject({ t: 60_000, T: 119_999, f: 1, L: 4, x: true, n: 4, v: '10.000', q: '1002.50000' })
  })

  it('tickers have the keys that the venue documents', () => {
    const texts = { open: '1', high: '1', low: '1', last: '1', lastQuantity: '1', change: '0', changePercent: '0.000' }
    const sums = { volume: '1', quoteVolume: '1', vwap: '1', bidPrice: '1', bidQuantity: '1', askPrice: '1' }
    const numbers = { openTimeMs: 0, closeTimeMs: 86_400_000, firstId: 0, lastId: 18_150, tradeCount: 18_151 }
    const day: DayStatistics = { ...texts, ...sums, askQuantity: '1', ...numbers }
    expect(Object.keys(tickerMessage('X', day, 1)).join()).toBe('e,E,s,p,P,w,x,c,Q,b,B,a,A,o,h,l,v,q,O,C,F,L,n')
    expect(Object.keys(miniTickerMessage('X', day, 1)).join()).toBe('e,E,s,c,o,h,l,v,q')
  })

  it('a quote without a counter is numbered by its time', () => {
    const { sequence: _, ...unnumbered } = quote
    expect(bookTickerMessage('X', { ...unnumbered, eventTimeMs: 1.5 }).u).toBe(1500)
    expect(bookTickerMessage('X', quote).u).toBe(5)
  })

  it('trades without an id are told apart', () => {
    const { id: _, ...unnumbered } = trade
    expect([isNumbered(trade), isNumbered(unnumbered)]).toEqual([true, false])
  })
})
