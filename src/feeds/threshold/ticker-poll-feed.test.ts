import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { NO_ID } from '../../events/trade-batch.ts'
import { FakeVenue } from '../binance/testing/fake-venue.ts'
import { WeightBudget } from '../binance/weight-budget.ts'
import { CollectedFeed, until } from '../streaming/testing/collected-feed.ts'
import { TickerPollFeed } from './ticker-poll-feed.ts'
import type { TickerPollOptions } from './ticker-poll-options.ts'

const FAST = { backoffFirstMs: 5, backoffMaxMs: 20, idleStepMs: 10 }

function poll(venue: FakeVenue, options: Partial<TickerPollOptions> = {}) {
  const all: TickerPollOptions = {
    market: 'spot',
    symbols: ['btcusdt', 'ethusdt'],
    pollEveryMs: 15,
    restUrl: venue.url.replace('ws', 'http'),
    limits: FAST,
    ...options,
  }
  return new CollectedFeed(
    (position) => new TickerPollFeed(all, { clock: systemClock, seed: 1, ...(position && { position }) }),
  )
}

const roundCount = (venue: FakeVenue) => venue.requests.length

describe('TickerPollFeed', () => {
  it('brings the newest trade of each symbol as a sample without an id, once, and quotes that have changed', async () => {
    await using venue = await FakeVenue.start()
    for (const symbol of ['BTCUSDT', 'ETHUSDT', 'BTCUSDT']) venue.trade(symbol)
    await using collected = poll(venue)
    await until(() => roundCount(venue) >= 4, 'some polls')
    expect(collected.trades.map(({ symbol, id }) => [symbol, id])).toEqual([
      ['BTCUSDT', NO_ID],
      ['ETHUSDT', NO_ID],
    ])
    expect(collected.quoteCount).toBe(2)
    const last = venue.tradesOf('BTCUSDT').at(-1)!
    expect(collected.trades[0]!.text.startsWith(`${last.price} ${last.quantity} `)).toBe(true)
    venue.trade('ETHUSDT')
    await until(() => collected.trades.length === 3, 'the next sample')
    expect(venue.requests[0]).toBe('/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D')
    expect(collected.feed.status().state).toBe('running')
  })

  it('does not sample a trade again after a restart', async () => {
    await using venue = await FakeVenue.start()
    venue.trade('BTCUSDT')
    await using collected = poll(venue)
    await until(() => collected.trades.length === 1, 'the sample')
    await collected.restart()
    const count = roundCount(venue)
    await until(() => roundCount(venue) >= count + 3, 'some polls')
    expect(collected.trades).toHaveLength(1)
    venue.trade('BTCUSDT')
    await until(() => collected.trades.length === 2, 'the next sample')
  })

  it('estimates the volume of an interval from that of 24 hours', async () => {
    await using venue = await FakeVenue.start()
    venue.trade('BTCUSDT')
    await using collected = poll(venue, { symbols: ['btcusdt'] })
    await until(() => collected.trades.length === 1, 'the first sample')
    await collected.stop()
    const { feed } = collected
    expect(feed.readings.get('BTCUSDT')?.volume ?? 0).toBeLessThan(1e-6)
    const again = new TickerPollFeed(
      { market: 'spot', symbols: ['btcusdt'], pollEveryMs: 15, restUrl: venue.url.replace('ws', 'http'), limits: FAST },
      { clock: systemClock, seed: 1 },
    )
    const { signal } = new AbortController()
    const readingOf = async () => {
      for (;;) {
        await again.next(signal)
        const reading = again.readings.get('BTCUSDT')
        if (reading !== undefined) return reading
      }
    }
    expect((await readingOf()).volume).toBeUndefined()
    const made = [venue.trade('BTCUSDT'), venue.trade('BTCUSDT')]
    const expected = made.reduce((sum, { quantity }) => sum + Number(quantity), 0)
    expect((await readingOf()).volume).toBeCloseTo(expected, 5)
    await again.close()
  })
})

describe('requests', () => {
  it('finds the symbol that the venue does not know, and goes on with the others', async () => {
    await using venue = await FakeVenue.start()
    venue.unknown.add('NOPE')
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) venue.trade(symbol)
    await using collected = poll(venue, { symbols: ['btcusdt', 'nope', 'ethusdt'] })
    await until(() => collected.trades.length === 2, 'the others')
    expect(collected.feed.status()).toMatchObject({ state: 'degraded', lastError: 'unknown to the venue: NOPE' })
    const count = roundCount(venue)
    await until(() => roundCount(venue) > count, 'another poll')
    expect(venue.requests.at(-1)).not.toContain('NOPE')
  })

  it('asks again after errors, not before the venue allows', async () => {
    await using venue = await FakeVenue.start()
    venue.trade('BTCUSDT')
    venue.refuseRequests.push({ status: 503 }, { status: 429, retryAfterSeconds: 0.2 })
    const startedMs = performance.now()
    await using collected = poll(venue)
    await until(() => collected.trades.length === 1, 'the sample')
    expect(performance.now() - startedMs).toBeGreaterThan(190)
    expect(venue.requests.length).toBeGreaterThanOrEqual(3)
  })

  it('asks for all of USD-M at once, and takes what it follows', async () => {
    await using venue = await FakeVenue.start()
    for (const symbol of ['BTCUSDT', 'ETHUSDT', 'BNBUSDT']) venue.trade(symbol)
    await using collected = poll(venue, { market: 'usdm' })
    await until(() => collected.trades.length === 2, 'the samples')
    expect(venue.requests[0]).toBe('/fapi/v1/ticker/24hr')
    expect(collected.quoteCount).toBe(0)
  })

  it('asks in groups of twenty, and no faster than the request weight allows', async () => {
    await using venue = await FakeVenue.start()
    const symbols = Array.from({ length: 45 }, (_, index) => `S${index}USDT`)
    for (const symbol of symbols) venue.trade(symbol)
    const budget = new WeightBudget(5)
    const options = { market: 'spot', symbols, pollEveryMs: 10, restUrl: venue.url.replace('ws', 'http') } as const
    const feed = new TickerPollFeed({ ...options, limits: FAST }, { clock: systemClock, seed: 1, budget })
    const { signal } = new AbortController()
    let count = 0
    for (let step = 0; step < 10; step++) count += (await feed.next(signal))!.trades.count
    // Two requests of weight 2 fit into a budget of 5; three, where a minute has just begun.
    expect(count).toBeGreaterThanOrEqual(40)
    expect(venue.requests.length).toBeLessThanOrEqual(4)
    await feed.close()
  })
})
