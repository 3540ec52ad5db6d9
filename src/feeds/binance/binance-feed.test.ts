import { describe, expect, it } from 'vitest'
import { CollectedFeed, until } from './testing/collected-feed.ts'
import { FakeVenue } from './testing/fake-venue.ts'

const SYMBOLS = ['btcusdt', 'ethusdt']

function venueText({ price, quantity, timeMs, isBuyerMaker }: ReturnType<FakeVenue['trade']>): string {
  return `${price} ${quantity} ${timeMs} ${isBuyerMaker ? 2 : 1}`
}

/** Every trade that the venue has, once each, as the venue has it. */
function expectAll(venue: FakeVenue, collected: CollectedFeed): void {
  for (const symbol of SYMBOLS.map((name) => name.toUpperCase())) {
    const known = venue.tradesOf(symbol).filter(({ streamId }) => !venue.absent.has(`${symbol}/${streamId}`))
    const got = collected.trades.filter((trade) => trade.symbol === symbol).toSorted((a, b) => a.id - b.id)
    expect(got.map(({ id }) => id)).toEqual(known.map(({ firstId }) => firstId))
    expect(got.map(({ text }) => text)).toEqual(known.map(venueText))
  }
}

async function untilAll(venue: FakeVenue, collected: CollectedFeed): Promise<void> {
  const expected = () =>
    SYMBOLS.reduce((sum, name) => sum + venue.tradesOf(name.toUpperCase()).length, 0) - venue.absent.size
  await until(() => collected.trades.length >= expected(), 'all trades')
  expectAll(venue, collected)
}

async function connected(venue: FakeVenue, options: Partial<ConstructorParameters<typeof CollectedFeed>[0]> = {}) {
  const collected = new CollectedFeed({ market: 'spot', symbols: SYMBOLS, url: venue.url, ...options })
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

  it('back-fills a gap before it goes on, so that trades come in order', async () => {
    await using venue = await FakeVenue.start()
    await using collected = await connected(venue)
    venue.trade('BTCUSDT')
    for (let count = 0; count < 3; count++) venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    await untilAll(venue, collected)
    expect(collected.idsOf('BTCUSDT')).toEqual([1000, 1001, 1002, 1003, 1004])
    expect(collected.feed.status().repairs).toMatchObject({ gapCount: 1, missingCount: 3, repairedCount: 3 })
  })
})
