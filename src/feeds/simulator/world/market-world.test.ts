import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InstrumentTable } from '../../../events/instrument.ts'
import { QuoteBatch } from '../../../events/quote-batch.ts'
import { TradeBatch } from '../../../events/trade-batch.ts'
import { ConstantRate } from '../../schedule.ts'
import { BlockPlan } from './block-plan.ts'
import { CRYPTO_PROFILE } from './market-profile.ts'
import { MarketWorld } from './market-world.ts'
import { MINUTE_US } from './minute-path.ts'

const START_MINUTE = 28_333_333
const NAMES = ['BTC', 'ETH', 'SOL', 'DOGE', 'LINK']
const PRICES = [61_800, 2_680, 150, 0.12, 11]

/** Rows of the events `[from, to)`, made in batches of so many. */
function rowsOf(
  from: number,
  to: number,
  batchCount: number,
  ratePerSecond = 5000,
  seed = 7,
  hasQuotes = true,
): string[] {
  const instruments = new InstrumentTable()
  const symbols = NAMES.map((symbol, index) => ({
    symbol,
    price: PRICES[index]!,
    profile: CRYPTO_PROFILE,
    venue: 'sim',
    quantityDecimals: 3,
  }))
  const schedule = new ConstantRate(ratePerSecond, START_MINUTE * MINUTE_US)
  const world = new MarketWorld({ seed, symbols, schedule, startMinute: START_MINUTE, firstIndex: 0 }, instruments)
  world.skipTo(from)
  const trades = new TradeBatch(instruments, batchCount)
  const quotes = new QuoteBatch(instruments, batchCount)
  const rows: string[] = []
  while (world.index < to) {
    trades.count = 0
    quotes.count = 0
    world.fill(trades, hasQuotes ? quotes : undefined, to)
    for (let row = 0; row < trades.count; row++) rows.push(trades.columns.map((column) => column[row]).join())
  }
  return rows
}

const EVENTS = rowsOf(0, 320_000, 8192)

describe('MarketWorld', () => {
  it('makes the same events from any event on and in batches of any size', () => {
    const positions = fc.record({ from: fc.nat(EVENTS.length - 1), length: fc.integer({ min: 1, max: 3000 }) })
    fc.assert(
      fc.property(positions, fc.integer({ min: 1, max: 5000 }), ({ from, length }, batchCount) => {
        const to = Math.min(EVENTS.length, from + length)
        expect(rowsOf(from, to, batchCount)).toEqual(EVENTS.slice(from, to))
      }),
      {
        numRuns: 25,
        examples: [
          [{ from: 65_535, length: 2 }, 1],
          [{ from: 300_000, length: 10 }, 3],
        ],
      },
    )
  })

  it('makes the same trades where nobody wants the quotes', () => {
    expect(rowsOf(1000, 90_000, 1000, 5000, 7, false)).toEqual(EVENTS.slice(1000, 90_000))
  })

  it('makes another market for another seed', () => {
    expect(rowsOf(0, 100, 100, 5000, 8)).not.toEqual(EVENTS.slice(0, 100))
  })

  it('numbers the trades of each symbol without a hole and has each at its exact time', () => {
    const next = new Map<string, number>()
    const wrong = EVENTS.filter((event, index) => {
      const [instrument, , , , , timeUs, , id] = event.split(',')
      const expectedId = next.get(instrument!) ?? 1
      next.set(instrument!, expectedId + 1)
      return Number(id) !== expectedId || Number(timeUs) !== START_MINUTE * MINUTE_US + Math.floor(index * 200)
    })
    expect(wrong).toEqual([])
    expect(next.size).toBe(NAMES.length)
  })

  it('keeps a slow market, with fewer trades than symbols in a minute, going', () => {
    const rows = rowsOf(0, 500, 64, 0.05)
    expect(new Set(rows.map((row) => row.split(',')[0])).size).toBe(NAMES.length)
  })
})

describe('BlockPlan', () => {
  it('shares out exactly as many events as there are, near to each weight', () => {
    const weights = fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 65_536 }), fc.nat(), (given, count, block) => {
        const plan = new BlockPlan(1, given.length)
        plan.share(block, count, Float64Array.from(given))
        const total = given.reduce((sum, weight) => sum + weight, 0)
        expect(plan.quota.reduce((sum, quota) => sum + quota, 0)).toBe(count)
        given.forEach((weight, symbol) => {
          expect(Math.abs(plan.quota[symbol]! - (weight / total) * count)).toBeLessThan(2)
        })
      }),
    )
  })
})

describe('ConstantRate', () => {
  it('is exact to the µs for any index, where the rate is a whole number', () => {
    const rate = fc.integer({ min: 1, max: 1e8 })
    fc.assert(
      fc.property(rate, fc.nat({ max: 1e15 }), (ratePerSecond, index) => {
        const origin = 1_767_225_600_000_000
        const afterUs = (BigInt(index) * 1_000_000n) / BigInt(ratePerSecond)
        fc.pre(afterUs < Number.MAX_SAFE_INTEGER - origin)
        const schedule = new ConstantRate(ratePerSecond, origin)
        expect(BigInt(schedule.dueUs(index))).toBe(BigInt(origin) + afterUs)
        expect(schedule.countBefore(schedule.dueUs(index))).toBeLessThanOrEqual(index)
        expect(schedule.countBefore(schedule.dueUs(index) + 1)).toBeGreaterThan(index)
      }),
      { numRuns: 2000 },
    )
  })

  it('counts no further than whole numbers are exact', () => {
    expect(new ConstantRate(1e8, 0).countBefore(4_102_444_800_000_000)).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('counts the events due before a time as their due times say', () => {
    const rate = fc.double({ min: 0.01, max: 5e6, noNaN: true })
    fc.assert(
      fc.property(rate, fc.nat(1_000_000), fc.nat(2_000_000), (ratePerSecond, originIndex, index) => {
        const schedule = new ConstantRate(ratePerSecond, 1.7e15, originIndex)
        const dueUs = schedule.dueUs(originIndex + index)
        expect(schedule.countBefore(dueUs)).toBeLessThanOrEqual(originIndex + index)
        expect(schedule.countBefore(dueUs + 1)).toBeGreaterThan(originIndex + index)
      }),
    )
  })
})
