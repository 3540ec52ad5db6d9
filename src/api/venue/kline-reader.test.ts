import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Trade } from '../../events/trade.ts'
import { MarketData } from '../market-data.ts'
import { ArrayMarketStore } from '../testing/array-market-store.ts'
import { FakeEngine, NOW_MS } from '../testing/test-server.ts'
import { baseOf, openTimeAfter, openTimeOf, VENUE_INTERVALS, type VenueInterval } from './kline-interval.ts'
import { KlineReader } from './kline-reader.ts'
import { RecentCandles } from './recent-candles.ts'
import { klineRow } from './rest-rows.ts'
import { SecondKlines } from './second-klines.ts'
import { baseCandles, bruteRows, SYMBOL, spanOf, tradesArbitrary } from './testing/brute-klines.ts'
import type { NumberedTrade } from './venue-messages.ts'
import type { Listing } from './venue-symbols.ts'
import { VenueTrades } from './venue-trades.ts'

const LONGER = VENUE_INTERVALS.filter((interval) => interval !== '1s')
const listing: Listing = {
  ...{ wireSymbol: SYMBOL, venue: 'simulator', symbol: SYMBOL, priceDecimals: 2, quantityDecimals: 3 },
}
const nothingLive = { findSymbol: () => undefined, quotes: () => [], trades: () => [] }

/** Readers over a store that counts what it is asked for. */
function readers(recentTrades: readonly NumberedTrade[] = []) {
  const store = new ArrayMarketStore()
  const engine = new FakeEngine()
  const recent = new RecentCandles()
  const data = new MarketData(store, engine, nothingLive)
  const nowMs = () => NOW_MS
  const longer = new KlineReader({ data, recent, nowMs })
  const trades = new VenueTrades(store, (_, maxCount) => recentTrades.slice(-maxCount))
  const seconds = new SecondKlines(trades, longer, nowMs)
  const asked = { rows: 0, reads: 0 }
  const read = store.candles.bind(store)
  store.candles = async (query) => {
    const page = await read(query)
    asked.rows += page.rows.length
    asked.reads += 1
    return page
  }
  return { store, engine, recent, longer, seconds, asked }
}

/** The newest candle is open, those before it may not be in the store yet; a stored one may be an earlier revision. */
function fill({ store, engine, recent }: ReturnType<typeof readers>, trades: readonly Trade[], storedCount: number) {
  store.rows.trades.push(...trades)
  for (const base of ['1m', '15m', '1h', '4h', '1d', '5m'] as const) {
    const candles = baseCandles(trades, base)
    const final = candles.slice(0, -1)
    engine.open.push({ ...candles.at(-1)!, isFinal: false })
    store.rows.candles.push(...final.slice(0, storedCount))
    for (const candle of final.slice(Math.max(0, storedCount - 1))) recent.take(candle)
    const last = final.slice(0, storedCount).at(-1)
    if (last !== undefined) {
      store.rows.candles[store.rows.candles.length - 1] = { ...last, volume: '0.001' }
      recent.take({ ...last, revision: 1 })
    }
  }
}

/** What the venue's documentation says that a request gives. */
function asDocumented(rows: unknown[][], startMs: number | undefined, endMs: number | undefined, limit: number) {
  const inside = rows.filter(
    ([openTimeMs]) => Number(openTimeMs) >= (startMs ?? 0) && Number(openTimeMs) <= (endMs ?? Infinity),
  )
  return startMs === undefined ? inside.slice(-limit) : inside.slice(0, limit)
}

function requestOf(interval: VenueInterval, lengthCount: number) {
  const [openTimeMs] = spanOf(interval, NOW_MS)
  const someTime = fc.option(
    fc
      .record({ back: fc.integer({ min: -1, max: lengthCount }), offsetMs: fc.constantFrom(-1, 0, 1, 999) })
      .map(({ back, offsetMs }) => openTimeAfter(interval, openTimeMs, -back) + offsetMs),
    { nil: undefined },
  )
  return fc.record({ startMs: someTime, endMs: someTime, limit: fc.integer({ min: 1, max: 12 }) })
}

describe('klines of a minute and longer', () => {
  it.each(LONGER)('%s: any request is answered with what all trades give', async (interval) => {
    const [openTimeMs, closeTimeMs] = spanOf(interval, NOW_MS)
    const { partMaxCount } = baseOf(interval)
    const trades = tradesArbitrary(NOW_MS, (closeTimeMs - openTimeMs) / 4, 30)
    const storedCount = fc.integer({ min: 0, max: 40 })
    await fc.assert(
      fc.asyncProperty(
        trades,
        storedCount,
        requestOf(interval, 12),
        async (rows, stored, { startMs, endMs, limit }) => {
          const test = readers()
          fill(test, rows, stored)
          const span = { fromMs: startMs ?? 0, toMs: endMs === undefined ? Number.MAX_SAFE_INTEGER : endMs + 1, limit }
          const klines = await test.longer[startMs === undefined ? 'last' : 'first'](listing, interval, span)
          expect(klines.map(klineRow)).toEqual(asDocumented(bruteRows(rows, interval), startMs, endMs, limit))
          if (startMs === undefined) expect(test.asked.rows).toBeLessThanOrEqual(limit * partMaxCount)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('a market that slept for years is not looked through step by step', async () => {
    const test = readers()
    const old = tradesOf(Date.UTC(2017, 7, 17, 4))
    fill(test, [...old, ...tradesOf(NOW_MS - 60_000).map((trade) => ({ ...trade, id: trade.id + 10 }))], 100)
    const klines = await test.longer.first(listing, '3d', { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 2 })
    expect(klines.map(({ openTimeMs }) => new Date(openTimeMs).toISOString().slice(0, 10))).toEqual([
      ...['2017-08-16', new Date(openTimeOf('3d', NOW_MS)).toISOString().slice(0, 10)],
    ])
    expect(test.asked.reads).toBeLessThan(8)
  })

  it('where a symbol trades at several venues, those of one are given', async () => {
    const test = readers()
    const day = 86_400_000
    test.store.rows.trades.push(...tradesOf(NOW_MS - 90 * day))
    for (let back = 60; back > 0; back--) {
      const [candle] = baseCandles(tradesOf(NOW_MS - back * day), '1d')
      test.store.rows.candles.push({ ...candle!, venue: 'other' })
      if (back > 40) test.store.rows.candles.push(candle!)
    }
    const klines = await test.longer.last(listing, '3d', { fromMs: 0, toMs: NOW_MS, limit: 3 })
    expect(klines.map(({ tradeCount }) => tradeCount)).toHaveLength(3)
    expect(klines.at(-1)!.openTimeMs).toBe(openTimeOf('3d', NOW_MS - 41 * day))
    expect(klines[1]!.tradeCount).toBe(3 * tradesOf(0).length)
  })
})

/** Three trades, a millisecond apart. */
function tradesOf(timeMs: number): NumberedTrade[] {
  const row = { type: 'trade', venue: 'simulator', symbol: SYMBOL, price: '1.00', quantity: '1.000' } as const
  return [1, 2, 3].map((id) => ({
    ...{ ...row, id, takerSide: 'buy', eventTimeMs: timeMs + id, receivedTimeMs: timeMs + id },
  }))
}

describe('klines of seconds', () => {
  it('any request is answered with what all trades give, stored or not', async () => {
    const trades = tradesArbitrary(NOW_MS, 4000, 60)
    const storedCount = fc.integer({ min: 1, max: 60 })
    await fc.assert(
      fc.asyncProperty(trades, storedCount, requestOf('1s', 60), async (rows, stored, { startMs, endMs, limit }) => {
        const test = readers(rows.slice(Math.max(0, stored - 3)))
        fill(test, rows, 3)
        test.store.rows.trades.splice(stored)
        const span = { fromMs: startMs ?? 0, toMs: endMs === undefined ? Number.MAX_SAFE_INTEGER : endMs + 1, limit }
        const klines = await test.seconds[startMs === undefined ? 'last' : 'first'](listing, span)
        expect(klines.map(klineRow)).toEqual(asDocumented(bruteRows(rows, '1s'), startMs, endMs, limit))
      }),
    )
  })

  it('an answer ends after 20,000 trades, with whole seconds only, and does not go back beyond a day', async () => {
    const test = readers()
    const rows = Array.from({ length: 60_000 }, (_, index) => ({
      ...tradesOf(0)[0]!,
      ...{ id: index + 1, eventTimeMs: NOW_MS - 60_000 + index },
    }))
    test.store.rows.trades.push(...tradesOf(NOW_MS - 86_400_000 - 5000), ...rows)
    const [minute] = baseCandles([{ ...rows[0]!, lastId: 60_000 }], '1m')
    test.store.rows.candles.push(...baseCandles(tradesOf(NOW_MS - 86_400_000 - 5000), '1m'), minute!)
    const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1000 }
    const klines = await test.seconds.last(listing, all)
    expect(klines.map(({ tradeCount }) => tradeCount)).toEqual(Array.from({ length: 20 }, () => 1000))
    expect(klines.at(-1)!.closeTimeMs).toBe(NOW_MS)
    const first = await test.seconds.first(listing, all)
    expect([first.length, first[0]!.openTimeMs]).toEqual([20, NOW_MS - 60_000])
  })
})

describe('klines of seconds, where the store is far behind', () => {
  it('few reads are made in vain', async () => {
    const test = readers()
    for (let back = 60; back > 0; back--) {
      const [trade] = tradesOf(NOW_MS - back * 60_000)
      test.recent.take(baseCandles([{ ...trade!, lastId: 10_000 }], '1m')[0]!)
    }
    let reads = 0
    test.store.tradesById = async () => {
      reads += 1
      return []
    }
    const span = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1000 }
    expect(await test.seconds.last(listing, span)).toEqual([])
    expect(reads).toBe(4)
  })
})

describe('RecentCandles', () => {
  it('keeps so many, the newest, and of each the latest revision', () => {
    const recent = new RecentCandles(3)
    const candles = [0, 1, 2, 3].map((minute) => baseCandles(tradesOf(minute * 60_000), '1m')[0]!)
    for (const candle of candles) recent.take(candle)
    recent.take({ ...candles[1]!, revision: 1 })
    recent.take(baseCandles(tradesOf(240_000), '1m')[0]!)
    const kept = recent.of(listing, '1m', 0, 1e9)
    expect(kept.map(({ openTimeMs, revision }) => [openTimeMs / 60_000, revision])).toEqual([
      ...[
        [1, 1],
        [3, 0],
        [4, 0],
      ],
    ])
    expect(recent.of(listing, '1m', 60_000, 180_000)).toHaveLength(1)
    expect(recent.of({ ...listing, venue: 'other' }, '1m', 0, 1e9)).toEqual([])
    recent.clear()
    expect(recent.of(listing, '1m', 0, 1e9)).toEqual([])
  })
})
