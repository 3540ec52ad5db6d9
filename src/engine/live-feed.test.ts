import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import type { Candle } from '../events/candle.ts'
import type { Gap } from '../events/gap.ts'
import { BinanceFeed } from '../feeds/binance/binance-feed.ts'
import { FAST_LIMITS } from '../feeds/binance/testing/collect-binance.ts'
import { FakeVenue } from '../feeds/binance/testing/fake-venue.ts'
import { until } from '../feeds/streaming/testing/collected-feed.ts'
import { MemoryEventLog } from '../log/memory/memory-event-log.ts'
import { recordsOf, testPipeline } from './testing/test-pipeline.ts'

/*
 * Goal: what a live feed back-fills late ends in the log as a gap, candles that say so, and their correction. Method: a
 * fake venue whose clock runs ahead minute by minute, and the pipeline over a log in memory.
 */

const MINUTE_MS = 60_000

describe('a live feed in the pipeline', () => {
  it('declares a gap that is repaired late, marks its candles, and patches them', async () => {
    await using venue = await FakeVenue.start()
    // The venue lives in the middle of a minute, so that what comes together is of one candle.
    venue.aheadMs = MINUTE_MS / 2 - (Date.now() % MINUTE_MS)
    const log = new MemoryEventLog({ clock: systemClock })
    const limits = { ...FAST_LIMITS, holdMaxMs: 20 }
    const pipeline = testPipeline({
      log,
      openFeed: async (position) =>
        new BinanceFeed(
          { market: 'spot', symbols: ['btcusdt'], url: venue.url, limits },
          { clock: systemClock, seed: 1, ...(position && { position }) },
        ),
      onFailure: (error) => expect.unreachable(String(error)),
    })
    await pipeline.start()
    await until(() => pipeline.feeds()[0]?.state === 'running', 'the socket')
    venue.trade('BTCUSDT')
    // Trades of the middle of a minute are lost, and the venue lets nobody ask for them for a while.
    venue.aheadMs += MINUTE_MS
    venue.trade('BTCUSDT')
    venue.refuseRequests.push({ status: 429, retryAfterSeconds: 0.4 })
    venue.trade('BTCUSDT', 'lose')
    venue.trade('BTCUSDT')
    for (let minute = 0; minute < 2; minute++) {
      venue.aheadMs += MINUTE_MS
      venue.trade('BTCUSDT')
    }
    await until(() => pipeline.feeds()[0]?.repairs?.repairedCount === 1, 'the repair')
    const repaired = venue.tradesOf('BTCUSDT')[2]!
    const openTimeMs = repaired.timeMs - (repaired.timeMs % MINUTE_MS)
    const formsOf = async () =>
      (await recordsOf<Candle>(log, 'market.candles'))
        .filter((candle) => candle.interval === '1m' && candle.openTimeMs === openTimeMs)
        .map(({ revision, completeness, tradeCount }) => ({ revision, completeness, tradeCount }))
    while ((await formsOf()).at(-1)?.completeness !== 'patched') await delay(5)
    expect(await formsOf()).toEqual([
      { revision: 0, completeness: 'gapped', tradeCount: 2 },
      { revision: 1, completeness: 'gapped', tradeCount: 3 },
      { revision: 2, completeness: 'patched', tradeCount: 3 },
    ])
    expect(await recordsOf<Gap>(log, 'gaps')).toMatchObject([{ symbol: 'BTCUSDT', fromId: 1002, toId: 1002 }])
    await pipeline.stop()
    await log.close()
  })
})
