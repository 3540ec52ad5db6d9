import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { until } from '../streaming/testing/collected-feed.ts'
import { collectBinance } from './testing/collect-binance.ts'
import { FakeVenue } from './testing/fake-venue.ts'

/* Goal: what a symbol trades while its socket is down is found out, also where it is quiet afterwards. */

const BUSY = 'BTCUSDT'
const QUIET = 'ETHUSDT'
type Options = Partial<Parameters<typeof collectBinance>[0]>

async function connected(venue: FakeVenue, options: Options = {}) {
  const collected = collectBinance({ market: 'spot', symbols: [BUSY, QUIET], url: venue.url, ...options })
  await until(() => collected.feed.status().state === 'running', 'open sockets')
  for (const symbol of [BUSY, QUIET]) venue.trade(symbol)
  await until(() => collected.trades.length === 2, 'the first trades')
  return collected
}

/** Ends all sockets, and lets the quiet symbol trade before the next one opens. */
async function breakWhileTrading(venue: FakeVenue, count: number): Promise<void> {
  venue.refuseSockets.push({ status: 503 }, { status: 503 })
  venue.cut()
  await until(() => venue.clientCount === 0, 'the end of the socket')
  for (let each = 0; each < count; each++) venue.trade(QUIET)
}

describe('after an outage', () => {
  it.each(['spot', 'usdm'] as const)('trades of a symbol that is quiet afterwards are found, %s', async (market) => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { market })
    await breakWhileTrading(venue, 3)
    await until(() => collected.idsOf(QUIET).length === 4, 'what was traded meanwhile')
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    expect(collected.idsOf(QUIET)).toEqual([1000, 1001, 1002, 1003])
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 1, missingCount: 3, repairedCount: 3 })
    expect(collected.feed.status().reconnects).toBe(1)
  })

  it.each(['spot', 'usdm'] as const)('so are those of a symbol that has never traded before, %s', async (market) => {
    await using venue = await FakeVenue.start()
    // Before the start: by the margin for clocks that differ, and more.
    venue.aheadMs = -60_000
    for (let count = 0; count < 5; count++) venue.trade(QUIET)
    venue.aheadMs = 0
    await using collected = collectBinance({ market, symbols: [BUSY, QUIET], url: venue.url })
    await until(() => collected.feed.status().state === 'running', 'open sockets')
    for (let round = 0; round < 2; round++) {
      await breakWhileTrading(venue, round * 3)
      await until(() => venue.clientCount === 1, 'the next socket')
      await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    }
    await until(() => collected.idsOf(QUIET).length === 3, 'what was traded meanwhile')
    expect(collected.idsOf(QUIET)).toEqual([1005, 1006, 1007])
  })
})

describe('the questions after an outage', () => {
  it('it is catching up until each symbol has answered, and what came since waits that long', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.refuseRequests.push({ status: 503 }, { status: 429, retryAfterSeconds: 0.3 })
    await breakWhileTrading(venue, 3)
    await until(() => venue.clientCount === 1, 'the next socket')
    const promises = collected.watermarksUs.length
    venue.trade(BUSY)
    await until(() => collected.feed.status().state === 'catching-up', 'the state')
    await delay(100)
    expect(collected.feed.status().state).toBe('catching-up')
    expect(collected.idsOf(BUSY)).toEqual([1000])
    expect(collected.watermarksUs).toHaveLength(promises)
    await until(() => collected.trades.length === 6, 'all trades')
    // What is older comes first, so that no candle closes without it.
    expect(collected.trades.map(({ symbol }) => symbol).slice(2)).toEqual([QUIET, QUIET, QUIET, BUSY])
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
  })

  it('a symbol that trades again is not asked for', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    // While this request waits, the busy symbol shows by itself where it stands.
    venue.requestDelayMs = 100
    await breakWhileTrading(venue, 1)
    venue.trade(BUSY)
    await until(() => venue.clientCount === 1, 'the next socket')
    for (const symbol of [BUSY, QUIET]) venue.trade(symbol)
    await until(() => collected.trades.length === 6, 'all trades')
    expect(collected.idsOf(BUSY)).toEqual([1000, 1001, 1002])
    expect(collected.idsOf(QUIET)).toEqual([1000, 1001, 1002])
    const newest = venue.requests.filter((path) => path.includes('/trades?'))
    expect(newest.length).toBeLessThanOrEqual(1)
  })

  it('a stop before it is found out loses nothing either', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.refuseRequests.push({ status: 429, retryAfterSeconds: 5 })
    await breakWhileTrading(venue, 3)
    await until(() => collected.feed.status().repairs?.lastError != null, 'the refusal')
    await collected.restart()
    await until(() => collected.idsOf(QUIET).length === 4, 'what was traded meanwhile')
  })

  it('what cannot be found out does not stop it for ever', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { repairAttemptsMaxCount: 2 } })
    venue.refuseRequests.push({ status: 503 }, { status: 503 })
    await breakWhileTrading(venue, 1)
    await until(() => venue.clientCount === 1, 'the next socket')
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    venue.trade(QUIET)
    await until(() => collected.idsOf(QUIET).length === 3, 'the trade and what it shows')
  })
})

describe('what is asked after an outage', () => {
  it.each([
    ['spot', 'trade', 20],
    ['spot', 'aggTrade', 20],
    ['usdm', 'aggTrade', 300],
  ] as const)('is little where hundreds of symbols are quiet, %s %s', async (market, tradeStream, tickersMaxCount) => {
    await using venue = await FakeVenue.start()
    const symbols = Array.from({ length: 300 }, (_, index) => `S${index}USDT`)
    // No socket is to be doubted meanwhile: that asks too.
    const limits = { silenceMaxMs: 30_000 }
    await using collected = collectBinance({ market, tradeStream, symbols, url: venue.url, hasQuotes: false, limits })
    await until(() => collected.feed.status().state === 'running', 'open sockets')
    // The last trade of an aggregate is what tickers tell.
    const tradeCount = tradeStream === 'trade' ? 1 : 3
    for (const symbol of symbols) venue.trade(symbol, 'none', tradeCount)
    await until(() => collected.trades.length === symbols.length, 'the first trades')
    venue.refuseSockets.push({ status: 503 })
    venue.cut()
    await until(() => venue.clientCount === 0, 'the end of the socket')
    const missed = symbols.slice(100, 103)
    for (const symbol of missed) venue.trade(symbol, 'none', tradeCount)
    await until(() => collected.trades.length === symbols.length + missed.length, 'what was traded meanwhile')
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    const tickers = venue.requests.filter((path) => path.includes('/ticker/24hr'))
    // Its sockets come back one after the other.
    expect(tickers.length).toBeLessThanOrEqual(Math.ceil(symbols.length / tickersMaxCount) + 1)
    expect(tickers.length).toBeGreaterThan(0)
    // Of each that has missed something its newest trade, and the repair.
    expect(venue.requests.length - tickers.length).toBe(2 * missed.length)
    expect(collected.gaps.map(({ symbol }) => symbol).toSorted()).toEqual(missed)
  })

  it('a trade that REST knows before the socket brings it was not missed', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { silenceMaxMs: 9000 } })
    venue.refuseSockets.push({ status: 503 })
    venue.cut()
    await until(() => venue.clientCount === 0, 'the end of the socket')
    await until(() => venue.clientCount === 1, 'the next socket')
    // On its way: it comes with the quote.
    venue.trade(QUIET, 'swap')
    await until(() => venue.requests.some((path) => path.includes(`trades?symbol=${QUIET}`)), 'the question')
    await delay(20)
    venue.quote(BUSY, 1)
    await until(() => collected.idsOf(QUIET).length === 2, 'the trade')
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    expect(collected.gaps).toEqual([])
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 0, missingCount: 0 })
  })

  it('tickers that are refused leave each symbol to be asked for', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.unknown.add(BUSY)
    await breakWhileTrading(venue, 3)
    await until(() => collected.idsOf(QUIET).length === 4, 'what was traded meanwhile')
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    expect(collected.idsOf(QUIET)).toEqual([1000, 1001, 1002, 1003])
  })

  it('a planned hand-over leaves nothing to be asked', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.announceShutdown()
    await until(() => collected.feed.status().sockets[0]!.handOvers === 1, 'the hand-over')
    await delay(50)
    expect(venue.requests).toEqual([])
    expect(collected.feed.status().state).toBe('running')
  })
})
