import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Random } from '../../base/random.ts'
import type { Gap } from '../../events/gap.ts'
import { until } from '../streaming/testing/collected-feed.ts'
import { BinanceFeed } from './binance-feed.ts'
import { collectBinance, FAST_LIMITS } from './testing/collect-binance.ts'
import { FakeVenue } from './testing/fake-venue.ts'

const SYMBOLS = ['btcusdt', 'ethusdt']
type Collected = ReturnType<typeof collectBinance>

function venueText({ price, quantity, timeMs, isBuyerMaker }: ReturnType<FakeVenue['trade']>): string {
  return `${price} ${quantity} ${timeMs} ${isBuyerMaker ? 2 : 1}`
}

/** Every trade that the venue has, once each, as the venue has it. */
function expectAll(venue: FakeVenue, collected: Collected): void {
  for (const symbol of SYMBOLS.map((name) => name.toUpperCase())) {
    const known = venue.tradesOf(symbol).filter(({ streamId }) => !venue.absent.has(`${symbol}/${streamId}`))
    const got = collected.trades.filter((trade) => trade.symbol === symbol).toSorted((a, b) => a.id - b.id)
    expect(got.map(({ id }) => id)).toEqual(known.map(({ firstId }) => firstId))
    expect(got.map(({ text }) => text)).toEqual(known.map(venueText))
  }
}

/** No id is in two gaps. */
function expectOnce(gaps: readonly Gap[]): void {
  const ids = gaps.flatMap(({ symbol, fromId, missingCount }) =>
    Array.from({ length: missingCount }, (_, index) => `${symbol} ${fromId + index}`),
  )
  expect(ids).toEqual([...new Set(ids)])
}

async function untilAll(venue: FakeVenue, collected: Collected): Promise<void> {
  const expected = () =>
    SYMBOLS.reduce((sum, name) => sum + venue.tradesOf(name.toUpperCase()).length, 0) - venue.absent.size
  await until(() => collected.trades.length >= expected(), 'all trades')
  expectAll(venue, collected)
}

async function connected(venue: FakeVenue, options: Partial<Parameters<typeof collectBinance>[0]> = {}) {
  const collected = collectBinance({ market: 'spot', symbols: SYMBOLS, url: venue.url, ...options })
  await until(() => collected.feed.status().state === 'running', 'open sockets')
  return collected
}

describe('BinanceFeed', () => {
  it('brings trades and quotes of combined streams', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    for (let count = 0; count < 20; count++) venue.trade(SYMBOLS[count % 2]!.toUpperCase())
    venue.quote('BTCUSDT', 7)
    await untilAll(venue, collected)
    await until(() => collected.quoteCount === 1, 'the quote')
    expect(venue.attempts).toEqual([
      '/stream?streams=btcusdt@trade/btcusdt@bookTicker/ethusdt@trade/ethusdt@bookTicker',
    ])
    expect(collected.feed.status()).toMatchObject({ venue: 'binance-spot', repairs: { gapCount: 0 } })
  })

  it('malformed frames become dead letters, and what they would have said is back-filled', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    venue.say('{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTC')
    venue.say(
      '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":1001,"p":"-1","q":"1","T":1,"m":true}}',
    )
    venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    expect(collected.deadLetters.toSorted()).toEqual(['invalid-time', 'malformed'])
  })

  it('a full queue makes the sockets wait, and loses nothing', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { queueMaxCount: 50, batchMaxCount: 10 } })
    for (let count = 0; count < 3000; count++) venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    expect(collected.feed.status().queueWaits).toBeGreaterThan(0)
    expect(collected.feed.status()).toMatchObject({ reconnects: 0, repairs: { missingCount: 0 } })
  })

  it('aggregates keep the ids of their trades and are repaired by their own', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { market: 'usdm' })
    venue.trade('BTCUSDT')
    venue.trade('BTCUSDT', 'none', 5)
    venue.trade('BTCUSDT', 'lose', 3)
    venue.trade('BTCUSDT', 'none', 2)
    await untilAll(venue, collected)
    expect(collected.trades.map(({ id, tradeCount }) => [id, tradeCount])).toEqual([
      [1000, 1],
      [1001, 5],
      [1006, 3],
      [1009, 2],
    ])
    expect(venue.requests).toEqual(['/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=1002&limit=1'])
  })

  it('says how far the venue is ahead, and promises quiet time by its clock', async () => {
    await using venue = await FakeVenue.start()
    venue.aheadMs = -5000
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    const before = collected.watermarksUs.length
    await until(() => collected.watermarksUs.length > before, 'a promise')
    expect(collected.feed.status().clockAheadMs).toBeLessThanOrEqual(-5000)
    expect(collected.watermarksUs.at(-1)).toBeLessThan((Date.now() - 9900) * 1000)
  })
})

describe('gaps', () => {
  it('back-fills a gap before it goes on, so that trades come in order', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    for (let count = 0; count < 3; count++) venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    expect(collected.idsOf('BTCUSDT')).toEqual([1000, 1001, 1002, 1003, 1004])
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 1, missingCount: 3, repairedCount: 3 })
    const [before, , , , after] = venue.tradesOf('BTCUSDT')
    expect(collected.gaps).toEqual([
      {
        type: 'gap',
        venue: 'binance-spot',
        symbol: 'BTCUSDT',
        fromId: 1001,
        toId: 1003,
        missingCount: 3,
        previousEventTimeMs: before!.timeMs,
        eventTimeMs: after!.timeMs,
        foundBy: 'feed',
      },
    ])
  })

  it('goes on late where a repair takes too long, and fills the gap when it can', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { holdMaxMs: 30 } })
    venue.trade('BTCUSDT')
    venue.refuseRequests.push({ status: 429, retryAfterSeconds: 0.3 })
    venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await until(() => collected.trades.length === 2, 'the trade after the gap')
    expect(collected.gaps).toMatchObject([{ fromId: 1001, toId: 1001 }])
    expect(collected.idsOf('BTCUSDT')).toEqual([1000, 1002])
    expect(collected.feed.status()).toMatchObject({ state: 'degraded', repairs: { outstandingCount: 1 } })
    const askedAtMs = performance.now()
    await untilAll(venue, collected)
    expect(venue.requests).toHaveLength(2)
    // The venue said: not before.
    expect(performance.now() - askedAtMs).toBeGreaterThan(200)
    expect(collected.feed.status().repairs).toMatchObject({ repairedCount: 1, outstandingCount: 0 })
    expect(collected.gaps).toHaveLength(1)
  })

  it('of more than the stated maximum only the newest are back-filled, and the rest is counted', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { gapMaxCount: 10 } })
    venue.trade('BTCUSDT')
    for (let count = 0; count < 25; count++) venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await until(() => collected.trades.length === 12, 'what is asked for')
    expect(collected.feed.status().repairs).toMatchObject({ missingCount: 25, repairedCount: 10, givenUpCount: 15 })
  })
})

describe('ids that do not come back', () => {
  it('those that the venue has not itself are no loss', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    venue.leaveOut('BTCUSDT')
    venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    await until(() => collected.feed.status().state === 'running', 'the last question')
    expect(collected.feed.status().repairs).toMatchObject({ absentCount: 1, repairedCount: 1, outstandingCount: 0 })
    expect(venue.requests).toHaveLength(12)
  })

  it('those that the venue leaves out of its first answers are asked for again', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    for (const id of [1001, 1003]) venue.notYet.add(`BTCUSDT/${id}`)
    for (let count = 0; count < 5; count++) venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await until(() => collected.trades.length === 5, 'what the venue has')
    expect(collected.idsOf('BTCUSDT')).toEqual([1000, 1002, 1004, 1005, 1006])
    expect(collected.feed.status()).toMatchObject({
      state: 'degraded',
      repairs: { outstandingCount: 2, absentCount: 0 },
    })
    venue.notYet.clear()
    await untilAll(venue, collected)
    expect(collected.feed.status().repairs).toMatchObject({ repairedCount: 5, outstandingCount: 0, absentCount: 0 })
  })
})

describe('stops', () => {
  it('back-fills what was missed while it did not run', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    for (const name of SYMBOLS) venue.trade(name.toUpperCase())
    await untilAll(venue, collected)
    await collected.stop()
    for (let count = 0; count < 2500; count++) venue.trade('BTCUSDT')
    await collected.restart()
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    const ids = collected.idsOf('BTCUSDT')
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    const newest = venue.tradesOf('BTCUSDT').at(-2)!
    expect(collected.gaps).toMatchObject([{ fromId: 1001, toId: newest.streamId, eventTimeMs: newest.timeMs }])
  })

  it('takes what several symbols have missed in order of time, so that no candle closes without it', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { catchUpMaxMs: 30_000 } })
    for (const name of SYMBOLS) venue.trade(name.toUpperCase())
    await untilAll(venue, collected)
    await collected.stop()
    for (let count = 0; count < 2500; count++) {
      if (count % 50 === 0) await delay(2)
      venue.trade(count % 3 === 0 ? 'ETHUSDT' : 'BTCUSDT')
    }
    await collected.restart()
    await untilAll(venue, collected)
    const timesMs = collected.trades.map(({ text }) => Number(text.split(' ')[2]))
    expect(new Set(timesMs).size).toBeGreaterThan(20)
    expect(timesMs).toEqual(timesMs.toSorted((a, b) => a - b))
  })

  it('tells of a gap at once, and once, wherever it is stopped', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    // It dies when it has found the gap, and before that is committed.
    collected.isDying = true
    venue.refuseRequests.push(...Array.from({ length: 1000 }, () => ({ status: 503 })))
    venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await until(() => collected.feed.status().repairs?.gapCount === 1, 'the gap')
    await collected.restart()
    await until(() => collected.feed.status().state === 'running', 'the next start')
    venue.trade('BTCUSDT')
    await until(() => collected.gaps.length === 1, 'the record')
    // And it stops again while the gap is told of, and not filled.
    expect(collected.trades).toHaveLength(1)
    venue.refuseRequests.length = 0
    await collected.restart()
    await untilAll(venue, collected)
    // The trade that showed it was not committed either.
    const ranges = collected.gaps.map(({ fromId, toId }) => [fromId, toId])
    expect(ranges).toEqual([
      [1001, 1002],
      [1003, 1003],
    ])
  })
})

it('tells at once, and once, of a gap that catching up finds, also where it stops before it is filled', async () => {
  await using venue = await FakeVenue.start()
  // Steps without work come too late to tell of it.
  await using collected = await connected(venue, { limits: { idleStepMs: 60_000 } })
  venue.trade('BTCUSDT')
  await untilAll(venue, collected)
  await collected.stop()
  for (let count = 0; count < 3; count++) venue.trade('BTCUSDT')
  venue.requestDelayMs = 200
  await collected.restart()
  await until(() => collected.gaps.length === 1, 'the record')
  expect(collected.trades).toHaveLength(1)
  venue.requestDelayMs = 0
  await collected.restart()
  await untilAll(venue, collected)
  expect(collected.gaps).toMatchObject([{ fromId: 1001, toId: 1003 }])
})

describe('sockets', () => {
  it('hands over before a socket gets too old, and loses and doubles nothing', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue, { limits: { socketMaxAgeMs: 60 } })
    const handOvers = () => collected.feed.status().sockets[0]!.handOvers
    for (let count = 0; handOvers() < 3; count++) {
      venue.trade(SYMBOLS[count % 2]!.toUpperCase())
      await delay(2)
    }
    await untilAll(venue, collected)
    expect(collected.feed.status()).toMatchObject({ reconnects: 0, repairs: { missingCount: 0 } })
    expect(collected.feed.dropped().overlap).toBeGreaterThan(0)
  })

  it('hands over when the venue announces its shutdown', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.announceShutdown()
    await until(() => collected.feed.status().sockets[0]!.handOvers === 1, 'the hand-over')
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    expect(venue.attempts).toHaveLength(2)
  })

  it('answers a ping with its payload', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    expect(collected.feed.name).toBe('binance')
    expect(await venue.ping('1795182521039')).toBe(1)
  })

  it('tells a quiet symbol from a dead socket', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    const socket = () => collected.feed.status().sockets[0]!
    // Our pings are answered: both symbols go quiet, the socket stays.
    await until(() => socket().quietSymbols.length === 2, 'quiet symbols')
    await delay(700)
    expect(socket()).toMatchObject({ state: 'open', reconnects: 0 })
    venue.beginSilence()
    await until(() => socket().lastError === 'silent for too long', 'the watchdog')
    venue.endSilence()
    await until(() => socket().reconnects === 1, 'the next socket')
  })

  it('obeys Retry-After of a refused connection', async () => {
    await using venue = await FakeVenue.start()
    venue.refuseSockets.push({ status: 418, retryAfterSeconds: 0.3 })
    const startedMs = performance.now()
    await using collected = await connected(venue)
    expect(performance.now() - startedMs).toBeGreaterThan(290)
    expect(venue.attempts).toHaveLength(2)
    expect(collected.feed.status().lastError).toBe('HTTP 418')
  })
})

it('a position that an earlier version wrote is gone on with, and written in the same way', async () => {
  const text =
    '{"feed":"binance","market":"spot","tradeStream":"trade","symbols":' +
    '{"BTCUSDT":[2,5,1003,1700000000000000,[1001,1001,1699999999000000]]}}'
  const feed = new BinanceFeed(
    { market: 'spot', symbols: ['btcusdt'], url: 'ws://127.0.0.1:1', limits: FAST_LIMITS },
    { clock: systemClock, seed: 1, position: new TextEncoder().encode(text) },
  )
  const step = await feed.next(new AbortController().signal)
  expect(new TextDecoder().decode(step?.position)).toBe(text)
  expect(feed.status().repairs).toMatchObject({ missingCount: 1, outstandingCount: 1 })
  await feed.close()
})

describe('chaos', () => {
  const SEEDS = [1, 2, 3]

  it.each(SEEDS)('neither loses nor doubles a trade, seed %i', async (seed) => {
    const random = new Random(seed)
    await using venue = await FakeVenue.start(seed)
    await using collected = await connected(venue, { limits: { socketMaxAgeMs: 300, holdMaxMs: 50 } })
    const lost: { symbol: string; streamId: number }[] = []
    for (const name of SYMBOLS) venue.trade(name.toUpperCase())
    await untilAll(venue, collected)
    for (let round = 0; round < 100; round++) {
      await misbehave(venue, collected, random)
      for (let count = random.nextInt(5); count >= 0; count--) {
        const mischief = (['none', 'none', 'none', 'lose', 'double', 'swap'] as const)[random.nextInt(6)]!
        const symbol = SYMBOLS[random.nextInt(2)]!.toUpperCase()
        const { streamId } = venue.trade(symbol, mischief)
        if (mischief === 'lose') lost.push({ symbol, streamId })
      }
      await delay(random.nextInt(4))
    }
    venue.endSilence()
    await until(() => venue.clientCount > 0 && collected.feed.status().state !== 'connecting', 'a connection')
    // The next trade of each symbol shows what was lost last.
    const isComplete = () =>
      SYMBOLS.every((name) => collected.idsOf(name.toUpperCase()).length >= venue.tradesOf(name.toUpperCase()).length)
    for (let count = 0; count < 100 && !isComplete(); count++) {
      for (const name of SYMBOLS) venue.trade(name.toUpperCase())
      await delay(20)
    }
    await untilAll(venue, collected)
    const { repairs } = collected.feed.status()
    expect(repairs).toMatchObject({ outstandingCount: 0, givenUpCount: 0, absentCount: 0 })
    expect(repairs!.repairedCount).toBe(repairs!.missingCount)
    // Every gap is on record, once, whenever the feed died.
    expectOnce(collected.gaps)
    const isTold = ({ symbol, streamId }: (typeof lost)[number]) =>
      collected.gaps.some((gap) => gap.symbol === symbol && gap.fromId <= streamId && gap.toId >= streamId)
    expect(lost.filter((trade) => !isTold(trade))).toEqual([])
  })

  async function misbehave(venue: FakeVenue, collected: Collected, random: Random): Promise<void> {
    const kind = random.nextInt(60)
    if (kind === 0) venue.cut()
    else if (kind === 1) venue.announceShutdown()
    else if (kind === 2) venue.say('{"stream":"btcusdt@trade","data":{"e":"trade","s":')
    else if (kind === 3) venue.refuseRequests.push({ status: 429, retryAfterSeconds: 0.1 })
    else if (kind === 4) venue.refuseRequests.push({ status: 503 }, { status: 418, retryAfterSeconds: 0.05 })
    else if (kind === 5) venue.refuseSockets.push({ status: 429, retryAfterSeconds: 0.05 })
    else if (kind === 6) venue.requestDelayMs = random.nextInt(100)
    else if (kind === 7) {
      venue.beginSilence()
      await delay(random.nextInt(800))
      venue.endSilence()
    } else if (kind === 8) {
      collected.isDying = true
      await delay(random.nextInt(10))
      await collected.restart()
    }
  }
})
