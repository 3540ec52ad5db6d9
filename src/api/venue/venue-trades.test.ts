import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArrayMarketStore } from '../testing/array-market-store.ts'
import { tradeOf } from '../testing/sample-events.ts'
import { NOW_MS } from '../testing/test-server.ts'
import type { NumberedTrade } from './venue-messages.ts'
import type { Listing } from './venue-symbols.ts'
import { VenueTrades } from './venue-trades.ts'

const LISTING: Listing = {
  wireSymbol: 'AAPL',
  venue: 'simulator',
  symbol: 'AAPL',
  priceDecimals: 2,
  quantityDecimals: 3,
}
/** Trade `id` happens `id` ms after the start. */
const tradeAt = (id: number): NumberedTrade => ({ ...tradeOf('AAPL', id, '1.00', NOW_MS + id), id })
const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)

/** The store has ids below `storedTo`; of the log's end, up to `count`, ids from `recentFrom` on are kept. */
function tradesOf(count: number, storedTo: number, recentFrom: number): VenueTrades {
  const store = new ArrayMarketStore()
  store.rows.trades.push(...range(1, storedTo).map(tradeAt))
  const recent = range(recentFrom, count + 1).map(tradeAt)
  return new VenueTrades(store, (_, maxCount) => recent.slice(-maxCount))
}

const state = fc
  .record({ count: fc.integer({ min: 1, max: 40 }), stored: fc.nat(40), recent: fc.nat(40) })
  .map(({ count, stored, recent }) => ({
    count,
    storedTo: 1 + Math.min(stored, count),
    recentFrom: 1 + Math.min(recent, count),
  }))

describe('VenueTrades', () => {
  it('gives trades from an id on without a hole, and all of them where store and log join up', async () => {
    await fc.assert(
      fc.asyncProperty(
        state,
        fc.nat(45),
        fc.integer({ min: 1, max: 50 }),
        async ({ count, storedTo, recentFrom }, fromId, limit) => {
          const found = await tradesOf(count, storedTo, recentFrom).from(LISTING, { fromId, limit })
          const first = Math.max(1, fromId)
          const wanted = range(first, Math.min(count + 1, first + limit))
          const ids = found.map(({ id }) => id)
          expect(ids).toEqual(wanted.slice(0, ids.length))
          if (recentFrom <= storedTo) expect(ids).toEqual(wanted)
          expect(ids.length).toBeGreaterThanOrEqual(wanted.filter((id) => id < storedTo).length)
        },
      ),
    )
  })

  it('has nothing to miss before the first id', async () => {
    const found = await tradesOf(1, 1, 1).from(LISTING, { fromId: 0, limit: 1 })
    expect(found.map(({ id }) => id)).toEqual([1])
  })

  it('gives a span of time the same way', async () => {
    const trades = tradesOf(20, 12, 8)
    const span = { fromMs: NOW_MS + 5, toMs: NOW_MS + 16 }
    expect((await trades.from(LISTING, { ...span, limit: 100 })).map(({ id }) => id)).toEqual(range(5, 16))
    expect((await trades.from(LISTING, { ...span, limit: 3 })).map(({ id }) => id)).toEqual([5, 6, 7])
    expect(await trades.firstId(LISTING, NOW_MS + 13, NOW_MS + 20)).toBe(13)
    expect(await trades.firstId(LISTING, NOW_MS + 30, NOW_MS + 40)).toBeUndefined()
  })

  it('gives the newest ones without a hole', async () => {
    await fc.assert(
      fc.asyncProperty(state, fc.integer({ min: 1, max: 50 }), async ({ count, storedTo, recentFrom }, limit) => {
        const found = await tradesOf(count, storedTo, recentFrom).newest(LISTING, limit)
        const ids = found.map(({ id }) => id)
        const newest = recentFrom <= count ? count : storedTo - 1
        expect(ids).toEqual(range(newest + 1 - ids.length, newest + 1))
        if (recentFrom <= storedTo) expect(ids).toHaveLength(Math.min(limit, count))
      }),
    )
  })

  it('a trade that is there twice is given once', async () => {
    const store = new ArrayMarketStore()
    store.rows.trades.push(tradeAt(1), tradeAt(2), tradeAt(2), tradeAt(3))
    const trades = new VenueTrades(store, () => [tradeAt(3), tradeAt(3), tradeAt(4)])
    expect((await trades.from(LISTING, { fromId: 1, limit: 10 })).map(({ id }) => id)).toEqual([1, 2, 3, 4])
  })
})
