import { expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import type { MarketStore } from '../market-store.ts'
import type { MarketStoreUnderTest } from './market-store-under-test.ts'
import {
  alert,
  allAlerts,
  allCandles,
  allTrades,
  candle,
  EPOCH,
  gap,
  MINUTE_MS,
  quote,
  quoteBatch,
  START_MS,
  trade,
  tradeBatch,
  writeOf,
} from './samples.ts'

const POSITION = { topic: 'market.trades', partition: 0, nextOffset: 8 } as const

export function writeRules(store: () => MarketStore): void {
  it('[MS1] an empty store has no epoch, no positions and no rows', async () => {
    expect(await store().source()).toEqual({ epoch: undefined, positions: [] })
    expect(await store().instruments()).toEqual([])
    expect(await store().latestTrades()).toEqual([])
    expect(await store().trades({ symbol: 'BTC-USD', limit: 10 })).toEqual({ rows: [], next: undefined })
    expect(await store().countsSince(0)).toEqual({ trades: 0, quotes: 0, candles: 0, alerts: 0 })
  })

  it('[MS2] a write moves the positions that it names and leaves the others', async () => {
    const other = { topic: 'market.candles', partition: 3, nextOffset: 2 } as const
    await store().write(writeOf({ trades: [tradeBatch([trade()])], positions: [POSITION, other] }))
    await store().write(writeOf({ positions: [{ ...POSITION, nextOffset: 11 }] }))
    const { epoch, positions } = await store().source()
    expect(epoch).toBe(EPOCH)
    expect(positions.toSorted((a, b) => a.partition - b.partition)).toEqual([{ ...POSITION, nextOffset: 11 }, other])
  })

  it('[MS3] a refused write leaves neither rows nor positions, and the next one is taken', async () => {
    const bad = candle({ quoteVolume: '1e3' })
    const refused = writeOf({ trades: [tradeBatch([trade()])], candles: [candle(), bad], positions: [POSITION] })
    await expect(store().write(refused)).rejects.toThrow(FinPulseError)
    expect((await store().source()).positions).toEqual([])
    expect(await store().countsSince(0)).toEqual({ trades: 0, quotes: 0, candles: 0, alerts: 0 })
    await store().write({ ...refused, candles: [candle()] })
    expect(await store().countsSince(0)).toMatchObject({ trades: 1, candles: 1 })
  })

  it('[MS4] a write of another epoch is refused until the store is cleared for it', async () => {
    await store().write(writeOf({ trades: [tradeBatch([trade()])], positions: [POSITION] }))
    await expect(store().write(writeOf({ epoch: 'epoch-2' }))).rejects.toThrow('epoch')
    await store().clear('epoch-2')
    expect(await store().source()).toEqual({ epoch: 'epoch-2', positions: [] })
    expect(await store().instruments()).toEqual([])
    expect(await store().countsSince(0)).toEqual({ trades: 0, quotes: 0, candles: 0, alerts: 0 })
    await store().write(writeOf({ epoch: 'epoch-2', trades: [tradeBatch([trade({ symbol: 'ETH-USD' })])] }))
    expect(await allTrades(store(), 'ETH-USD')).toHaveLength(1)
    expect(await store().latestTrades()).toHaveLength(1)
  })

  it('[MS5] a query beside a write sees all of it or nothing', async () => {
    const write = store().write(writeOf({ trades: [tradeBatch(Array.from({ length: 5000 }, () => trade()))] }))
    const counts = []
    for (let query = 0; query < 10; query++) counts.push((await store().countsSince(0)).trades)
    await write
    expect(counts.filter((count) => count !== 0 && count !== 5000)).toEqual([])
    expect((await store().countsSince(0)).trades).toBe(5000)
  })
}

export function revisionRules(store: () => MarketStore): void {
  it('[MS6] provisional candles are never written', async () => {
    await store().write(writeOf({ candles: [candle({ isFinal: false }), candle({ isFinal: false, revision: 1 })] }))
    expect(await allCandles(store(), 'BTC-USD')).toEqual([])
    expect(await store().candleRevisions('BTC-USD', '1m', START_MS)).toEqual([])
  })

  it('[MS7] a later revision replaces the current candle, and every revision stays readable, oldest first', async () => {
    const revisions = [0, 1, 2].map((revision) => candle({ revision, close: `10${revision}.00` }))
    await store().write(writeOf({ candles: [revisions[0]!, candle({ openTimeMs: START_MS + MINUTE_MS })] }))
    await store().write(writeOf({ candles: revisions.slice(1) }))
    expect(await allCandles(store(), 'BTC-USD')).toEqual([candle({ openTimeMs: START_MS + MINUTE_MS }), revisions[2]])
    expect(await store().candleRevisions('BTC-USD', '1m', START_MS)).toEqual(revisions)
  })

  it('[MS8] a revision that arrives out of turn takes its place and does not become current', async () => {
    const [first, second, third] = [0, 1, 2].map((revision) => candle({ revision, close: `10${revision}.00` }))
    await store().write(writeOf({ candles: [third!, first!] }))
    await store().write(writeOf({ candles: [second!] }))
    expect(await allCandles(store(), 'BTC-USD')).toEqual([third])
    expect(await store().candleRevisions('BTC-USD', '1m', START_MS)).toEqual([first, second, third])
  })

  it('[MS9] the same revision again takes the place of the first one', async () => {
    await store().write(writeOf({ candles: [candle({ close: '1.00' }), candle({ close: '2.00' })] }))
    await store().write(writeOf({ candles: [candle({ close: '3.00' })] }))
    expect(await store().candleRevisions('BTC-USD', '1m', START_MS)).toEqual([candle({ close: '3.00' })])
    expect(await allCandles(store(), 'BTC-USD')).toEqual([candle({ close: '3.00' })])
  })

  it('[MS10] candles of other intervals, venues and symbols do not replace each other', async () => {
    const candles = [candle(), candle({ interval: '5m' }), candle({ venue: 'other' }), candle({ symbol: 'ETH-USD' })]
    await store().write(writeOf({ candles }))
    expect((await store().countsSince(0)).candles).toBe(4)
    expect(await allCandles(store(), 'BTC-USD')).toHaveLength(2)
  })

  it('[MS11] an alert is stored once by its id, as it was first written', async () => {
    await store().write(writeOf({ alerts: [alert({ value: 1 }), alert({ value: 2 })] }))
    await store().write(writeOf({ alerts: [alert({ value: 3 }), alert({ id: 'another', value: 4 })] }))
    expect((await allAlerts(store())).map(({ value }) => value)).toEqual([4, 1])
  })
}

/** For adapters whose data outlive the process. */
export function durabilityRules(current: () => MarketStoreUnderTest): void {
  it('[MS40] rows and positions are there after the store was opened again', async () => {
    const { store, reopen } = current()
    if (reopen === undefined) return
    await store.write(
      writeOf({
        trades: [tradeBatch([trade(), trade({ price: '1.5', eventTimeMs: START_MS + 0.001 })])],
        quotes: [quoteBatch([quote({ sequence: 9 })])],
        candles: [candle({ revision: 1 })],
        alerts: [alert()],
        gaps: [gap({ fromId: 1 }), gap()],
        positions: [POSITION],
      }),
    )
    const seen = await everythingIn(store)
    const again = await reopen()
    expect(await everythingIn(again)).toEqual(seen)

    // What the store numbers and remembers goes on where it was.
    const gaps = [gap({ fromId: 5, missingCount: 1 })]
    await again.write(writeOf({ trades: [tradeBatch([trade()])], candles: [candle()], alerts: [alert()], gaps }))
    expect((await again.gaps({ limit: 9 })).rows.map(({ fromId }) => fromId)).toEqual([5, 3, 1])
    expect((await again.countsSince(0)).trades).toBe(3)
    expect(await allTrades(again, 'BTC-USD', 1)).toHaveLength(3)
    expect(await store.alerts({ limit: 9 }).catch(() => 'refused')).toBe('refused')
    expect((await allAlerts(again)).length).toBe(1)
    expect((await again.candleRevisions('BTC-USD', '1m', START_MS)).map(({ revision }) => revision)).toEqual([0, 1])
  })
}

async function everythingIn(store: MarketStore): Promise<unknown> {
  return [
    await store.source(),
    await store.instruments(),
    await allTrades(store, 'BTC-USD'),
    await allCandles(store, 'BTC-USD'),
    await allAlerts(store),
    await store.gaps({ limit: 9 }),
    await store.latestTrades(),
    await store.latestQuotes(),
    await store.summaries(0),
    await store.countsSince(0),
  ]
}
