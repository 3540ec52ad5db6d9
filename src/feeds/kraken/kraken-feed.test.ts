import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Random } from '../../base/random.ts'
import { CollectedFeed, FAST_STREAMING_LIMITS, until } from '../streaming/testing/collected-feed.ts'
import { KrakenFeed } from './kraken-feed.ts'
import type { KrakenLimits, KrakenOptions } from './kraken-options.ts'
import { FakeKraken, type KrakenTrade } from './testing/fake-kraken.ts'

/* Goal: every trade of the venue comes once, whatever it does and wherever the feed is stopped. */

const SYMBOLS = ['BTC/USD', 'ETH/USD']
const FAST: Partial<KrakenLimits> = {
  ...FAST_STREAMING_LIMITS,
  silenceMaxMs: 300,
  subscribeTimeoutMs: 200,
  settleMs: 10,
  requestEveryMs: 5,
  rateLimitWaitMs: 50,
  attemptsPerFiveMinutes: 10_000,
}

type Collected = CollectedFeed<KrakenFeed>

function collect(venue: FakeKraken, options: Partial<KrakenOptions> = {}): Collected {
  const all = { symbols: SYMBOLS, url: venue.url, ...options, limits: { ...FAST, ...options.limits } }
  return new CollectedFeed(
    (position) => new KrakenFeed(all, { clock: systemClock, seed: 1, ...(position && { position }) }),
  )
}

async function following(venue: FakeKraken, options: Partial<KrakenOptions> = {}): Promise<Collected> {
  const collected = collect(venue, options)
  await until(() => collected.feed.status().state === 'running', 'subscriptions')
  return collected
}

/** Digits are compared elsewhere; here decimals depend on when an instrument got them. */
function plain(text: string): string {
  const [price, quantity, time, flags] = text.split(' ')
  return `${Number(price)} ${Number(quantity)} ${time} ${flags}`
}

function venueText({ price, quantity, timeUs, side }: KrakenTrade): string {
  return plain(`${price} ${quantity} ${timeUs / 1000} ${side === 'buy' ? 1 : 2}`)
}

/** Every trade from the id on, once each, as the venue has it. */
function expectAll(venue: FakeKraken, collected: Collected, fromId = 0): void {
  for (const symbol of SYMBOLS) {
    const known = venue.tradesOf(symbol).filter(({ id }) => id >= fromId)
    const got = collected.trades.filter((trade) => trade.symbol === symbol).toSorted((a, b) => a.id - b.id)
    expect(got.map(({ id }) => id)).toEqual(known.map(({ id }) => id))
    expect(got.map(({ text }) => plain(text))).toEqual(known.map(venueText))
  }
}

async function untilAll(venue: FakeKraken, collected: Collected, fromId = 0): Promise<void> {
  const expected = () =>
    SYMBOLS.reduce((sum, symbol) => sum + venue.tradesOf(symbol).filter(({ id }) => id >= fromId).length, 0)
  await until(() => collected.trades.length >= expected(), 'all trades')
  expectAll(venue, collected, fromId)
}

describe('KrakenFeed', () => {
  it('brings trades and quotes of its subscriptions', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    for (let count = 0; count < 20; count++) venue.trade(SYMBOLS[count % 2]!, 'none', 1 + (count % 3))
    venue.quote('BTC/USD')
    await untilAll(venue, collected)
    await until(() => collected.quoteCount === 1, 'the quote')
    expect(venue.subscriptions.map((text) => JSON.parse(text) as unknown)).toEqual([
      { method: 'subscribe', params: { channel: 'trade', symbol: SYMBOLS, snapshot: true }, req_id: 1 },
      {
        method: 'subscribe',
        params: { channel: 'ticker', symbol: SYMBOLS, snapshot: true, event_trigger: 'bbo' },
        req_id: 2,
      },
    ])
    expect(venue.requests).toEqual([])
    expect(collected.feed.status()).toMatchObject({ venue: 'kraken', state: 'running', repairs: { gapCount: 0 } })
    await until(() => collected.watermarksUs.length > 0, 'a promise')
  })

  it('finds sockets and requests at an address that begins with http', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue, { url: venue.url.replace('ws', 'http') })
    venue.trade('BTC/USD')
    venue.trade('BTC/USD', 'lose')
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
  })

  it('past trades of the first snapshot only tell where the numbers stand', async () => {
    await using venue = await FakeKraken.start()
    for (const symbol of SYMBOLS) venue.trade(symbol, 'none', 30)
    await using collected = await following(venue)
    venue.trade('BTC/USD')
    await until(() => collected.trades.length === 1, 'the new trade')
    await untilAll(venue, collected, 1030)
    expect(collected.feed.dropped()).toEqual({ 'before-start': 60 })
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 0 })
  })

  it('an unknown pair is named, and the others are followed', async () => {
    await using venue = await FakeKraken.start()
    venue.unknown.add('XBT/USD')
    await using collected = collect(venue, { symbols: ['XBT/USD', ...SYMBOLS] })
    await until(() => collected.feed.status().lastError !== null, 'the refusal')
    expect(collected.feed.status().lastError).toBe('not followed: Currency pair not supported XBT/USD')
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
    await until(() => collected.watermarksUs.length > 0, 'a promise for the others')
    expect(collected.feed.status().state).toBe('degraded')
    expect(venue.connectionCount).toBe(1)
  })

  it('malformed and odd frames become dead letters, and what they would have said is back-filled', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.trade('BTC/USD')
    venue.say('{"channel":"trade","type":"update","data":[{"symbol":"BTC')
    venue.say(
      '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"hold","price":1,"qty":1,' +
        '"ord_type":"limit","trade_id":1001,"timestamp":"2026-10-06T12:00:01.000000Z"}]}',
    )
    venue.say('{"Error":"Exceeded msg rate"}')
    venue.say('{"method":"pong","req_id":1}')
    venue.trade('BTC/USD', 'lose')
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
    expect(collected.deadLetters.toSorted()).toEqual(['invalid-side', 'malformed'])
    expect(collected.feed.status().lastError).toBe('Exceeded msg rate')
  })
})

describe('connections', () => {
  it('says so where the venue is not online', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.say(
      '{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"maintenance","api_version":"v2"}]}',
    )
    await until(() => collected.feed.status().state === 'degraded', 'the state')
    expect(collected.feed.status().lastError).toBe('the venue says that it is in the state maintenance')
  })

  it('a full queue makes the sockets wait, and loses nothing', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue, { limits: { queueMaxCount: 50, batchMaxCount: 10 } })
    for (let count = 0; count < 3000; count++) venue.trade('BTC/USD')
    await untilAll(venue, collected)
    expect(collected.feed.status().queueWaits).toBeGreaterThan(0)
    expect(collected.feed.status()).toMatchObject({ reconnects: 0, repairs: { missingCount: 0 } })
  })

  it('connects anew where a subscription is not answered', async () => {
    await using venue = await FakeKraken.start()
    venue.isMute = true
    await using collected = collect(venue)
    await until(() => venue.connectionCount >= 2, 'a second socket')
    venue.isMute = false
    await until(() => collected.feed.status().state === 'running', 'subscriptions')
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
  })
})

describe('gaps', () => {
  it('a short outage is filled by the snapshot alone', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.trade('BTC/USD', 'none', 5)
    await untilAll(venue, collected)
    await collected.stop()
    venue.trade('BTC/USD', 'lose', 40)
    await collected.restart()
    await untilAll(venue, collected)
    expect(collected.feed.dropped()).toEqual({ overlap: 5 })
    expect(venue.requests).toEqual([])
  })

  it('a longer one is back-filled page by page before the feed goes on', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
    const { timeUs } = venue.tradesOf('BTC/USD')[0]!
    await collected.stop()
    venue.trade('BTC/USD', 'lose', 2500)
    await collected.restart()
    await untilAll(venue, collected)
    const ids = collected.idsOf('BTC/USD')
    expect(ids).toEqual(ids.toSorted((a, b) => a - b))
    expect(venue.requests).toHaveLength(3)
    expect(venue.requests[0]).toBe(`/0/public/Trades?pair=BTC%2FUSD&since=${timeUs - 1}000&assetVersion=1`)
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 1, missingCount: 2450, repairedCount: 2450 })
    expect(collected.gaps).toMatchObject([
      { venue: 'kraken', symbol: 'BTC/USD', fromId: ids[1], missingCount: 2450, previousEventTimeMs: timeUs / 1000 },
    ])
  })

  it('more than a page of trades within a microsecond does not stop it', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.trade('BTC/USD', 'none', 1000, 0)
    venue.trade('BTC/USD', 'none', 100, 0)
    await untilAll(venue, collected)
    venue.trade('BTC/USD', 'lose', 1, 0)
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
    expect(venue.requests).toHaveLength(2)
  })
})

describe('after an outage', () => {
  it.each([3, 120])('%i trades of a pair that is quiet afterwards are found', async (count) => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    for (const symbol of SYMBOLS) venue.trade(symbol)
    await untilAll(venue, collected)
    venue.cut()
    venue.trade('ETH/USD', 'lose', count)
    await untilAll(venue, collected)
    await until(() => collected.feed.status().state === 'running', 'the end of catching up')
    expect(collected.feed.status()).toMatchObject({ reconnects: 1, repairs: { outstandingCount: 0 } })
  })
})

describe('requests', () => {
  it('obeys complaints about too many requests, and tries again after errors', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.trade('BTC/USD')
    const until1970 = 'EService:Throttled: 1700000000'
    venue.refuseRequests.push('EGeneral:Too many requests', 503, 'EAPI:Rate limit exceeded', until1970)
    venue.trade('BTC/USD', 'lose')
    venue.trade('BTC/USD')
    await untilAll(venue, collected)
    expect(venue.requests).toHaveLength(5)
    expect(collected.feed.status().repairs).toMatchObject({ repairedCount: 1, outstandingCount: 0, givenUpCount: 0 })
  })

  it('gives up what the venue refuses to tell, and counts it', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue)
    venue.trade('BTC/USD')
    venue.refuseRequests.push('EQuery:Unknown asset pair')
    venue.trade('BTC/USD', 'lose', 3)
    venue.trade('BTC/USD')
    await until(() => collected.trades.length === 2, 'the trade after the gap')
    expect(collected.feed.status().repairs).toMatchObject({
      missingCount: 3,
      givenUpCount: 3,
      lastError: 'BTC/USD: EQuery:Unknown asset pair',
    })
  })

  it('of more than the stated maximum only the newest are back-filled, and the rest is counted', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await following(venue, { limits: { gapMaxCount: 10 } })
    venue.trade('BTC/USD')
    venue.trade('BTC/USD', 'lose', 1500)
    venue.trade('BTC/USD')
    await until(() => collected.trades.length === 12, 'what is asked for')
    expect(collected.feed.status().repairs).toMatchObject({ missingCount: 1500, repairedCount: 10, givenUpCount: 1490 })
  })
})

describe('the watchdog of Kraken', () => {
  async function busy(venue: FakeKraken): Promise<Collected> {
    const collected = await following(venue)
    for (let count = 0; count < 80; count++) {
      venue.trade(SYMBOLS[count % 2]!)
      await delay(1)
    }
    await untilAll(venue, collected)
    return collected
  }

  it('replaces a socket whose data has died while heartbeats go on, and loses nothing', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await busy(venue)
    venue.isWithholding = true
    for (let count = 0; count < 20; count++) venue.trade(SYMBOLS[count % 2]!)
    const socket = () => collected.feed.status().sockets[0]!
    await until(() => socket().lastError === 'brings nothing although there are trades', 'the watchdog')
    venue.isWithholding = false
    await untilAll(venue, collected)
  })

  it('leaves a socket alone whose pairs are quiet', async () => {
    await using venue = await FakeKraken.start()
    await using collected = await busy(venue)
    await until(() => venue.requests.length >= 2, 'the questions')
    await delay(50)
    expect(venue.connectionCount).toBe(1)
    expect(collected.feed.status().state).toBe('running')
    expect(collected.gaps).toEqual([])
  })
})

it('a position that an earlier version wrote is gone on with, and written in the same way', async () => {
  const text = '{"feed":"kraken","symbols":{"BTC/USD":[1,8,1003,1700000000000000,[1001,1001,1699999999000000]]}}'
  const feed = new KrakenFeed(
    { symbols: ['BTC/USD'], url: 'ws://127.0.0.1:1', limits: FAST },
    { clock: systemClock, seed: 1, position: new TextEncoder().encode(text) },
  )
  const step = await feed.next(new AbortController().signal)
  expect(new TextDecoder().decode(step?.position)).toBe(text)
  expect(feed.status().repairs).toMatchObject({ missingCount: 1, outstandingCount: 1 })
  await feed.close()
})

describe('chaos', () => {
  it.each([1, 2, 3])('neither loses nor doubles a trade, seed %i', async (seed) => {
    const random = new Random(seed)
    await using venue = await FakeKraken.start(seed)
    await using collected = await following(venue, { limits: { holdMaxMs: 50 } })
    for (const symbol of SYMBOLS) venue.trade(symbol)
    await untilAll(venue, collected)
    for (let round = 0; round < 100; round++) {
      await misbehave(venue, collected, random)
      for (let count = random.nextInt(5); count >= 0; count--) {
        const mischief = (['none', 'none', 'none', 'lose', 'double'] as const)[random.nextInt(5)]!
        venue.trade(SYMBOLS[random.nextInt(2)]!, mischief, 1 + random.nextInt(3))
      }
      await delay(random.nextInt(4))
    }
    venue.endSilence()
    venue.isMute = false
    await until(() => venue.clientCount > 0 && collected.feed.status().state !== 'connecting', 'a connection')
    // The next trade of each symbol shows what was lost last.
    const isComplete = () => SYMBOLS.every((symbol) => collected.idsOf(symbol).length >= venue.tradesOf(symbol).length)
    for (let count = 0; count < 100 && !isComplete(); count++) {
      for (const symbol of SYMBOLS) venue.trade(symbol)
      await delay(20)
    }
    await untilAll(venue, collected)
    const { repairs } = collected.feed.status()
    expect(repairs).toMatchObject({ outstandingCount: 0, givenUpCount: 0, absentCount: 0 })
    expect(repairs!.repairedCount).toBe(repairs!.missingCount)
  })

  async function misbehave(venue: FakeKraken, collected: Collected, random: Random): Promise<void> {
    const kind = random.nextInt(50)
    if (kind === 0) venue.cut()
    else if (kind === 1) venue.say('{"channel":"trade","type":"update","data":[{"symbol"')
    else if (kind === 2) venue.refuseRequests.push('EAPI:Rate limit exceeded')
    else if (kind === 3) venue.refuseRequests.push(503, 'EService:Unavailable')
    else if (kind === 4) venue.isMute = !venue.isMute
    else if (kind === 5) {
      venue.beginSilence()
      await delay(random.nextInt(400))
      venue.endSilence()
    } else if (kind === 6) {
      collected.isDying = true
      await delay(random.nextInt(10))
      await collected.restart()
    }
  }
})
