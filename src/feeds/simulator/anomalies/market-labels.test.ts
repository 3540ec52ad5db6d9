import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind, type MarketLabel } from '../../../events/label.ts'
import { contentOf, isIn, marketOf, type Rows, rowsOf, START_US } from './anomalies-test-kit.ts'
import { ANOMALY_KINDS, STRETCH_MAX_MS } from './anomaly-kinds.ts'
import { type MarketAnomalies, parseAnomalyRates, settledAnomalies } from './anomaly-options.ts'
import { AnomalyPlan } from './anomaly-plan.ts'
import { endOf, labelOf } from './anomaly-stretch.ts'
import { MarketLabels } from './market-labels.ts'

/*
 * Goal: drawn anomalies are a function of seed and time: the same market whole and in pieces, and labels that are the
 * whole truth about it. Method: two hours of a market in which much goes wrong, against itself in pieces and without.
 */

const HOUR_US = 3_600_000_000
const EVENT_COUNT = 150_000
const SCHEDULE = [
  { kind: 'flash-crash', symbol: 'TSLA', afterMs: 1_000_000, magnitude: 20, durationMs: 120_000 },
] as const
const OPTIONS = marketOf({
  ratePerSecond: 40,
  symbols: ['AAPL', 'MSFT', 'NVDA', 'TSLA', 'V', 'JNJ'],
  anomalies: { ratesPerDay: parseAnomalyRates('all=9', '--anomalies'), schedule: SCHEDULE, labelDelayMs: 0 },
})
const WHOLE = rowsOf(OPTIONS, EVENT_COUNT)
const END_US = OPTIONS.schedule.dueUs(EVENT_COUNT)

const hashOf = (rows: Rows) => createHash('sha256').update(JSON.stringify(rows)).digest('hex')

function labelsOf(options = OPTIONS, endUs = END_US): MarketLabel[] {
  return new MarketLabels(options).before(endUs)
}

describe('a market with anomalies', () => {
  it('is the same whole, in pieces, and from any event on', () => {
    const cut = fc.record({ at: fc.integer({ min: 1, max: 25_000 }), batchCount: fc.integer({ min: 5, max: 9000 }) })
    const wanted = rowsOf(OPTIONS, 25_000)
    fc.assert(
      fc.property(cut, ({ at, batchCount }) => {
        const head = rowsOf(OPTIONS, at, 0, batchCount)
        const rest = rowsOf(OPTIONS, 25_000, at, batchCount)
        const both = { trades: [...head.trades, ...rest.trades], quotes: [...head.quotes, ...rest.quotes] }
        expect(hashOf(both)).toBe(hashOf(wanted))
      }),
      { numRuns: 6 },
    )
  })

  it('refuses batches that an event may not fit in', () => {
    expect(() => rowsOf(OPTIONS, 25_000, 0, 4)).toThrow('batch: expected room for 5 rows, got 4')
  })

  it('keeps the numbers of its trades and quotes in order, whatever is left out or added', () => {
    for (const group of Map.groupBy(WHOLE.trades, ({ symbol }) => symbol).values()) {
      expect(group.every(({ id }, index) => id === index + 1)).toBe(true)
    }
    for (const group of Map.groupBy(WHOLE.quotes, ({ symbol }) => symbol).values()) {
      expect(group.every(({ sequence }, index) => index === 0 || sequence > group[index - 1]!.sequence)).toBe(true)
    }
  })

  it('differs from the market without them in labelled stretches alone, and in each of them', () => {
    const labels = labelsOf(OPTIONS, END_US + HOUR_US)
    const spans = labels.map(({ symbol, fromMs, toMs }) => ({
      symbol: OPTIONS.symbols.findIndex((known) => known.symbol === symbol),
      fromUs: fromMs * 1000,
      toUs: toMs * 1000,
    }))
    const plain = rowsOf(
      marketOf({ ratePerSecond: 40, symbols: OPTIONS.symbols.map(({ symbol }) => symbol) }),
      EVENT_COUNT,
    )
    const bySymbol = Map.groupBy(spans, ({ symbol }) => symbol)
    const outside = ({ trades }: Rows) =>
      trades.filter((row) => !(bySymbol.get(row.symbol) ?? []).some((span) => isIn(row, span))).map(contentOf)
    expect(outside(WHOLE)).toEqual(outside(plain))
    const textOf = ({ trades, quotes }: Rows, span: (typeof spans)[number]) =>
      JSON.stringify([trades.filter((row) => isIn(row, span)).map(contentOf), quotes.filter((row) => isIn(row, span))])
    const done = spans.filter(({ toUs }) => toUs < END_US)
    expect(done.filter((span) => textOf(WHOLE, span) === textOf(plain, span))).toEqual([])
    expect(new Set(labels.map(({ kind }) => kind)).size).toBe(MARKET_ANOMALY_KINDS.length)
  })
})

describe('the labels', () => {
  it('are those of all stretches of the plan, in order, with any delay, asked in any steps', () => {
    const step = fc.integer({ min: 1, max: 3_000_000_000 })
    fc.assert(
      fc.property(
        fc.nat(9),
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.array(step, { minLength: 1 }),
        (seed, labelDelayMs, steps) => {
          const options = { ...OPTIONS, seed, anomalies: { ...OPTIONS.anomalies!, labelDelayMs } }
          const given: MarketLabel[] = []
          const labels = new MarketLabels(options)
          let atUs = START_US
          for (const stepUs of steps) {
            atUs += stepUs
            given.push(...labels.before(atUs))
          }
          const wanted = new AnomalyPlan(options)
            .touching(START_US, atUs)
            .map((stretch) => labelOf(stretch, options.symbols[stretch.symbol]!, labelDelayMs))
            .filter(({ eventTimeMs }) => eventTimeMs * 1000 < atUs)
            .sort((a, b) => a.eventTimeMs - b.eventTimeMs || (a.id < b.id ? -1 : 1))
          expect(given).toEqual(wanted)
          expect(new Set(given.map(({ id }) => id)).size).toBe(given.length)
          for (const { toMs, eventTimeMs } of given) expect(eventTimeMs).toBe(toMs + labelDelayMs)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('begin at any time with those that become known from then on', () => {
    const all = labelsOf()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: END_US - START_US }), (afterUs) => {
        const labels = new MarketLabels(OPTIONS)
        labels.skipTo(START_US + afterUs)
        expect(labels.before(END_US)).toEqual(all.filter(({ eventTimeMs }) => eventTimeMs * 1000 >= START_US + afterUs))
      }),
    )
  })

  it('have the scheduled stretch as it was asked for, and no other over it', () => {
    const labels = labelsOf().filter(({ symbol }) => symbol === 'TSLA')
    const asked = labels.find(({ id }) => id === `flash-crash:sim:TSLA:${START_US + 1e9}`)!
    expect(asked).toMatchObject({ magnitude: 20, toMs: asked.fromMs + 120_000 })
    expect(labels.filter(({ fromMs, toMs }) => fromMs < asked.toMs && toMs > asked.fromMs)).toEqual([asked])
  })
})

describe('the plan', () => {
  const year = { ...OPTIONS, anomalies: { ...OPTIONS.anomalies!, schedule: [] } }
  const endUs = START_US + 60 * 24 * HOUR_US
  const stretches = new AnomalyPlan(year).touching(START_US, endUs)

  it('has as many stretches of each kind as its rate says, none over another', () => {
    for (const kind of MARKET_ANOMALY_KINDS) {
      const count = stretches.filter((stretch) => stretch.kind === kind).length
      expect(Math.abs(count / (60 * 6 * 9) - 1), kind).toBeLessThan(0.1)
    }
    for (const group of Map.groupBy(stretches, ({ symbol }) => symbol).values()) {
      expect(group.every(({ fromUs }, index) => index === 0 || fromUs >= group[index - 1]!.toUs)).toBe(true)
    }
  })

  it('draws strength and duration within the ranges of their kind, and all over them', () => {
    for (const kind of MARKET_ANOMALY_KINDS) {
      const { drawn, isSigned, durationMs } = ANOMALY_KINDS[kind]
      const own = stretches.filter((stretch) => stretch.kind === kind)
      const amounts = own.map(({ magnitude }) => Math.abs(magnitude))
      expectSpread(amounts, drawn)
      expect(own.some(({ magnitude }) => magnitude < 0)).toBe(isSigned)
      // A duration grows where it would be too short for twenty events of each symbol: 3 s here.
      const durations = own.map(({ fromUs, toUs }) => (toUs - fromUs) / 1000)
      expectSpread(durations, [Math.max(3000, durationMs[0]), durationMs[1]])
    }
  })

  it('has nothing where a market has too few events to feel it, and lasts longer where it has few', () => {
    const slow = marketOf({ ...{ ratePerSecond: 0.05 }, anomalies: year.anomalies! })
    expect(new AnomalyPlan(slow).touching(START_US, endUs)).toEqual([])
    const sparse = marketOf({ ratePerSecond: 1, anomalies: year.anomalies! })
    const found = new AnomalyPlan(sparse).touching(START_US, endUs)
    expect(found.length).toBeGreaterThan(1000)
    expect(Math.min(...found.map(({ fromUs, toUs }) => toUs - fromUs))).toBeGreaterThanOrEqual(79e6)
    expect(endOf(START_US, 1000, sparse.schedule, 4)).toBe(START_US + 80e6)
  })

  const schedule = (entries: MarketAnomalies['schedule']) => () =>
    new AnomalyPlan(marketOf({ anomalies: { schedule: entries } }))
  const crash = { kind: 'flash-crash', symbol: 'AAPL', afterMs: 0, durationMs: 60_000 } as const

  it.each<[string, () => unknown, string]>([
    [
      'two at once',
      schedule([crash, { ...crash, kind: 'stale-feed', afterMs: 59_999 }]),
      'stale-feed begins before flash-crash ends',
    ],
    ['an unknown symbol', schedule([{ ...crash, symbol: 'NOPE' }]), 'schedule[0].symbol: expected one of AAPL, MSFT'],
    [
      'an unknown kind',
      schedule([{ ...crash, kind: 'quake' as MarketAnomalyKind }]),
      'expected one of flash-crash, fat-finger',
    ],
    ['no time', schedule([{ kind: 'flash-crash', symbol: 'AAPL' }]), 'expected either at or after'],
    ['two times', schedule([{ ...crash, atMs: 1 }]), 'expected either at or after'],
    ['too strong', schedule([{ ...crash, magnitude: 91 }]), 'magnitude: expected 0.1 to 90 (% of the price lost'],
    [
      'no whole number',
      schedule([{ ...crash, kind: 'wash-trades', magnitude: 4.5 }]),
      'expected a whole number, 2 to 1000',
    ],
    ['too long', schedule([{ ...crash, durationMs: STRETCH_MAX_MS + 1 }]), 'durationMs: expected 100 to 900000 ms'],
    ['too many', () => parseAnomalyRates('all=11', '--anomalies'), 'at most 96 a day for each symbol'],
    [
      'a rate below zero',
      () => parseAnomalyRates('stale-feed=-1', '--anomalies'),
      '--anomalies.stale-feed: expected 0 or more',
    ],
    ['an unknown name', () => parseAnomalyRates('quake=1', '--anomalies'), 'expected all, flash-crash'],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message)
  })

  it('reads rates from a flag', () => {
    const rates = parseAnomalyRates('flash-crash=2, stale-feed,wash-trades=0', '--anomalies')
    expect(rates).toEqual({ 'flash-crash': 2, 'stale-feed': 1, 'wash-trades': 0 })
    expect(settledAnomalies({ ratesPerDay: rates }, 0).ratesPerDay).toEqual({ 'flash-crash': 2, 'stale-feed': 1 })
  })
})

/** All of them in the range, and some near both of its ends. */
function expectSpread(values: readonly number[], [least, most]: readonly [number, number]): void {
  const sorted = values.toSorted((a, b) => a - b)
  expect(sorted[0]).toBeGreaterThanOrEqual(least)
  expect(sorted.at(-1)).toBeLessThanOrEqual(most)
  expect(sorted[0]).toBeLessThan(least + (most - least) * 0.15)
  expect(sorted.at(-1)).toBeGreaterThan(least + (most - least) * 0.9)
}
