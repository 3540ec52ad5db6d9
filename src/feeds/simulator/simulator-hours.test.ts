import { createHash } from 'node:crypto'
import { deserialize, serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../base/clock.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import type { Trade } from '../../events/trade.ts'
import { SimulatorFeed, type SimulatorOptions } from './simulator-feed.ts'

const NEVER = new AbortController().signal
const HOUR_US = 3_600_000_000
const timeUs = (text: string) => Date.parse(text) * 1000
/** A Friday; its session is 14:30 to 21:00 UTC, that of the Monday after as well. */
const FRIDAY_OPEN_US = timeUs('2026-01-09T14:30:00Z')
const FRIDAY_CLOSE_US = timeUs('2026-01-09T21:00:00Z')
const MONDAY_OPEN_US = timeUs('2026-01-12T14:30:00Z')

const OPTIONS: SimulatorOptions = {
  symbols: ['AAPL', 'MSFT', 'TSLA'],
  ratePerSecond: 1,
  seed: 7,
  backfillUs: 24 * HOUR_US,
  hours: 'nyse',
}
/** Two hours before Friday's close, and on into Monday. */
const PAST: SimulatorOptions = { ...OPTIONS, startTimeUs: FRIDAY_CLOSE_US - 2 * HOUR_US, maxCount: 12_000 }

function lateClock(): SimulatedClock {
  return new SimulatedClock(timeUs('2026-02-01T00:00:00Z'))
}

/** What a feed gives until it has given `count` trades, ends, or has no more for now. */
async function read(feed: SimulatorFeed, count = Number.POSITIVE_INFINITY) {
  const trades: Trade[] = []
  const lines: string[] = []
  let position: Uint8Array | undefined
  while (trades.length < count && !feed.progress().isDone) {
    const step = await feed.next(NEVER)
    if (step === undefined) break
    for (let row = 0; row < step.quotes.count; row++) lines.push(JSON.stringify(quoteAt(step.quotes, row)))
    for (let row = 0; row < step.trades.count; row++) trades.push(tradeAt(step.trades, row))
    lines.push(...trades.slice(trades.length - step.trades.count).map((trade) => JSON.stringify(trade)))
    position = step.position
  }
  return { trades, lines: lines.toSorted(), position, timesUs: trades.map(({ eventTimeMs }) => eventTimeMs * 1000) }
}

const hashOf = (lines: readonly string[]) => createHash('sha256').update(lines.toSorted().join('\n')).digest('hex')

describe('the simulated market with the hours of an exchange', () => {
  it('is the same whole, in small steps, and stopped and started again at any place', async () => {
    const whole = await read(new SimulatorFeed(PAST, lateClock()))
    expect(whole.trades).toHaveLength(12_000)
    const small = await read(new SimulatorFeed({ ...PAST, batchMaxCount: 777 }, lateClock()))
    expect(hashOf(small.lines)).toBe(hashOf(whole.lines))
    // 7200 is the first event of Monday.
    for (const count of [1, 5000, 7199, 7200, 7201, 11_999]) {
      const options = { ...PAST, batchMaxCount: 1 + (count % 900) }
      const head = await read(new SimulatorFeed(options, lateClock()), count)
      const rest = await read(new SimulatorFeed(options, lateClock(), head.position))
      expect(hashOf([...head.lines, ...rest.lines]), `${count}`).toBe(hashOf(whole.lines))
    }
  })

  it('rests from close to open', async () => {
    const { timesUs } = await read(new SimulatorFeed(PAST, lateClock()))
    const closed = timesUs.filter((at) => at >= FRIDAY_CLOSE_US && at < MONDAY_OPEN_US)
    expect(closed).toEqual([])
    expect(timesUs[7199]).toBe(FRIDAY_CLOSE_US - 1_000_000)
    expect(timesUs[7200]).toBe(MONDAY_OPEN_US)
  })

  it('has on a Sunday the last session as its history, then waits with promises', async () => {
    const nowUs = timeUs('2026-01-11T12:00:00Z')
    const clock = new SimulatedClock(nowUs)
    const feed = new SimulatorFeed(OPTIONS, clock)
    const first = await feed.next(NEVER)
    expect(first!.trades.eventTimeUs[0]).toBe(FRIDAY_OPEN_US)
    let count = first!.trades.count
    while (count < 6.5 * 3600) count += (await feed.next(NEVER))!.trades.count
    expect(count).toBe(6.5 * 3600)
    const idle = feed.next(NEVER)
    await clock.advance(1100)
    const step = (await idle)!
    expect(step.trades.count).toBe(0)
    expect(step.trades.watermarkUs).toBe(nowUs + 1_000_000)
    expect(feed.progress()).toMatchObject({ fraction: 1, isDone: true })
  })

  it('has in the evening the end of the session where less history is wanted', async () => {
    const clock = new SimulatedClock(timeUs('2026-01-10T01:00:00Z'))
    const step = await new SimulatorFeed({ ...OPTIONS, backfillUs: HOUR_US }, clock).next(NEVER)
    expect(step!.trades.eventTimeUs[0]).toBe(FRIDAY_CLOSE_US - HOUR_US)
  })

  it('has on a Monday when the market opens the session of Friday', async () => {
    const clock = new SimulatedClock(MONDAY_OPEN_US + 60_000_000)
    const step = await new SimulatorFeed(OPTIONS, clock).next(NEVER)
    // 24 hours of Friday and Monday, without the weekend, begin a minute after Friday's open.
    expect(step!.trades.eventTimeUs[0]).toBe(FRIDAY_OPEN_US + 60_000_000)
  })

  it('keeps further holidays', async () => {
    const options = { ...PAST, maxCount: 7201, holidays: ['2026-01-12'] }
    const { timesUs } = await read(new SimulatorFeed(options, lateClock()))
    expect(timesUs[7200]).toBe(timeUs('2026-01-13T14:30:00Z'))
  })
})

describe('the rules of the simulated market, changed', () => {
  it('begin a new stretch: in time order, with ids that go on', async () => {
    const head = await read(new SimulatorFeed({ ...PAST, maxCount: 5000 }, lateClock()))
    const changes: Partial<SimulatorOptions>[] = [
      { hours: 'always' },
      { market: 'crypto' },
      { holidays: ['2026-01-12'] },
      { models: { AAPL: { annualVolatility: 0.9 } } },
    ]
    for (const change of changes) {
      const options = { ...PAST, ...change, maxCount: 9000 }
      const rest = await read(new SimulatorFeed(options, lateClock(), head.position))
      const times = [...head.timesUs, ...rest.timesUs]
      expect(times).toHaveLength(9000)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      for (const group of Map.groupBy([...head.trades, ...rest.trades], ({ symbol }) => symbol).values()) {
        expect(group.map(({ id }) => id)).toEqual(group.map((_, index) => index + 1))
      }
      const same = await read(new SimulatorFeed({ ...PAST, maxCount: 9000 }, lateClock(), head.position))
      expect(hashOf(rest.lines), JSON.stringify(change)).not.toBe(hashOf(same.lines))
    }
  })

  it('let a market that waits for Monday go on at once where it is open around the clock from now on', async () => {
    const nowUs = timeUs('2026-01-11T12:00:00Z')
    const head = await read(new SimulatorFeed(OPTIONS, new SimulatedClock(nowUs)), 6.5 * 3600)
    const clock = new SimulatedClock(nowUs + 60_000_000)
    const next = new SimulatorFeed({ ...OPTIONS, hours: 'always' }, clock, head.position).next(NEVER)
    await clock.advance(20)
    expect((await next)!.trades.eventTimeUs[0]).toBe(nowUs + 60_000_000)
  })

  it('are not changed by the order of settings, nor by models of symbols that are not there', async () => {
    const models = { AAPL: { price: 100, annualVolatility: 0.2 }, TSLA: { price: 50 } }
    const head = await read(
      new SimulatorFeed({ ...PAST, models, holidays: ['2026-03-02', '2026-03-03'] }, lateClock()),
      1,
    )
    const reordered = { TSLA: { price: 50 }, AAPL: { annualVolatility: 0.2, price: 100 }, IBM: { price: 7 } }
    const holidays = ['2026-03-03', '2026-03-02', '2026-03-03']
    const rest = await read(new SimulatorFeed({ ...PAST, models: reordered, holidays }, lateClock(), head.position))
    const whole = await read(new SimulatorFeed({ ...PAST, models }, lateClock()))
    expect(hashOf([...head.lines, ...rest.lines])).toBe(hashOf(whole.lines))
  })

  it('are the defaults in a position from before there were any', async () => {
    const { hours: _, ...options } = { ...PAST, maxCount: 3000 }
    const whole = await read(new SimulatorFeed(options, lateClock()))
    const head = await read(new SimulatorFeed({ ...options, batchMaxCount: 1000 }, lateClock()), 1000)
    const { rules: __, ...before } = deserialize(head.position!) as Record<string, unknown>
    const rest = await read(new SimulatorFeed(options, lateClock(), serialize(before)))
    expect(hashOf([...head.lines, ...rest.lines])).toBe(hashOf(whole.lines))
  })
})

describe('the model of one symbol', () => {
  const bySymbol = ({ trades }: { trades: readonly Trade[] }) => Map.groupBy(trades, ({ symbol }) => symbol)

  it('changes that symbol and no other', async () => {
    const plain = bySymbol(await read(new SimulatorFeed(PAST, lateClock())))
    const models = { TSLA: { price: 80, annualVolatility: 2, tickSize: 0.05, quantityDecimals: 2, spreadBp: 20 } }
    const changed = bySymbol(await read(new SimulatorFeed({ ...PAST, models }, lateClock())))
    expect(changed.get('AAPL')).toEqual(plain.get('AAPL'))
    expect(changed.get('MSFT')).toEqual(plain.get('MSFT'))
    const tsla = changed.get('TSLA')!
    expect(tsla.map(({ id }) => id)).toEqual(plain.get('TSLA')!.map(({ id }) => id))
    expect(Math.abs(Number(tsla[0]!.price) - 80)).toBeLessThan(8)
    expect(tsla.filter(({ price }) => Math.round(Number(price) * 100) % 5 !== 0)).toEqual([])
    expect(tsla.some(({ quantity }) => /\.\d\d$/.test(quantity))).toBe(true)
  })

  it('is refused where tick size and price do not go together', () => {
    const options = { ...PAST, models: { AAPL: { price: 10, tickSize: 5 } } }
    expect(() => new SimulatorFeed(options, lateClock())).toThrow(
      'models.AAPL.tickSize: expected 1e-7 to 0.5 at a price of 10, got 5',
    )
  })
})
