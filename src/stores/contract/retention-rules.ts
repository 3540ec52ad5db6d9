import { expect, it } from 'vitest'
import type { MarketStore } from '../market-store.ts'
import {
  alert,
  allAlerts,
  allCandles,
  allTrades,
  candle,
  KEEP_ALL,
  MINUTE_MS,
  quote,
  quoteBatch,
  START_MS,
  trade,
  tradeBatch,
  writeOf,
} from './samples.ts'

const TIMES = [0, 1, 2, 3].map((minute) => START_MS + minute * MINUTE_MS)
const CUT_US = (START_MS + 2 * MINUTE_MS) * 1000

export function retentionRules(store: () => MarketStore): void {
  const fill = () =>
    store().write(
      writeOf({
        trades: [tradeBatch(TIMES.map((eventTimeMs, id) => trade({ eventTimeMs, id })))],
        quotes: [quoteBatch(TIMES.map((eventTimeMs) => quote({ eventTimeMs })))],
        candles: TIMES.flatMap((openTimeMs) => [candle({ openTimeMs }), candle({ openTimeMs, revision: 1 })]),
        alerts: TIMES.map((eventTimeMs) => alert({ eventTimeMs })),
        positions: [{ topic: 'market.trades', partition: 0, nextOffset: 4 }],
      }),
    )

  it('[MS30] rows from before the bounds are forgotten, and no others', async () => {
    await fill()
    expect(await store().retain(KEEP_ALL)).toBe(0)
    expect(await store().retain({ ...KEEP_ALL, tradesBeforeUs: CUT_US })).toBe(2)
    expect(await store().retain({ ...KEEP_ALL, quotesBeforeUs: CUT_US + 1 })).toBe(3)
    expect(await store().retain({ ...KEEP_ALL, candlesBeforeUs: CUT_US })).toBe(4)
    expect(await store().retain({ ...KEEP_ALL, alertsBeforeUs: CUT_US })).toBe(2)
    expect(await store().countsSince(0)).toEqual({ trades: 2, quotes: 1, candles: 2, alerts: 2 })
    expect((await allTrades(store(), 'BTC-USD', 1)).map(({ id }) => id)).toEqual([3, 2])
    expect((await allCandles(store(), 'BTC-USD')).map(({ openTimeMs }) => openTimeMs)).toEqual([TIMES[3], TIMES[2]])
    expect((await allAlerts(store())).map(({ eventTimeMs }) => eventTimeMs)).toEqual([TIMES[3], TIMES[2]])
    expect((await store().source()).positions).toHaveLength(1)
  })

  it('[MS31] of trades and quotes beyond a count, those that arrived first are forgotten', async () => {
    await fill()
    await store().write(writeOf({ trades: [tradeBatch([trade({ id: 4, eventTimeMs: START_MS - MINUTE_MS })])] }))
    expect(await store().retain({ ...KEEP_ALL, tradesMaxCount: 3, quotesMaxCount: 1 })).toBe(5)
    expect((await allTrades(store(), 'BTC-USD')).map(({ id }) => id)).toEqual([3, 2, 4])
    expect(await store().retain({ ...KEEP_ALL, tradesMaxCount: 0 })).toBe(3)
    expect(await store().countsSince(0)).toMatchObject({ trades: 0, quotes: 1 })
  })

  it('[MS32] the newest trade and quote of an instrument stay known when their rows are forgotten', async () => {
    await fill()
    await store().retain({ ...KEEP_ALL, tradesMaxCount: 0, quotesMaxCount: 0 })
    expect((await store().latestTrades()).map(({ id }) => id)).toEqual([3])
    expect(await store().latestQuotes()).toHaveLength(1)
    expect(await store().instruments()).toMatchObject([{ firstTradeTimeMs: TIMES[0], lastTradeTimeMs: TIMES[3] }])
  })

  it('[MS33] writes go on beside retention', async () => {
    await fill()
    const retained = store().retain({ ...KEEP_ALL, tradesBeforeUs: CUT_US })
    const written = store().write(writeOf({ trades: [tradeBatch([trade({ id: 9, eventTimeMs: TIMES[3]! })])] }))
    await Promise.all([retained, written])
    expect((await allTrades(store(), 'BTC-USD')).map(({ id }) => id)).toEqual([9, 3, 2])
  })
}
