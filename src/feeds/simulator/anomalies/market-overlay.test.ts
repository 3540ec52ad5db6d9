import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind } from '../../../events/label.ts'
import type { MarketWorldOptions } from '../world/market-world.ts'
import {
  contentOf,
  isIn,
  marketOf,
  type QuoteRow,
  type Rows,
  rowsOf,
  START_US,
  type TradeRow,
} from './anomalies-test-kit.ts'
import { ANOMALY_KINDS } from './anomaly-kinds.ts'
import { AnomalyPlan } from './anomaly-plan.ts'
import type { AnomalyStretch } from './anomaly-stretch.ts'

/*
 * Goal: each kind does what docs/market-anomalies.md says, where its label says, and nothing elsewhere. Method: one
 * stretch of any time, strength and length is scheduled, and the market with it is held against the market without it.
 */

const EVENT_COUNT = 9000
const SYMBOLS = ['AAPL', 'MSFT', 'NVDA', 'TSLA']

interface Case {
  readonly stretch: AnomalyStretch
  readonly options: MarketWorldOptions
  /** Rows inside of the stretch, of its symbol, with and without it. */
  readonly inside: Rows
  readonly before: Rows
}

function rowsIn({ trades, quotes }: Rows, stretch: AnomalyStretch): Rows {
  return { trades: trades.filter((row) => isIn(row, stretch)), quotes: quotes.filter((row) => isIn(row, stretch)) }
}

/** Holds for every market and every stretch. */
function expectNothingOutside(touched: Rows, plain: Rows, stretch: AnomalyStretch): void {
  const outside = <R extends TradeRow | QuoteRow>(rows: readonly R[]) => rows.filter((row) => !isIn(row, stretch))
  expect(outside(touched.trades).map(contentOf)).toEqual(outside(plain.trades).map(contentOf))
  // Once it is over, the book is shown as it is: at most one quote more.
  const wanted = new Set(outside(plain.quotes).map((row) => JSON.stringify(row)))
  const given = outside(touched.quotes)
  const extra = given.filter((row) => !wanted.delete(JSON.stringify(row)))
  expect([...wanted]).toEqual([])
  expect(extra.length).toBeLessThanOrEqual(1)
  const after = given.find(({ symbol, timeUs }) => symbol === stretch.symbol && timeUs >= stretch.toUs)
  for (const row of extra) expect(row).toEqual(after)
}

function expectNumbered({ trades, quotes }: Rows): void {
  for (const group of Map.groupBy(trades, ({ symbol }) => symbol).values()) {
    expect(group.every(({ id }, index) => id === index + 1)).toBe(true)
  }
  for (const group of Map.groupBy(quotes, ({ symbol }) => symbol).values()) {
    expect(group.every(({ sequence }, index) => index === 0 || sequence > group[index - 1]!.sequence)).toBe(true)
  }
}

const sumOf = (rows: readonly TradeRow[]) => rows.reduce((sum, { quantity }) => sum + quantity, 0)

/** Price with the stretch over price without, less 1, in per cent, trade by trade, and where in the stretch. */
function movesOf({ inside, before, stretch }: Case): { x: number; percent: number }[] {
  expect(inside.trades.length).toBe(before.trades.length)
  return inside.trades.map(({ price, timeUs }, index) => ({
    x: (timeUs - stretch.fromUs) / (stretch.toUs - stretch.fromUs),
    percent: (price / before.trades[index]!.price - 1) * 100,
  }))
}

function extremeOf(moves: readonly { x: number; percent: number }[]): { x: number; percent: number } {
  return moves.reduce((most, move) => (Math.abs(move.percent) > Math.abs(most.percent) ? move : most))
}

const CHECKS: Readonly<Record<MarketAnomalyKind, (found: Case) => void>> = {
  'flash-crash': (found) => {
    const { magnitude } = found.stretch
    const moves = movesOf(found)
    const bottom = extremeOf(moves)
    expect(bottom.percent).toBeGreaterThan(-magnitude - 0.3)
    expect(bottom.percent).toBeLessThan(-0.75 * magnitude)
    expect(bottom.x).toBeLessThan(0.45)
    expect(moves.at(-1)!.percent).toBeGreaterThan(-0.2 * magnitude - 0.1)
  },
  'fat-finger': (found) => {
    const { magnitude } = found.stretch
    const moves = movesOf(found)
    const far = moves.filter(({ percent }) => Math.abs(percent) > Math.abs(magnitude) / 2)
    expect(far.length).toBeGreaterThanOrEqual(1)
    expect(far.length).toBeLessThanOrEqual(3)
    for (const { percent } of far) expect(Math.abs(percent - magnitude)).toBeLessThan(0.3)
    found.inside.trades.forEach((trade, index) => {
      const plain = found.before.trades[index]!
      if (index >= far.length) expect(trade).toEqual(plain)
      else expect(trade.quantity).toBeGreaterThanOrEqual(10 * plain.quantity)
    })
    expect(found.inside.quotes).toEqual(found.before.quotes)
  },
  'price-spike': (found) => {
    const { magnitude } = found.stretch
    const middle = movesOf(found).filter(({ x }) => x > 0.06 && x < 0.85)
    for (const { percent } of middle) expect(Math.abs(percent - magnitude)).toBeLessThan(0.1)
    expect(sumOf(found.inside.trades)).toBe(sumOf(found.before.trades))
  },
  'volume-burst': ({ stretch, inside, before }) => {
    const times = sumOf(inside.trades) / sumOf(before.trades)
    expect(times / stretch.magnitude).toBeGreaterThan(0.5)
    expect(times / stretch.magnitude).toBeLessThan(2)
    const countTimes = inside.trades.length / before.trades.length
    expect([2, 3, 4]).toContain(countTimes)
    expect(inside.quotes).toEqual(before.quotes)
  },
  'pump-and-dump': (found) => {
    const { magnitude } = found.stretch
    const moves = movesOf(found)
    const top = extremeOf(moves)
    expect(top.percent).toBeGreaterThan(0.8 * magnitude)
    expect(top.percent).toBeLessThan(magnitude + 0.3)
    expect(top.x).toBeGreaterThan(0.6)
    expect(top.x).toBeLessThan(0.9)
    expect(sumOf(found.inside.trades)).toBeGreaterThan(1.2 * sumOf(found.before.trades))
  },
  'quote-stuffing': ({ stretch, inside, before }) => {
    expect(inside.trades).toEqual([])
    const eventCount = ((stretch.toUs - stretch.fromUs) / 1e6) * 80
    expect(inside.quotes.length).toBeGreaterThan(0.75 * stretch.magnitude * eventCount)
    const mids = before.quotes.map(({ bid, ask }) => (bid + ask) / 2)
    const [least, most] = [Math.min(...mids), Math.max(...mids)]
    for (const { bid, ask } of inside.quotes) {
      expect(bid).toBeLessThan(ask)
      expect((bid + ask) / 2).toBeGreaterThan(least * 0.995)
      expect((bid + ask) / 2).toBeLessThan(most * 1.005)
    }
  },
  'wash-trades': ({ stretch, inside, before }) => {
    const length = stretch.magnitude
    for (let first = 0; first + length <= inside.trades.length; first += length + 1) {
      const run = inside.trades.slice(first, first + length)
      expect(new Set(run.map(({ price, quantity }) => `${price} ${quantity}`)).size).toBe(1)
      expect(run.every(({ isBuy }, index) => index === 0 || isBuy !== run[index - 1]!.isBuy)).toBe(true)
      expect(run[0]!.price).toBe(before.trades[first]!.price)
      expect(inside.trades[first + length]).toEqual(before.trades[first + length])
    }
    expect(inside.quotes).toEqual(before.quotes)
  },
  'stale-feed': ({ stretch, inside }) => {
    expect(inside).toEqual({ trades: [], quotes: [] })
    expect(stretch.magnitude).toBe((stretch.toUs - stretch.fromUs) / 1e6)
  },
  'crossed-quotes': ({ stretch, inside, before }) => {
    expect(inside.trades).toEqual(before.trades)
    expect(inside.quotes.length).toBeGreaterThan(0)
    for (const { bid, ask } of inside.quotes) {
      const crossedBp = ((bid - ask) / ask) * 1e4
      expect(crossedBp).toBeGreaterThanOrEqual(stretch.magnitude * 0.99)
      // Two ticks of rounding.
      expect(((bid - ask - 2) / ask) * 1e4).toBeLessThan(stretch.magnitude * 1.01)
    }
  },
}

describe.each(MARKET_ANOMALY_KINDS)('%s', (kind) => {
  const { drawn, isSigned, isWhole } = ANOMALY_KINDS[kind]
  const amount = isWhole
    ? fc.integer({ min: drawn[0], max: drawn[1] })
    : fc.integer({ min: drawn[0] * 1000, max: drawn[1] * 1000 }).map((thousandths) => thousandths / 1000)
  const wanted = fc.record({
    seed: fc.nat(),
    symbol: fc.constantFrom(...SYMBOLS),
    afterMs: fc.integer({ min: 0, max: 40_000 }),
    durationMs: fc.integer({ min: 20_000, max: 70_000 }),
    magnitude: isSigned ? fc.tuple(amount, fc.constantFrom(-1, 1)).map(([much, sign]) => much * sign) : amount,
  })

  it('does what it says within its stretch, and nothing else anywhere', () => {
    fc.assert(
      fc.property(wanted, ({ seed, magnitude, ...entry }) => {
        const given = kind === 'stale-feed' ? entry : { ...entry, magnitude }
        const options = marketOf({ seed, anomalies: { schedule: [{ kind, ...given }] } })
        const [stretch] = new AnomalyPlan(options).touching(START_US, START_US + 1e8)
        const touched = rowsOf(options, EVENT_COUNT)
        const plain = rowsOf(marketOf({ seed }), EVENT_COUNT)
        expectNothingOutside(touched, plain, stretch!)
        expectNumbered(touched)
        const withoutId = (rows: Rows): Rows => ({ ...rows, trades: rows.trades.map((row) => ({ ...row, id: 0 })) })
        CHECKS[kind]({
          stretch: stretch!,
          options,
          inside: withoutId(rowsIn(touched, stretch!)),
          before: withoutId(rowsIn(plain, stretch!)),
        })
      }),
      { numRuns: 5 },
    )
  })
})
