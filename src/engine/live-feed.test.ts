import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { FinPulseError } from '../base/errors.ts'
import type { Candle } from '../events/candle.ts'
import type { Gap } from '../events/gap.ts'
import { BinanceFeed } from '../feeds/binance/binance-feed.ts'
import { FAST_LIMITS } from '../feeds/binance/testing/collect-binance.ts'
import { FakeVenue } from '../feeds/binance/testing/fake-venue.ts'
import { until } from '../feeds/streaming/testing/collected-feed.ts'
import { MemoryEventLog } from '../log/memory/memory-event-log.ts'
import type { Pipeline } from './pipeline.ts'
import { INGEST_CHECKPOINT } from './roles/ingest-role.ts'
import { recordsOf, testPipeline } from './testing/test-pipeline.ts'

/*
 * Goal: every hole in a live feed's trades ends in the log as a gap, once; and where it is filled late, in candles that
 * say so, and their correction. Method: a fake venue whose clock runs ahead minute by minute, and the pipeline over a log
 * in memory.
 */

const MINUTE_MS = 60_000

/** A venue that lives in the middle of a minute, so that what comes together is of one candle. */
async function startVenue(): Promise<FakeVenue> {
  const venue = await FakeVenue.start()
  venue.aheadMs = MINUTE_MS / 2 - (Date.now() % MINUTE_MS)
  return venue
}

async function startPipeline(
  venue: FakeVenue,
  log: MemoryEventLog,
  { holdMaxMs, onFailure }: { holdMaxMs: number; onFailure?: (error: unknown) => void },
): Promise<Pipeline> {
  const limits = { ...FAST_LIMITS, holdMaxMs, catchUpMaxMs: holdMaxMs }
  const pipeline = testPipeline({
    log,
    openFeed: async (position) =>
      new BinanceFeed(
        { market: 'spot', symbols: ['btcusdt'], url: venue.url, limits },
        { clock: systemClock, seed: 1, ...(position && { position }) },
      ),
    onFailure: onFailure ?? ((error) => expect.unreachable(String(error))),
  })
  await pipeline.start()
  await until(() => pipeline.feeds()[0]?.sockets[0]?.state === 'open', 'the socket')
  return pipeline
}

/** A trade in each of three minutes, and two more in the second, of which the first is lost. @returns the lost one */
function tradeWithLoss(venue: FakeVenue): ReturnType<FakeVenue['trade']> {
  venue.trade('BTCUSDT')
  venue.aheadMs += MINUTE_MS
  venue.trade('BTCUSDT')
  const lost = venue.trade('BTCUSDT', 'lose')
  venue.trade('BTCUSDT')
  passMinutes(venue)
  return lost
}

/** Two trades, each a minute after the one before: what was before them is final then. */
function passMinutes(venue: FakeVenue): void {
  for (let minute = 0; minute < 2; minute++) {
    venue.aheadMs += MINUTE_MS
    venue.trade('BTCUSDT')
  }
}

/** Waits for the last form of the candle around a time. @returns all its forms */
async function formsUntil(log: MemoryEventLog, timeMs: number, completeness: Candle['completeness']) {
  const openTimeMs = timeMs - (timeMs % MINUTE_MS)
  for (;;) {
    const forms = (await recordsOf<Candle>(log, 'market.candles'))
      .filter((candle) => candle.interval === '1m' && candle.openTimeMs === openTimeMs)
      .map(({ revision, completeness, tradeCount }) => ({ revision, completeness, tradeCount }))
    if (forms.at(-1)?.completeness === completeness) return forms
    await delay(5)
  }
}

async function gapsIn(log: MemoryEventLog): Promise<string[]> {
  const gaps = await recordsOf<Gap>(log, 'gaps')
  return gaps.map(({ symbol, fromId, toId, foundBy }) => `${symbol} ${fromId} ${toId} ${foundBy}`)
}

describe('a live feed in the pipeline', () => {
  it('tells of a gap that is repaired in time, and its candle is complete', async () => {
    await using venue = await startVenue()
    const log = new MemoryEventLog({ clock: systemClock })
    const pipeline = await startPipeline(venue, log, { holdMaxMs: 5000 })
    const lost = tradeWithLoss(venue)
    const forms = await formsUntil(log, lost.timeMs, 'complete')
    expect(forms).toEqual([{ revision: 0, completeness: 'complete', tradeCount: 3 }])
    expect(await gapsIn(log)).toEqual(['BTCUSDT 1002 1002 feed'])
    await pipeline.stop()
    await log.close()
  })

  it('tells of a gap that is repaired late, declares it, marks its candles, and patches them', async () => {
    await using venue = await startVenue()
    const log = new MemoryEventLog({ clock: systemClock })
    const pipeline = await startPipeline(venue, log, { holdMaxMs: 20 })
    // The venue lets nobody ask for the lost trade for a while.
    venue.refuseRequests.push({ status: 429, retryAfterSeconds: 0.4 })
    const lost = tradeWithLoss(venue)
    await until(() => pipeline.feeds()[0]?.repairs?.repairedCount === 1, 'the repair')
    expect(await formsUntil(log, lost.timeMs, 'patched')).toEqual([
      { revision: 0, completeness: 'gapped', tradeCount: 2 },
      { revision: 1, completeness: 'patched', tradeCount: 3 },
    ])
    expect(await gapsIn(log)).toEqual(['BTCUSDT 1002 1002 feed', 'BTCUSDT 1002 1002 processor'])
    await pipeline.stop()
    await log.close()
  })

  it.each(['before', 'after'] as const)('tells of a gap once, also where it dies %s the commit', async (moment) => {
    await using venue = await startVenue()
    const log = new MemoryEventLog({ clock: systemClock })
    const commit = log.commit.bind(log)
    log.commit = async (wanted) => {
      const isTold = wanted.appends.some(({ topic }) => topic === 'gaps')
      if (!isTold) return commit(wanted)
      if (moment === 'after') await commit(wanted)
      throw new FinPulseError('log-failed', 'the process dies here')
    }
    const failures: unknown[] = []
    const dying = await startPipeline(venue, log, { holdMaxMs: 5000, onFailure: (error) => failures.push(error) })
    venue.trade('BTCUSDT')
    // What is lost after the first trade that is on record must not be forgotten.
    while (!Buffer.from((await log.checkpoint(INGEST_CHECKPOINT)) ?? []).includes(',1001,')) await delay(5)
    const lost = tradeWithLoss(venue)
    await until(() => failures.length > 0, 'the crash')
    await dying.stop()
    log.commit = commit
    expect(await gapsIn(log)).toHaveLength(moment === 'after' ? 1 : 0)
    const pipeline = await startPipeline(venue, log, { holdMaxMs: 5000 })
    passMinutes(venue)
    await formsUntil(log, lost.timeMs, 'complete')
    const ids = (await recordsOf<Gap>(log, 'gaps')).flatMap(({ fromId, missingCount }) =>
      Array.from({ length: missingCount }, (_, index) => fromId + index),
    )
    expect(ids.filter((id) => id === lost.streamId)).toHaveLength(1)
    expect(ids).toEqual([...new Set(ids)])
    await pipeline.stop()
    await log.close()
  })
})
