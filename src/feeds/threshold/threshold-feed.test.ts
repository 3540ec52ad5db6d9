import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { Random } from '../../base/random.ts'
import { NO_ID } from '../../events/trade-batch.ts'
import { BinanceFeed } from '../binance/binance-feed.ts'
import { FAST_LIMITS } from '../binance/testing/collect-binance.ts'
import { FakeVenue } from '../binance/testing/fake-venue.ts'
import { KrakenFeed } from '../kraken/kraken-feed.ts'
import { FakeKraken } from '../kraken/testing/fake-kraken.ts'
import { CollectedFeed, until } from '../streaming/testing/collected-feed.ts'
import { ThresholdFeed } from './threshold-feed.ts'
import type { FollowOptions } from './threshold-options.ts'
import { TickerPollFeed } from './ticker-poll-feed.ts'

/*
 * Goal: a symbol that crosses a threshold is streamed, with each trade once, and polled again when it is calm; each switch
 * is told once. Method: a fake venue that is polled and streamed, and a feed that is stopped anywhere.
 */

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
const OPTIONS: FollowOptions = {
  symbols: SYMBOLS,
  thresholds: { changePercent: 5, windowMs: 400, calmMs: 300, minimumStayMs: 100 },
  pollEveryMs: 20,
  compareEveryMs: 20,
}
const FAST_POLL = { backoffFirstMs: 5, backoffMaxMs: 20, idleStepMs: 10 }

type Collected = CollectedFeed<ThresholdFeed>

function follow(venue: FakeVenue, options: Partial<FollowOptions> = {}): Collected {
  return new CollectedFeed((position) => {
    const restUrl = venue.url.replace('ws', 'http')
    const sources = {
      streamVenue: 'binance-spot',
      openPolled: (pollPosition: Uint8Array | undefined) => {
        const feed = new TickerPollFeed(
          { market: 'spot', symbols: SYMBOLS, pollEveryMs: 20, restUrl, limits: FAST_POLL },
          { clock: systemClock, seed: 1, ...(pollPosition && { position: pollPosition }) },
        )
        return { feed, readings: () => feed.readings }
      },
      openStream: (symbol: string, streamPosition: Uint8Array | undefined) =>
        new BinanceFeed(
          { market: 'spot', symbols: [symbol], url: venue.url, limits: FAST_LIMITS },
          { clock: systemClock, seed: 1, ...(streamPosition && { position: streamPosition }) },
        ),
    }
    return new ThresholdFeed({ ...OPTIONS, ...options }, sources, { clock: systemClock, ...(position && { position }) })
  })
}

/** A venue where both symbols trade at 100. */
async function calmVenue(seed = 1): Promise<FakeVenue> {
  const venue = await FakeVenue.start(seed)
  for (const symbol of SYMBOLS) {
    venue.prices.set(symbol, 100)
    venue.trade(symbol)
  }
  return venue
}

const streamedIds = (collected: Collected, symbol: string) => collected.idsOf(symbol).filter((id) => id !== NO_ID)
const following = (collected: Collected) => collected.feed.status().following!

/** Makes the symbol's price jump, and waits for its stream. */
async function jump(venue: FakeVenue, collected: Collected, symbol: string, price: number): Promise<void> {
  venue.prices.set(symbol, price)
  venue.trade(symbol)
  const stream = symbol.toLowerCase()
  await until(() => following(collected).streamedSymbols.includes(symbol), 'the switch')
  await until(() => venue.attempts.some((path) => path.includes(stream)) && isStreaming(collected), 'the stream')
}

const isStreaming = (collected: Collected) => collected.feed.status().sockets.some(({ state }) => state === 'open')

/** Alerts as `kind symbol`. */
const told = (collected: Collected) => collected.alerts.map(({ kind, symbol }) => `${kind} ${symbol}`)

describe('ThresholdFeed', () => {
  it('polls all symbols, and opens no stream while nothing happens', async () => {
    await using venue = await calmVenue()
    await using collected = follow(venue)
    await until(() => venue.requests.length > 5, 'some polls')
    expect(collected.trades.map(({ symbol, id }) => `${symbol} ${id}`).toSorted()).toEqual(['BTCUSDT -1', 'ETHUSDT -1'])
    expect(venue.attempts).toEqual([])
    expect(collected.feed.status()).toMatchObject({
      state: 'running',
      venue: 'binance-spot',
      following: { polledCount: 2, streamedCount: 0, waitingCount: 0, streamedSymbols: [] },
    })
    await until(() => collected.watermarksUs.length > 0, 'a promise')
  })

  it('streams a symbol whose price jumps, each trade once, and polls it again when it is calm', async () => {
    await using venue = await calmVenue()
    await using collected = follow(venue)
    await until(() => collected.trades.length === 2, 'the first prices')
    await jump(venue, collected, 'BTCUSDT', 106)
    expect(collected.alerts).toMatchObject([
      {
        kind: 'stream-start',
        venue: 'binance-spot',
        symbol: 'BTCUSDT',
        severity: 'MEDIUM',
        direction: 'SPIKE',
        value: 6,
        threshold: 5,
        evidence: { unit: 'percent', threshold: 'change', windowMs: 400, streamedCount: 1 },
      },
    ])
    const made: number[] = []
    for (let round = 0; round < 4; round++) {
      // It is polled meanwhile, and each poll shows a new trade.
      const pollsBefore = venue.requests.length
      for (let count = 0; count < 8; count++) made.push(venue.trade('BTCUSDT').firstId)
      await until(() => venue.requests.length > pollsBefore + 1, 'a poll')
    }
    await until(() => streamedIds(collected, 'BTCUSDT').length === 32, 'the streamed trades')
    expect(streamedIds(collected, 'BTCUSDT')).toEqual(made)
    await until(() => collected.alerts.length === 2, 'the calm')
    expect(collected.alerts[1]).toMatchObject({ kind: 'stream-stop', severity: 'LOW', evidence: { calmMs: 300 } })
    expect(following(collected)).toMatchObject({ polledCount: 2, streamedCount: 0 })
    await until(() => venue.clientCount === 0, 'the end of the stream')
    // The first polled price after the stream is left out; the one after it comes.
    const before = collected.trades.length
    const roundsBefore = venue.requests.length
    await until(() => venue.requests.length > roundsBefore + 2, 'polls')
    venue.trade('BTCUSDT')
    await until(() => collected.trades.length === before + 1, 'a polled price')
    expect(collected.trades.at(-1)!.id).toBe(NO_ID)
    // Ids and samples do not mix.
    const kinds = collected.idsOf('BTCUSDT').map((id) => (id === NO_ID ? 'polled' : 'streamed'))
    expect(kinds.filter((kind, index) => kind !== kinds[index - 1])).toEqual(['polled', 'streamed', 'polled'])
    expect(collected.idsOf('ETHUSDT')).toEqual([NO_ID])
  })

  it('repairs what its streams miss, and adds up their accounts beyond their end', async () => {
    await using venue = await calmVenue()
    await using collected = follow(venue)
    await until(() => collected.trades.length === 2, 'the first prices')
    await jump(venue, collected, 'BTCUSDT', 90)
    const made = (['none', 'lose', 'lose', 'double', 'none'] as const).map((how) => venue.trade('BTCUSDT', how).firstId)
    await until(() => streamedIds(collected, 'BTCUSDT').length === 5, 'the repaired trades')
    expect(streamedIds(collected, 'BTCUSDT')).toEqual(made)
    expect(collected.alerts[0]).toMatchObject({ direction: 'DROP', value: -10 })
    await until(() => collected.alerts.length === 2, 'the calm')
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 1, missingCount: 2, repairedCount: 2 })
    expect(collected.gaps).toMatchObject([{ symbol: 'BTCUSDT', fromId: made[1], toId: made[2] }])
    expect(collected.feed.dropped().overlap).toBe(1)
  })
})

describe('how many and how long', () => {
  it('a symbol beyond the maximum waits, is reported, and takes the place that becomes free', async () => {
    await using venue = await calmVenue()
    await using collected = follow(venue, { streamedMaxCount: 1 })
    await until(() => collected.trades.length === 2, 'the first prices')
    await jump(venue, collected, 'BTCUSDT', 110)
    venue.prices.set('ETHUSDT', 110)
    venue.trade('ETHUSDT')
    await until(() => following(collected).waitingCount === 1, 'the queue')
    expect(collected.feed.status()).toMatchObject({ state: 'degraded', following: { waitingSymbols: ['ETHUSDT'] } })
    // It stays loud while the other becomes calm.
    for (let price = 110; following(collected).streamedSymbols[0] !== 'ETHUSDT'; price = 230 - price) {
      venue.prices.set('ETHUSDT', price)
      venue.trade('ETHUSDT')
      await delay(20)
    }
    expect(told(collected)).toEqual(['stream-start BTCUSDT', 'stream-stop BTCUSDT', 'stream-start ETHUSDT'])
  })

  it('stays streamed while it is loud, by the prices of the stream', async () => {
    await using venue = await calmVenue()
    await using collected = follow(venue)
    await until(() => collected.trades.length === 2, 'the first prices')
    await jump(venue, collected, 'BTCUSDT', 110)
    const untilMs = performance.now() + 800
    for (let price = 110; performance.now() < untilMs; price = 230 - price) {
      venue.prices.set('BTCUSDT', price)
      venue.trade('BTCUSDT')
      await delay(50)
    }
    expect(told(collected)).toEqual(['stream-start BTCUSDT'])
    await until(() => collected.alerts.length === 2, 'the calm')
  })
})

describe('restarts and other sources', () => {
  it('goes on after a restart with what was streamed, and fills what was missed meanwhile', async () => {
    await using venue = await calmVenue()
    // Long enough for a restart on a busy machine.
    await using collected = follow(venue, { thresholds: { ...OPTIONS.thresholds, calmMs: 1500 } })
    await until(() => collected.trades.length === 2, 'the first prices')
    await jump(venue, collected, 'BTCUSDT', 106)
    const made = [venue.trade('BTCUSDT').firstId]
    await until(() => streamedIds(collected, 'BTCUSDT').length === 1, 'a streamed trade')
    await collected.stop()
    made.push(venue.trade('BTCUSDT').firstId)
    await collected.restart()
    await until(() => isStreaming(collected), 'the stream')
    made.push(venue.trade('BTCUSDT').firstId)
    await until(() => streamedIds(collected, 'BTCUSDT').length === 3, 'all trades')
    expect(streamedIds(collected, 'BTCUSDT')).toEqual(made)
    await until(() => collected.alerts.length === 2, 'the calm')
    expect(told(collected)).toEqual(['stream-start BTCUSDT', 'stream-stop BTCUSDT'])
  })

  it('puts any polled feed before any stream: prices of Binance, streams of Kraken', async () => {
    await using venue = await calmVenue()
    await using kraken = await FakeKraken.start()
    const restUrl = venue.url.replace('ws', 'http')
    await using collected = new CollectedFeed((position) => {
      const sources = {
        streamVenue: 'kraken',
        // Without readings of its own: what the trades say.
        openPolled: () => ({
          feed: new TickerPollFeed(
            { market: 'spot', symbols: SYMBOLS, pollEveryMs: 20, restUrl, limits: FAST_POLL },
            { clock: systemClock, seed: 1 },
          ),
        }),
        openStream: (symbol: string) =>
          new KrakenFeed({ symbols: [symbol], url: kraken.url }, { clock: systemClock, seed: 1 }),
      }
      const options = { ...OPTIONS, streamAs: { BTCUSDT: 'BTC/USDT', ETHUSDT: 'ETH/USDT' } }
      return new ThresholdFeed(options, sources, { clock: systemClock, ...(position && { position }) })
    })
    await until(() => collected.trades.length === 2, 'the first prices')
    venue.prices.set('BTCUSDT', 106)
    venue.trade('BTCUSDT')
    await until(() => kraken.subscriptions.length === 2, 'the subscriptions')
    kraken.trade('BTC/USDT', 'none', 3)
    await until(() => streamedIds(collected, 'BTC/USDT').length === 3, 'streamed trades')
    expect(told(collected)).toEqual(['stream-start BTC/USDT'])
  })
})

describe('chaos', () => {
  it.each([1, 2])('tells each switch once and doubles no trade wherever it is stopped, seed %i', async (seed) => {
    const random = new Random(seed)
    await using venue = await calmVenue(seed)
    await using collected = follow(venue)
    await until(() => collected.trades.length === 2, 'the first prices')
    for (let round = 0; round < 100; round++) {
      await misbehave(venue, collected, random)
      const symbol = SYMBOLS[random.nextInt(2)]!
      // Now and then a price far away, and then it stays there.
      if (random.nextInt(15) === 0) venue.prices.set(symbol, 80 + random.nextInt(50))
      venue.trade(symbol, (['none', 'none', 'lose', 'double'] as const)[random.nextInt(4)]!)
      await delay(random.nextInt(12))
    }
    venue.endSilence()
    await until(() => following(collected).streamedCount === 0, 'calm')
    for (const symbol of SYMBOLS) {
      const ids = streamedIds(collected, symbol)
      expect(new Set(ids).size).toBe(ids.length)
      // Start and stop in turn, each told once.
      const kinds = collected.alerts.filter((alert) => alert.symbol === symbol).map(({ kind }) => kind)
      expect(kinds).toEqual(kinds.map((_, index) => (index % 2 === 0 ? 'stream-start' : 'stream-stop')))
      expect(kinds.length % 2).toBe(0)
    }
    expect(new Set(collected.alerts.map(({ id }) => id)).size).toBe(collected.alerts.length)
    expect(collected.alerts.length).toBeGreaterThan(0)
  })

  async function misbehave(venue: FakeVenue, collected: Collected, random: Random): Promise<void> {
    const kind = random.nextInt(40)
    if (kind === 0) venue.cut()
    else if (kind === 1) venue.refuseRequests.push({ status: 503 })
    else if (kind === 2) venue.refuseRequests.push({ status: 429, retryAfterSeconds: 0.03 })
    else if (kind <= 5) {
      collected.isDying = true
      await delay(random.nextInt(20))
      await collected.restart()
    }
  }
})
