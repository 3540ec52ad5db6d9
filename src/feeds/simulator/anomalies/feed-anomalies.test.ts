import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../../base/clock.ts'
import { type Label, MARKET_ANOMALY_KINDS, type MarketAnomalyKind, type MarketLabel } from '../../../events/label.ts'
import { SimulatorFeed, type SimulatorOptions } from '../simulator-feed.ts'
import { collectRows, contentOf, isIn, type Rows, START_US } from './anomalies-test-kit.ts'
import { parseAnomalyRates } from './anomaly-options.ts'
import type { AnomalyInjection } from './feed-anomalies.ts'

/* Goal: what is injected, and every label, outlives a restart at any place, and no trade is lost or numbered twice. */

const NEVER = new AbortController().signal
const COUNT = 6000
const SYMBOLS = ['AAPL', 'MSFT', 'TSLA']
const OPTIONS: SimulatorOptions = {
  symbols: SYMBOLS,
  ratePerSecond: 30,
  seed: 7,
  backfillUs: 3.6e9,
  startTimeUs: START_US,
  maxCount: COUNT,
  batchMaxCount: 100,
}

interface Read extends Rows {
  readonly labels: Label[]
  /** After each step, with the number of rows and labels up to it. */
  readonly marks: { position: Uint8Array; trades: number; quotes: number; labels: number }[]
}

function lateClock(): SimulatedClock {
  return new SimulatedClock(START_US + 8.64e10)
}

/** Steps of a feed, with something done before the n-th of them; until it ends, or for so many. */
async function read(feed: SimulatorFeed, stepMaxCount = 1e9, before: (step: number) => void = () => {}): Promise<Read> {
  const found: Read = { trades: [], quotes: [], labels: [], marks: [] }
  for (let count = 0; count < stepMaxCount; count++) {
    before(count)
    const step = await feed.next(NEVER)
    if (step === undefined) break
    collectRows(step.trades, step.quotes, found)
    found.labels.push(...(step.labels ?? []))
    const { trades, quotes, labels } = found
    found.marks.push({ position: step.position, trades: trades.length, quotes: quotes.length, labels: labels.length })
  }
  return found
}

function expectNumbered({ trades }: Rows): void {
  for (const group of Map.groupBy(trades, ({ symbol }) => symbol).values()) {
    expect(group.every(({ id }, index) => id === index + 1)).toBe(true)
  }
}

/** Holds the rest from a restart after every step against the run without one. */
async function expectRestarts(options: SimulatorOptions, whole: Read, marks: readonly number[]): Promise<void> {
  for (const at of marks) {
    const mark = whole.marks[at]!
    const rest = await read(new SimulatorFeed(options, lateClock(), mark.position))
    // As texts: thousands of rows are compared far faster.
    expect(JSON.stringify(rest.trades)).toBe(JSON.stringify(whole.trades.slice(mark.trades)))
    expect(JSON.stringify(rest.quotes)).toBe(JSON.stringify(whole.quotes.slice(mark.quotes)))
    expect(rest.labels).toEqual(whole.labels.slice(mark.labels))
  }
}

describe('a simulated market with anomalies by rate and by schedule', () => {
  const anomalies = {
    ratesPerDay: parseAnomalyRates('all=10', '--anomalies'),
    schedule: [{ kind: 'stale-feed', symbol: 'MSFT', afterMs: 30_000, durationMs: 20_000 }] as const,
    labelDelayMs: 3000,
  }

  it('is the same with a restart at any place, labels included', async () => {
    const options = { ...OPTIONS, maxCount: 9000, anomalies }
    const whole = await read(new SimulatorFeed(options, lateClock()))
    expect(whole.labels.length).toBeGreaterThan(1)
    expectNumbered(whole)
    await expectRestarts(options, whole, [1, 7, 8, 9, 16, 47, 80])
  })

  it('begins anew where the settings change: what was under way ends there, and its label comes', async () => {
    const head = await read(new SimulatorFeed({ ...OPTIONS, anomalies }, lateClock()), 12)
    const cutUs = head.trades.at(-1)!.timeUs
    const changed = new SimulatorFeed(
      { ...OPTIONS, ratePerSecond: 60, anomalies },
      lateClock(),
      head.marks.at(-1)!.position,
    )
    const rest = await read(changed)
    const all = { trades: [...head.trades, ...rest.trades], quotes: [] }
    expectNumbered(all)
    const labels = [...head.labels, ...rest.labels].filter((label) => label.type === 'market-label')
    const stale = labels.filter(({ kind, symbol }) => kind === 'stale-feed' && symbol === 'MSFT')
    expect(stale[0]!.fromMs).toBe(START_US / 1000 + 30_000)
    expect(stale[0]!.toMs * 1000).toBeGreaterThan(cutUs)
    expect(stale[0]!.toMs * 1000).toBeLessThan(cutUs + 1e5)
    expect(new Set(labels.map(({ id }) => id)).size).toBe(labels.length)
    for (const { symbol, fromMs, toMs } of stale) {
      const span = { symbol: SYMBOLS.indexOf(symbol), fromUs: fromMs * 1000, toUs: toMs * 1000 }
      expect(all.trades.filter((row) => isIn(row, span))).toEqual([])
    }
  })
})

/** No label where all symbols are taken at the time. */
function injectedInto(feed: SimulatorFeed, injection: AnomalyInjection): MarketLabel[] {
  try {
    return [feed.inject(injection)]
  } catch (error) {
    expect(String(error)).toContain('in every symbol')
    return []
  }
}

describe('an injected anomaly', () => {
  it.each(MARKET_ANOMALY_KINDS)(
    '%s begins with the next event, and goes on inside a restart at any place',
    async (kind) => {
      const plain = await read(new SimulatorFeed(OPTIONS, lateClock()))
      const feed = new SimulatorFeed(OPTIONS, lateClock())
      let label: MarketLabel | undefined
      const injectAt = 3 + MARKET_ANOMALY_KINDS.indexOf(kind)
      const whole = await read(feed, 1e9, (step) => {
        if (step === injectAt) label = feed.inject({ kind, symbol: 'tsla', durationMs: 40_000 })
      })
      expect(label).toMatchObject({ kind, symbol: 'TSLA', toMs: label!.fromMs + 40_000 })
      expect(label!.fromMs * 1000).toBe(plain.trades[plain.marks[injectAt - 1]!.trades]!.timeUs)
      expect(whole.labels).toEqual([label])
      expectNumbered(whole)
      const span = { symbol: 2, fromUs: label!.fromMs * 1000, toUs: label!.toMs * 1000 }
      const part = (rows: Rows, isInside: boolean) =>
        rows.trades.filter((row) => isIn(row, span) === isInside).map(contentOf)
      expect(part(whole, false)).toEqual(part(plain, false))
      const touched = [whole, plain].map((rows) => [part(rows, true), rows.quotes.filter((row) => isIn(row, span))])
      const others = ({ quotes }: Rows) => quotes.filter((row) => !isIn(row, span)).length
      expect(others(whole) - others(plain)).toBeLessThanOrEqual(1)
      expect(touched[0]).not.toEqual(touched[1])
      await expectRestarts(OPTIONS, whole, [
        injectAt,
        injectAt + 1,
        injectAt + 9,
        injectAt + 12,
        injectAt + 14,
        injectAt + 20,
        55,
      ])
    },
  )

  /** A run with injections before some steps, and a restart after every so many. */
  async function interrupted(kinds: ReadonlyMap<number, MarketAnomalyKind>, every: number) {
    const all: Rows = { trades: [], quotes: [] }
    const labels: Label[] = []
    const told: MarketLabel[] = []
    let feed = new SimulatorFeed(OPTIONS, lateClock())
    for (let step = 0; ; step++) {
      const kind = kinds.get(step)
      if (kind !== undefined) told.push(...injectedInto(feed, { kind, durationMs: 6000 }))
      const next = await feed.next(NEVER)
      if (next === undefined) return { all, labels, told }
      collectRows(next.trades, next.quotes, all)
      labels.push(...next.labels!)
      if (step % every === 0) feed = new SimulatorFeed(OPTIONS, lateClock(), next.position)
    }
  }

  it('may follow another, in the same symbol or any that is well, however often the feed is stopped', async () => {
    const steps = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 55 }), fc.constantFrom(...MARKET_ANOMALY_KINDS)), {
      selector: ([step]) => step,
      minLength: 1,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 40 }), async (given, every) => {
        const kinds = new Map(given)
        const whole = await interrupted(kinds, Number.POSITIVE_INFINITY)
        expect(whole.told.length).toBeGreaterThan(0)
        const cut = await interrupted(kinds, every)
        expect(JSON.stringify(cut)).toBe(JSON.stringify(whole))
        expectNumbered(cut.all)
        const lastMs = cut.all.trades.at(-1)!.timeUs / 1000
        const known = cut.told.filter(({ toMs }) => toMs < lastMs).map(({ id }) => id)
        const ids = cut.labels.map((label) => (label.type === 'market-label' ? label.id : ''))
        expect(ids.toSorted()).toEqual(known.toSorted())
      }),
      { numRuns: 10 },
    )
  })
})

describe('an injection', () => {
  it('is refused over another, before one that is to come, and where it is not possible', async () => {
    const schedule = [{ kind: 'price-spike', symbol: 'MSFT', afterMs: 60_000, durationMs: 10_000 }] as const
    const feed = new SimulatorFeed({ ...OPTIONS, anomalies: { schedule } }, lateClock())
    await feed.next(NEVER)
    feed.inject({ kind: 'volume-burst', symbol: 'AAPL', durationMs: 60_000 })
    const refusals: [AnomalyInjection, string][] = [
      [{ kind: 'stale-feed', symbol: 'AAPL' }, 'symbol: AAPL is in a volume-burst until 2023-11-14T22:14:03'],
      [
        { kind: 'stale-feed', symbol: 'MSFT', durationMs: 90_000 },
        'symbol: MSFT has a price-spike from 2023-11-14T22:14:00',
      ],
      [{ kind: 'stale-feed', symbol: 'NOPE' }, 'symbol: expected one of AAPL, MSFT, TSLA, got "NOPE"'],
      [{ kind: 'quake' as 'stale-feed' }, 'kind: expected one of flash-crash, fat-finger'],
      [{ kind: 'flash-crash', magnitude: 100 }, 'magnitude: expected 0.1 to 90 (% of the price lost'],
      [
        { kind: 'stale-feed', symbol: 'TSLA', magnitude: 5, durationMs: 9000 },
        'durationMs: expected 5000 ms, as the magnitude',
      ],
      [{ kind: 'flash-crash', durationMs: 1 }, 'durationMs: expected 100 to 900000 ms, got 1'],
    ]
    for (const [injection, message] of refusals) {
      expect(() => feed.inject(injection)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
      expect(() => feed.inject(injection)).toThrow(message)
    }
    feed.inject({ kind: 'stale-feed', durationMs: 20_000 })
    feed.inject({ kind: 'stale-feed', durationMs: 20_000 })
    expect(() => feed.inject({ kind: 'stale-feed', durationMs: 20_000 })).toThrow('in every symbol')
    await read(feed)
    expect(() => feed.inject({ kind: 'stale-feed' })).toThrow('has come to its end')
  })
})
