import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../base/clock.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import type { Trade } from '../../events/trade.ts'
import { SimulatorFeed, type SimulatorOptions } from './simulator-feed.ts'

const START_US = Date.UTC(2026, 0, 5) * 1000
const HOUR_US = 3_600_000_000
const NEVER = new AbortController().signal

function optionsOf(options: Partial<SimulatorOptions> = {}): SimulatorOptions {
  return { symbols: ['AAPL', 'MSFT', 'TSLA'], ratePerSecond: 50, seed: 7, backfillUs: HOUR_US, ...options }
}

/** What a feed gives until it has given `count` trades, or ends. */
async function read(feed: SimulatorFeed, count: number) {
  const trades: Trade[] = []
  const lines: string[] = []
  let position: Uint8Array | undefined
  while (trades.length < count) {
    const step = await feed.next(NEVER)
    if (step === undefined) break
    for (let row = 0; row < step.quotes.count; row++) lines.push(JSON.stringify(quoteAt(step.quotes, row)))
    for (let row = 0; row < step.trades.count; row++) trades.push(tradeAt(step.trades, row))
    position = step.position
  }
  return { trades, quotes: lines, position }
}

const PAST: Partial<SimulatorOptions> = { startTimeUs: START_US, maxCount: 2000 }

/** Long after all of it was due. */
function lateClock(): SimulatedClock {
  return new SimulatedClock(START_US + 24 * HOUR_US)
}

describe('the simulated market', () => {
  it('is the same for the same seed, however it is cut into steps', async () => {
    const whole = await read(new SimulatorFeed(optionsOf(PAST), lateClock()), 2000)
    const cut = await read(new SimulatorFeed(optionsOf({ ...PAST, batchMaxCount: 17 }), lateClock()), 2000)
    expect(cut.trades).toEqual(whole.trades)
    expect(cut.quotes).toEqual(whole.quotes)
    const other = await read(new SimulatorFeed(optionsOf({ ...PAST, seed: 8 }), lateClock()), 2000)
    expect(other.trades).not.toEqual(whole.trades)
  })

  it('goes on from any position with exactly the rest', async () => {
    const { trades: whole, quotes } = await read(new SimulatorFeed(optionsOf(PAST), lateClock()), 2000)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1999 }), fc.integer({ min: 1, max: 300 }), async (count, size) => {
        const options = optionsOf({ ...PAST, batchMaxCount: size })
        const head = await read(new SimulatorFeed(options, lateClock()), count)
        const rest = await read(new SimulatorFeed(options, lateClock(), head.position), 2000)
        expect([...head.trades, ...rest.trades]).toEqual(whole)
        expect([...head.quotes, ...rest.quotes]).toEqual(quotes)
      }),
      { numRuns: 25 },
    )
  })

  it('gives the n-th trade the time that its rate gives it', async () => {
    const { trades } = await read(new SimulatorFeed(optionsOf({ ...PAST, ratePerSecond: 30 }), lateClock()), 2000)
    trades.forEach((trade, n) => {
      expect(Math.abs(trade.eventTimeMs * 1000 - (START_US + (n * 1e6) / 30))).toBeLessThanOrEqual(1)
    })
  })

  it('numbers the trades of each symbol without a hole, and ends at its count', async () => {
    const feed = new SimulatorFeed(optionsOf(PAST), lateClock())
    const { trades } = await read(feed, Number.POSITIVE_INFINITY)
    expect(trades).toHaveLength(2000)
    for (const group of Map.groupBy(trades, ({ symbol }) => symbol).values()) {
      expect(group.map(({ id }) => id)).toEqual(group.map((_, index) => index + group[0]!.id!))
    }
    expect(await feed.next(NEVER)).toBeUndefined()
    expect(feed.progress().isDone).toBe(true)
  })

  it('has prices above zero and a bid below its ask', async () => {
    const { trades, quotes } = await read(new SimulatorFeed(optionsOf(PAST), lateClock()), 2000)
    for (const { price, quantity } of trades) expect(Number(price) > 0 && Number(quantity) > 0).toBe(true)
    for (const { bidPrice, askPrice } of quotes.map((line) => JSON.parse(line))) {
      expect(Number(bidPrice)).toBeLessThan(Number(askPrice))
    }
  })
})

describe('the simulated market and the clock', () => {
  it('lives through its past at once, then keeps step with the clock', async () => {
    const clock = new SimulatedClock(START_US)
    const feed = new SimulatorFeed(optionsOf({ backfillUs: 60_000_000 }), clock)
    const seen: number[] = []
    const abort = new AbortController()
    const reading = (async () => {
      for (;;) {
        const step = await feed.next(abort.signal).catch(() => undefined)
        if (step === undefined) return
        for (let row = 0; row < step.trades.count; row++) {
          seen.push(step.trades.eventTimeUs[row]!)
          expect(step.trades.eventTimeUs[row]).toBeLessThanOrEqual(clock.nowUs())
        }
      }
    })()
    await clock.advance(20)
    expect(seen.length).toBeGreaterThanOrEqual(60 * 50)
    expect(feed.progress()).toMatchObject({ fraction: 1, isDone: true })
    await clock.advance(2000)
    expect(Math.abs(clock.nowUs() - seen.at(-1)!)).toBeLessThan(40_000)
    abort.abort(new Error('enough'))
    await reading
  })

  it('promises that nothing older follows where a while has passed without a trade', async () => {
    const clock = new SimulatedClock(START_US)
    const feed = new SimulatorFeed(optionsOf({ ratePerSecond: 0.1, startTimeUs: START_US + 5_000_000 }), clock)
    const next = feed.next(NEVER)
    await clock.advance(1100)
    const step = (await next)!
    expect(step.trades.count).toBe(0)
    expect(step.trades.watermarkUs).toBeGreaterThan(START_US)
    expect(step.trades.watermarkUs).toBeLessThanOrEqual(clock.nowUs())
  })
})

describe('the simulated market, stopped and started again', () => {
  it('fills a pause when it is started again', async () => {
    const options = optionsOf({ startTimeUs: START_US })
    const head = await read(new SimulatorFeed(options, new SimulatedClock(START_US + 60_000_000)), 3000)
    const feed = new SimulatorFeed(options, new SimulatedClock(START_US + 600_000_000), head.position)
    expect(feed.progress()).toMatchObject({ isDone: false })
    const rest = await read(feed, 27_000)
    const times = [...head.trades, ...rest.trades].map(({ eventTimeMs }) => eventTimeMs)
    expect(times.length).toBeGreaterThanOrEqual(30_000)
    expect(Math.max(...times.map((timeMs, n) => Math.abs(timeMs - START_US / 1000 - n * 20)))).toBeLessThan(0.002)
  })

  it('goes on in time order, with ids that go on, at another rate and with other symbols', async () => {
    const clock = lateClock()
    const head = await read(new SimulatorFeed(optionsOf({ ...PAST, maxCount: 1000 }), clock), 1000)
    const changes: Partial<SimulatorOptions>[] = [{ ratePerSecond: 5 }, { symbols: ['TSLA', 'NVDA'] }, { seed: 9 }]
    for (const change of changes) {
      const rest = await read(new SimulatorFeed(optionsOf({ ...PAST, ...change }), clock, head.position), 1000)
      expect(rest.trades.length).toBeGreaterThan(0)
      const times = [...head.trades, ...rest.trades].map(({ eventTimeMs }) => eventTimeMs)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      const wanted = new Set(change.symbols ?? optionsOf().symbols)
      expect(new Set(rest.trades.map(({ symbol }) => symbol))).toEqual(wanted)
    }
  })

  it('gives nothing and loses nothing where it is stopped while it waits', async () => {
    const clock = new SimulatedClock(START_US)
    const options = optionsOf({ startTimeUs: START_US, ratePerSecond: 1 })
    const feed = new SimulatorFeed(options, clock)
    const abort = new AbortController()
    const reason = new Error('stop')
    const waiting = feed.next(abort.signal)
    abort.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(feed.next(abort.signal)).rejects.toBe(reason)
    const next = feed.next(NEVER)
    await clock.advance(1100)
    expect(tradeAt((await next)!.trades, 0).eventTimeMs).toBe(START_US / 1000)
  })

  it.each([
    [{ symbols: [] }, /at least one symbol/],
    [{ ratePerSecond: 0 }, /rate: expected more than 0/],
    [{ ratePerSecond: Number.NaN }, /rate: expected more than 0/],
  ])('refuses %j', (options, message) => {
    expect(() => new SimulatorFeed(optionsOf(options), lateClock())).toThrow(message)
  })
})
