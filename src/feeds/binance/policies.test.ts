import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binanceSettings } from './binance-options.ts'
import { planSockets } from './stream-plan.ts'
import { WeightBudget } from './weight-budget.ts'

const SECOND_US = 1_000_000
const NAMES = Array.from({ length: 700 }, (_, index) => `s${index}usdt`)

describe('the plan of sockets', () => {
  it('never puts more streams on a socket than allowed, and each stream on one', () => {
    const aPlan = fc.record({ count: fc.integer({ min: 1, max: 700 }), perSocket: fc.integer({ min: 2, max: 1024 }) })
    fc.assert(
      fc.property(aPlan, fc.boolean(), ({ count, perSocket }, hasQuotes) => {
        const limits = { streamsPerSocketMaxCount: perSocket }
        const plans = planSockets(
          binanceSettings({ market: 'spot', symbols: NAMES.slice(0, count), hasQuotes, limits }),
        )
        const streams = plans.flatMap((plan) => plan.streams)
        expect(Math.max(...plans.map((plan) => plan.streams.length))).toBeLessThanOrEqual(perSocket)
        expect(new Set(streams).size).toBe(count * (hasQuotes ? 2 : 1))
        expect(streams).toHaveLength(count * (hasQuotes ? 2 : 1))
      }),
    )
  })

  it('keeps USD-M trades and quotes on servers of their own, and other bases whole', () => {
    const urls = (url?: string) =>
      planSockets(binanceSettings({ market: 'usdm', symbols: ['BTCUSDT'], ...(url && { url }) })).map(
        (plan) => plan.url,
      )
    expect(urls()).toEqual([
      'wss://fstream.binance.com/market/stream?streams=btcusdt@aggTrade',
      'wss://fstream.binance.com/public/stream?streams=btcusdt@bookTicker',
    ])
    expect(urls('ws://localhost:9/binance/')).toEqual([
      'ws://localhost:9/binance/stream?streams=btcusdt@aggTrade/btcusdt@bookTicker',
    ])
  })

  it('a base or a symbol that is none is named', () => {
    expect(() => binanceSettings({ market: 'spot', symbols: ['btc/usdt'] })).toThrow('got "BTC/USDT"')
    expect(() => binanceSettings({ market: 'spot', symbols: [] })).toThrow('got []')
    expect(() => binanceSettings({ market: 'spot', symbols: ['x'], url: 'ftp://x' })).toThrow('got "ftp://x"')
  })

  it('asks where the sockets are, with http for ws, whichever of them the base is written with', () => {
    for (const url of ['wss://x:1/y', 'https://x:1/y/']) {
      const settings = binanceSettings({ market: 'spot', symbols: ['x'], url })
      expect(settings).toMatchObject({ url: 'wss://x:1/y', restUrl: 'https://x:1/y' })
    }
    expect(binanceSettings({ market: 'spot', symbols: ['x'], url: 'http://x:1' }).url).toBe('ws://x:1')
    expect(binanceSettings({ market: 'spot', symbols: ['x'], url: 'wss://x:1/y' }).restUrl).toBe('https://x:1/y')
    expect(binanceSettings({ market: 'spot', symbols: ['x'] }).restUrl).toBe('https://api.binance.com')
  })
})

describe('the budget of request weight', () => {
  it('requests wait for the next minute once the weight is used, by us or by others', () => {
    const budget = new WeightBudget(100)
    budget.spend(60, 0)
    expect(budget.waitMs(40, SECOND_US)).toBe(0)
    expect(budget.waitMs(41, SECOND_US)).toBe(59_000)
    budget.noteUsed(99, SECOND_US)
    expect(budget.waitMs(2, SECOND_US)).toBe(59_000)
    expect(budget.waitMs(2, 60 * SECOND_US)).toBe(0)
  })

  it('nothing goes out before Retry-After', () => {
    const budget = new WeightBudget(100)
    budget.block(200 * SECOND_US)
    expect(budget.waitMs(1, 150 * SECOND_US)).toBe(50_000)
    expect(budget.waitMs(1, 200 * SECOND_US)).toBe(0)
  })
})
