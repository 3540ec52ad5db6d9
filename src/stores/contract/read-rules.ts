import { expect, it } from 'vitest'
import { InstrumentTable } from '../../events/instrument.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import type { MarketStore } from '../market-store.ts'
import {
  alert,
  allAlerts,
  allCandles,
  allPages,
  allTrades,
  candle,
  MINUTE_MS,
  quote,
  quoteBatch,
  START_MS,
  trade,
  tradeBatch,
  writeOf,
} from './samples.ts'

/** Digits at the ends of what the vocabulary allows. */
const EXTREMES = [
  trade({ id: 1, price: '0.00000001', quantity: '1000000000000.00000000' }),
  trade({ id: 2, price: '99999999.99999999', quantity: '0.00000001', takerSide: 'sell' }),
  trade({ id: 3, lastId: 40, price: '92233720368.54775807', quantity: '92233720368.54775808', takerSide: 'unknown' }),
  trade({ id: 41, price: '193428131138340.66795297', quantity: '45035996.27370496', isOffMarket: true }),
]

export function listingRules(store: () => MarketStore): void {
  it('[MS12] trades come back as public JSON, to the digit', async () => {
    const batch = tradeBatch([...EXTREMES, trade({ price: '1.00000000', eventTimeMs: START_MS + 0.001 })])
    const expected = Array.from({ length: batch.count }, (_, row) => tradeAt(batch, row))
    await store().write(writeOf({ trades: [batch] }))
    expect(await allTrades(store(), 'BTC-USD')).toEqual(expected.toReversed())
    expect(expected[0]!.quantity).toBe('1000000000000.00000000')
  })

  it('[MS13] trades are listed newest first, the later arrival first where times are equal', async () => {
    const at = (offsetMs: number, id: number) => trade({ eventTimeMs: START_MS + offsetMs, id })
    await store().write(writeOf({ trades: [tradeBatch([at(5, 1), at(0, 2)]), tradeBatch([at(5, 3)])] }))
    await store().write(writeOf({ trades: [tradeBatch([at(5, 4), at(90_000_000, 5), at(-1, 6)])] }))
    expect((await allTrades(store(), 'BTC-USD')).map(({ id }) => id)).toEqual([5, 4, 3, 1, 2, 6])
  })

  it('[MS14] pages of trades neither skip nor repeat a row, also where all times are equal', async () => {
    const trades = Array.from({ length: 23 }, (_, id) => trade({ id, eventTimeMs: START_MS + (id < 15 ? 0 : 1) }))
    await store().write(writeOf({ trades: [tradeBatch(trades)] }))
    for (const limit of [1, 5, 22, 23, 24]) {
      expect((await allTrades(store(), 'BTC-USD', limit)).map(({ id }) => id)).toEqual(trades.map((_, i) => 22 - i))
    }
    expect((await store().trades({ symbol: 'BTC-USD', limit: 23 })).next).toBeUndefined()
  })

  it('[MS15] rows that arrive between two pages do not disturb the second one', async () => {
    const trades = [0, 1, 2, 3].map((id) => trade({ id, eventTimeMs: START_MS + id }))
    await store().write(writeOf({ trades: [tradeBatch(trades)] }))
    const { next } = await store().trades({ symbol: 'BTC-USD', limit: 2 })
    await store().write(writeOf({ trades: [tradeBatch([trade({ id: 9, eventTimeMs: START_MS + 9 })])] }))
    const second = await store().trades({ symbol: 'BTC-USD', limit: 2, after: next! })
    expect(second.rows.map(({ id }) => id)).toEqual([1, 0])
  })
}

export function tradeIdRules(store: () => MarketStore): void {
  it('[MS29] trades by id are those of one venue from an id and in a span of time, lowest id first', async () => {
    const at = (id: number, offsetMs: number, fields = {}) => trade({ id, eventTimeMs: START_MS + offsetMs, ...fields })
    const late = [at(4, 30), at(2, 10), trade({ eventTimeMs: START_MS })]
    await store().write(writeOf({ trades: [tradeBatch([at(1, 0), at(3, 20), at(3, 20, { venue: 'other' })])] }))
    await store().write(writeOf({ trades: [tradeBatch([...late, at(5, 40, { lastId: 9 }), at(10, 50)])] }))
    const ids = async (query: { fromId?: number; fromMs?: number; toMs?: number; limit?: number }) => {
      const rows = await store().tradesById({ venue: 'sim', symbol: 'BTC-USD', limit: 100, ...query })
      return rows.map(({ id }) => id)
    }
    expect(await ids({})).toEqual([1, 2, 3, 4, 5, 10])
    expect(await ids({ fromId: 2, limit: 3 })).toEqual([2, 3, 4])
    expect(await ids({ fromId: 6 })).toEqual([10])
    expect(await ids({ fromMs: START_MS + 10, toMs: START_MS + 40 })).toEqual([2, 3, 4])
    expect(await ids({ fromId: 11 })).toEqual([])
    expect(await store().tradesById({ venue: 'nowhere', symbol: 'BTC-USD', limit: 5 })).toEqual([])
    const [first] = await store().tradesById({ venue: 'other', symbol: 'BTC-USD', limit: 5 })
    expect(first).toEqual(at(3, 20, { venue: 'other' }))
  })
}

export function instrumentRules(store: () => MarketStore): void {
  it('[MS16] rows of every venue of a symbol are listed, each with its venue', async () => {
    const batch = tradeBatch([trade({ venue: 'a', id: 1 }), trade({ venue: 'b', id: 2 }), trade({ symbol: 'X' })])
    await store().write(writeOf({ trades: [batch], candles: [candle({ venue: 'a' }), candle({ venue: 'b' })] }))
    expect((await allTrades(store(), 'BTC-USD', 1)).map(({ venue }) => venue)).toEqual(['b', 'a'])
    expect((await allCandles(store(), 'BTC-USD', 1)).map(({ venue }) => venue).toSorted()).toEqual(['a', 'b'])
    expect(await store().instruments()).toHaveLength(3)
  })

  it('[MS17] rows from before an instrument got more decimals keep their value', async () => {
    const instruments = new InstrumentTable()
    await store().write(writeOf({ trades: [tradeBatch([trade({ price: '1.5', quantity: '2' })], instruments)] }))
    await store().write(writeOf({ trades: [tradeBatch([trade({ price: '1.2345', quantity: '0.001' })], instruments)] }))
    const [newer, older] = await allTrades(store(), 'BTC-USD')
    expect(newer).toMatchObject({ price: '1.2345', quantity: '0.001' })
    expect(Number(older!.price)).toBe(1.5)
    expect(Number(older!.quantity)).toBe(2)
    expect(await store().instruments()).toMatchObject([{ priceDecimals: 4, quantityDecimals: 3 }])
  })

  it('[MS18] the decimals of an instrument never shrink', async () => {
    await store().write(writeOf({ trades: [tradeBatch([trade({ price: '1.2345' })])] }))
    await store().write(writeOf({ trades: [tradeBatch([trade({ price: '1.5' })])] }))
    expect(await store().instruments()).toMatchObject([{ priceDecimals: 4 }])
    expect((await allTrades(store(), 'BTC-USD')).map(({ price }) => Number(price))).toEqual([1.5, 1.2345])
  })

  it('[MS19] the newest trade and quote of each instrument are those by event time, then by arrival', async () => {
    const trades = [
      trade({ id: 1, eventTimeMs: START_MS + 5 }),
      trade({ id: 2, eventTimeMs: START_MS + 5 }),
      trade({ id: 3, eventTimeMs: START_MS + 4 }),
      trade({ id: 4, venue: 'other', eventTimeMs: START_MS - 5 }),
    ]
    const quotes = [
      quote({ sequence: 1, eventTimeMs: START_MS + 1 }),
      quote({ sequence: 2 }),
      quote({ venue: 'other' }),
    ]
    await store().write(writeOf({ trades: [tradeBatch(trades)], quotes: [quoteBatch(quotes)] }))
    await store().write(writeOf({ trades: [tradeBatch([trade({ id: 5, eventTimeMs: START_MS - 90 })])] }))
    expect((await store().latestTrades()).map(({ id }) => id)).toEqual([2, 4])
    const batch = quoteBatch([quotes[0]!, quotes[2]!])
    expect(await store().latestQuotes()).toEqual([quoteAt(batch, 0), quoteAt(batch, 1)])
    expect(await store().instruments()).toMatchObject([
      { venue: 'sim', firstTradeTimeMs: START_MS - 90, lastTradeTimeMs: START_MS + 5 },
      { venue: 'other', firstTradeTimeMs: START_MS - 5, lastTradeTimeMs: START_MS - 5 },
    ])
  })

  it('[MS20] an instrument that is known from candles or quotes alone has no trade times', async () => {
    await store().write(writeOf({ candles: [candle()], quotes: [quoteBatch([quote({ symbol: 'Q' })])] }))
    const known = await store().instruments()
    expect(known.map(({ symbol }) => symbol).toSorted()).toEqual(['BTC-USD', 'Q'])
    expect(
      known.every(({ firstTradeTimeMs, lastTradeTimeMs }) => (firstTradeTimeMs ?? lastTradeTimeMs) === undefined),
    ).toBe(true)
    expect(await store().latestTrades()).toEqual([])
    expect(await store().trades({ symbol: 'Q', limit: 5 })).toEqual({ rows: [], next: undefined })
  })
}

export function candleRules(store: () => MarketStore): void {
  it('[MS21] the decimals of a candle come back as the identical texts', async () => {
    const exact = candle({
      open: '0.00000001',
      high: '1',
      low: '0.000',
      close: '92233720368.54775808',
      volume: '1000000000000.00000000',
      quoteVolume: '12345678901234567890.123456789012345678',
      takerBuyVolume: '9223372036854775807',
      takerBuyQuoteVolume: '170141183460469231731687303715884105727',
      vwap: '0.000000000000000000000012',
      completeness: 'gapped',
    })
    await store().write(writeOf({ candles: [exact] }))
    expect(await allCandles(store(), 'BTC-USD')).toEqual([exact])
  })

  it('[MS22] candles are listed by open time in [from, to), newest first, in pages without gap or repeat', async () => {
    const at = (minute: number, venue: string) => candle({ openTimeMs: START_MS + minute * MINUTE_MS, venue })
    const candles = [0, 1, 2, 3, 4, 5].flatMap((minute) => [at(minute, 'a'), at(minute, 'b')])
    await store().write(writeOf({ candles: [...candles, candle({ interval: '5m' })] }))
    for (const limit of [1, 3, 8, 9]) {
      const rows = await allPages((after) =>
        store().candles({
          symbol: 'BTC-USD',
          interval: '1m',
          fromMs: START_MS + MINUTE_MS,
          toMs: START_MS + 5 * MINUTE_MS,
          limit,
          ...(after === undefined ? {} : { after }),
        }),
      )
      expect(rows.map(({ openTimeMs }) => (openTimeMs - START_MS) / MINUTE_MS)).toEqual([4, 4, 3, 3, 2, 2, 1, 1])
      expect(new Set(rows.map(({ openTimeMs, venue }) => `${openTimeMs} ${venue}`)).size).toBe(8)
    }
  })

  it('[MS23] prices are the closes of the 1m candles at their open times, newest first, in pages', async () => {
    const candles = [0, 1, 2].map((minute) =>
      candle({ openTimeMs: START_MS + minute * MINUTE_MS, close: `10${minute}.50`, volume: `${minute}.25` }),
    )
    await store().write(writeOf({ candles: [...candles, candle({ interval: '5m', close: '7.00' })] }))
    await store().write(writeOf({ candles: [{ ...candles[1]!, revision: 1, close: '999.00' }] }))
    const rows = await allPages((after) =>
      store().prices({ symbol: 'BTC-USD', fromMs: START_MS + 1, limit: 1, ...(after === undefined ? {} : { after }) }),
    )
    expect(rows).toEqual([
      { timeMs: START_MS + 2 * MINUTE_MS, price: '102.50', volume: '2.25' },
      { timeMs: START_MS + MINUTE_MS, price: '999.00', volume: '1.25' },
    ])
  })
}

export function summaryRules(store: () => MarketStore): void {
  it('[MS24] a summary is exact over its span, with the current revisions only', async () => {
    const at = (minute: number, fields: Parameters<typeof candle>[0]) =>
      candle({ openTimeMs: START_MS + minute * MINUTE_MS, ...fields })
    const big = '99999999999999999999.000000000000000001'
    await store().write(
      writeOf({
        candles: [
          at(-1, { high: '9999.00' }),
          at(0, { open: '10.00', high: '9.99', low: '9.90', volume: '1.5', quoteVolume: big, tradeCount: 3 }),
          at(1, { high: '10.50', low: '1.01', volume: '1.5', quoteVolume: big, tradeCount: 4 }),
          at(2, { high: '10.499', low: '5.00', close: '7.125', volume: '0.25', quoteVolume: '0.5', tradeCount: 5 }),
          at(2, { symbol: 'ETH-USD', volume: '0.0', quoteVolume: '0.0', close: '3.50', tradeCount: 0 }),
          at(2, { interval: '5m', high: '9999.00' }),
        ],
        trades: [tradeBatch([trade({ eventTimeMs: START_MS + 77.5 })])],
      }),
    )
    await store().write(
      writeOf({
        candles: [at(1, { high: '10.50', low: '2.5', volume: '1.5', quoteVolume: big, revision: 1, tradeCount: 6 })],
      }),
    )
    const [bitcoin, ether] = (await store().summaries(START_MS)).toSorted((a, b) => a.symbol.localeCompare(b.symbol))
    expect(bitcoin).toEqual({
      venue: 'sim',
      symbol: 'BTC-USD',
      open: '10.00',
      high: '10.50',
      low: '2.5',
      last: '7.125',
      volume: '3.25',
      quoteVolume: '199999999999999999998.500000000000000002',
      vwap: '61538461538461538461.0769231',
      tradeCount: 14,
      lastTradeTimeMs: START_MS + 77.5,
    })
    // Without volume the VWAP is the price, and without a trade the end of the last candle is the last time.
    expect(ether).toMatchObject({ vwap: '3.500000', tradeCount: 0, lastTradeTimeMs: START_MS + 3 * MINUTE_MS })
  })

  it('[MS25] recent closes are those of the 1m candles by symbol, oldest first', async () => {
    const at = (minute: number, close: string, symbol = 'BTC-USD') =>
      candle({ openTimeMs: START_MS + minute * MINUTE_MS, close, symbol })
    await store().write(writeOf({ candles: [at(0, '1.0'), at(1, '2.0'), at(2, '3.0'), at(2, '8.00', 'ETH-USD')] }))
    await store().write(writeOf({ candles: [{ ...at(2, '4.0'), revision: 1 }, candle({ interval: '1h' })] }))
    const closes = await store().recentCloses(START_MS + MINUTE_MS)
    expect(Object.fromEntries(closes)).toEqual({ 'BTC-USD': ['2.0', '4.0'], 'ETH-USD': ['8.00'] })
  })
}

export function alertRules(store: () => MarketStore): void {
  it('[MS26] alerts come back as they were, newest first, by symbol, severity and kind, in pages', async () => {
    const alerts = [
      alert({ id: 'a', eventTimeMs: START_MS + 2 }),
      alert({ id: 'b', eventTimeMs: START_MS + 1, severity: 'LOW', symbol: "O'NEIL" }),
      alert({ id: 'c', eventTimeMs: START_MS + 1, kind: 'volume' }),
      alert({ id: 'd', eventTimeMs: START_MS + 3.125, direction: 'DROP' }),
    ]
    await store().write(writeOf({ alerts }))
    expect(await allAlerts(store(), 1)).toEqual([alerts[3], alerts[0], alerts[2], alerts[1]])
    const idsOf = async (query: object) => (await store().alerts({ limit: 9, ...query })).rows.map(({ id }) => id)
    expect(await idsOf({ symbol: "O'NEIL" })).toEqual(['b'])
    expect(await idsOf({ severity: 'HIGH' })).toEqual(['d', 'a', 'c'])
    expect(await idsOf({ severity: 'HIGH', kind: 'z-score', symbol: 'BTC-USD' })).toEqual(['d', 'a'])
    expect(await idsOf({ symbol: "' OR 1=1 --" })).toEqual([])
  })

  it('[MS27] alerts are counted by symbol', async () => {
    const alerts = [
      alert({ id: 'a' }),
      alert({ id: 'b', eventTimeMs: START_MS - 1 }),
      alert({ id: 'c', eventTimeMs: START_MS + 1 }),
      alert({ id: 'd', symbol: 'ETH-USD' }),
      alert({ id: 'e', symbol: 'OLD', eventTimeMs: START_MS - 1 }),
    ]
    await store().write(writeOf({ alerts }))
    expect(Object.fromEntries(await store().alertCountsSince(START_MS))).toEqual({ 'BTC-USD': 2, 'ETH-USD': 1 })
  })

  it('[MS28] counts are of rows with an event time at or after the bound; of candles only current ones count', async () => {
    const times = [START_MS - MINUTE_MS, START_MS, START_MS + MINUTE_MS]
    await store().write(
      writeOf({
        trades: [tradeBatch(times.map((eventTimeMs) => trade({ eventTimeMs })))],
        quotes: [quoteBatch(times.map((eventTimeMs) => quote({ eventTimeMs })))],
        candles: times.map((openTimeMs) => candle({ openTimeMs })),
        alerts: times.map((eventTimeMs) => alert({ eventTimeMs })),
      }),
    )
    await store().write(writeOf({ candles: [candle({ revision: 1 })] }))
    expect(await store().countsSince(START_MS)).toEqual({ trades: 2, quotes: 2, candles: 2, alerts: 2 })
    expect(await store().countsSince(START_MS + 0.001)).toEqual({ trades: 1, quotes: 1, candles: 1, alerts: 1 })
  })
}
