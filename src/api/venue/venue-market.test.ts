import { describe, expect, it } from 'vitest'
import type { Candle } from '../../events/candle.ts'
import { TAKER_BUY, TradeBatch } from '../../events/trade-batch.ts'
import { candleOf } from '../testing/sample-events.ts'
import { KlineSender } from './kline-sender.ts'
import { KlineUpdates } from './kline-updates.ts'
import { RecentCandles } from './recent-candles.ts'
import { RolledUpdates } from './rolled-updates.ts'
import { parseStreamName } from './stream-name.ts'
import { VenueMarket } from './venue-market.ts'
import type { NumberedTrade } from './venue-messages.ts'
import { type StreamReader, VenueStreams } from './venue-streams.ts'
import { type Listing, VenueSymbols } from './venue-symbols.ts'

const nothing = () => undefined

function market() {
  const streams = new VenueStreams()
  const seen: NumberedTrade[] = []
  const counts = { unnumbered: 0, resets: 0 }
  const candles: Candle[] = []
  const symbols = new VenueSymbols(async () => [])
  const subject = new VenueMarket(symbols, streams, {
    trade: (_streams, _listing, trade) => seen.push(trade),
    quote: nothing,
    finalCandle: (_listing, candle) => candles.push(candle),
    unnumberedTrade: () => {
      counts.unnumbered += 1
    },
    reset: () => {
      counts.resets += 1
    },
  })
  return { subject, streams, symbols, seen, counts, candles }
}

/** One trade of `venue`; the price is 1.5 in the decimals that are given. */
function batchOf(subject: VenueMarket, id: number, decimals = 2, venue = 'v'): TradeBatch {
  const batch = new TradeBatch(subject.instruments, 1)
  batch.instrument[0] = subject.instruments.register(venue, 'AAPL', decimals, 0)
  batch.priceLow[0] = 1.5 * 10 ** decimals
  batch.quantityLow[0] = 1
  batch.id[0] = id
  batch.tradeCount[0] = 1
  batch.flags[0] = TAKER_BUY
  batch.count = 1
  return batch
}

const reader = (into: string[] = []): StreamReader => ({ isCombined: false, send: (text) => into.push(text) })

describe('VenueMarket', () => {
  it('passes on trades of watched symbols only, from the moment that somebody watches', () => {
    const { subject, streams, seen } = market()
    const name = parseStreamName('aapl@trade')!
    const watcher = reader()
    subject.takeTrades(batchOf(subject, 1))
    streams.join(name, watcher)
    subject.takeTrades(batchOf(subject, 2))
    streams.leave(name, watcher)
    subject.takeTrades(batchOf(subject, 3))
    expect(seen.map(({ id }) => id)).toEqual([2])
  })

  it('keeps the newest trades, with their value where decimals have grown', async () => {
    const { subject, symbols } = market()
    subject.takeTrades(batchOf(subject, 1))
    subject.takeTrades(batchOf(subject, 2, 4))
    const listing = (await symbols.find('AAPL'))!
    expect(subject.recentTrades(listing, 10).map(({ id, price }) => [id, price])).toEqual([
      [1, '1.5000'],
      [2, '1.5000'],
    ])
  })

  it('counts trades without an id, and those of another venue with the name it leaves out', () => {
    const { subject, streams, seen, counts } = market()
    streams.join(parseStreamName('aapl@trade')!, reader())
    for (const batch of [batchOf(subject, -1), batchOf(subject, 7), batchOf(subject, 8, 2, 'other')]) {
      subject.takeTrades(batch)
    }
    expect([seen.map(({ id }) => id), counts.unnumbered]).toEqual([[7], 1])
  })

  it('forgets everything but who watches when the log begins anew', async () => {
    const { subject, streams, symbols, seen, counts } = market()
    streams.join(parseStreamName('aapl@trade')!, reader())
    subject.takeTrades(batchOf(subject, 1))
    const listing = (await symbols.find('AAPL'))!
    subject.reset('two')
    expect([subject.epoch, counts.resets, subject.recentTrades(listing, 10)]).toEqual(['two', 1, []])
    subject.takeTrades(batchOf(subject, 5))
    expect(seen.map(({ id }) => id)).toEqual([1, 5])
  })

  it('tells of candles that have become final, not of corrections', () => {
    const { subject, streams, candles } = market()
    streams.join(parseStreamName('aapl@kline_1m')!, reader())
    subject.takeTrades(batchOf(subject, 1))
    const candle = { ...candleOf('AAPL', 0), venue: 'v' }
    subject.takeCandles([candle, { ...candle, revision: 1 }, { ...candle, isFinal: false }, { ...candle, venue: 'w' }])
    expect(candles).toEqual([candle])
  })
})

describe('KlineUpdates', () => {
  const listing: Listing = {
    wireSymbol: 'AAPL',
    venue: 'simulator',
    symbol: 'AAPL',
    priceDecimals: 2,
    quantityDecimals: 3,
  }

  function updates() {
    const streams = new VenueStreams()
    const sent: string[] = []
    streams.join(parseStreamName('aapl@kline_1m')!, reader(sent))
    const symbols = new VenueSymbols(async () => [listing])
    let open: Candle[] = []
    const nowMs = () => 1
    const sender = new KlineSender({ firstId: async (_, fromMs) => fromMs / 1000, nowMs })
    const recent = new RecentCandles()
    const store = { finalCandles: async () => [] }
    const rolled = new RolledUpdates({ streams, reader: store, recent, sender, nowMs, newestTradeMs: () => 0 })
    const openCandles = async () => open
    const subject = new KlineUpdates({ streams, symbols, openCandles, sender, rolled, onDropped: nothing })
    const sendOpen = (...candles: Candle[]) => {
      open = candles.map((candle) => ({ ...candle, isFinal: false }))
      return subject.sendOpen()
    }
    const finish = (candle: Candle) => {
      subject.finish(listing, candle)
      return subject.sendFinished()
    }
    const told = () => sent.map((text) => (JSON.parse(text) as { k: { t: number; x: boolean; n: number } }).k)
    return { sendOpen, finish, told, sent }
  }

  it('sends an open candle when it has changed, and its end once', async () => {
    const { sendOpen, finish, told } = updates()
    const candle = candleOf('AAPL', 60_000)
    await sendOpen(candle)
    await sendOpen(candle)
    await sendOpen({ ...candle, tradeCount: 9 })
    await finish(candle)
    await finish(candle)
    await sendOpen(candle)
    expect(told()).toMatchObject([
      { t: 60_000, x: false, n: 4, f: 60, L: 63 },
      { t: 60_000, x: false, n: 9, f: 60, L: 68 },
      { t: 60_000, x: true, n: 4 },
    ])
  })

  it('a candle that ends after the next one has begun is sent all the same, and the next one goes on', async () => {
    const { sendOpen, finish, told } = updates()
    const [old, next] = [candleOf('AAPL', 0), candleOf('AAPL', 60_000)]
    await sendOpen(old, next)
    await sendOpen({ ...old, tradeCount: 5 }, next)
    await finish(old)
    await sendOpen({ ...next, tradeCount: 6 })
    expect(told().map(({ t, x, n }) => [t, x, n])).toEqual([
      [0, false, 4],
      [60_000, false, 4],
      [0, true, 4],
      [60_000, false, 6],
    ])
  })
})
