import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import type { PushFeed } from '../feeds/push/push-feed.ts'
import { upConfig } from './cli/settings.ts'
import { checkConfig } from './config.ts'
import { createFeed } from './create-feed.ts'
import { createPushFeed, takesPushes } from './create-push-feed.ts'

const clock = new SimulatedClock(Date.UTC(2026, 0, 1) * 1000)
const signal = new AbortController().signal
const ALONE = upConfig({ feed: 'push' }, {})

async function positionOf(feed: PushFeed): Promise<Uint8Array> {
  const line = '{"type":"trade","symbol":"A","price":"1","quantity":"1","eventTimeMs":1}'
  feed.offer({ bytes: Buffer.from(line), format: 'ndjson' }).catch(() => undefined)
  const step = await feed.next(signal)
  await feed.close()
  return step!.position
}

describe('the push feed', () => {
  it('stands beside every feed but a replay', () => {
    expect(takesPushes(upConfig({}, {}))).toBe(true)
    expect(takesPushes(ALONE)).toBe(true)
    expect(takesPushes(checkConfig({ feed: { type: 'replay', paths: ['a.csv'] } }, 'test'))).toBe(false)
  })

  it('does not start on the events of another feed, nor another on its own', async () => {
    const position = await positionOf(createPushFeed(ALONE, clock, []))
    const simulator = upConfig({ backfill: '1m' }, {}).feed
    await expect(createFeed(simulator, { clock, logger: silentLogger, position })).rejects.toThrow(
      'holds the events of the feed push',
    )
    expect(() => createPushFeed(ALONE, clock, [], Uint8Array.of(0xff, 1))).toThrow(
      'holds the events of the feed simulator',
    )
    expect(createPushFeed(ALONE, clock, [], position).status().name).toBe('push')
  })

  it('is quiet beside another feed: it waits for no time at all', async () => {
    const feed = createPushFeed(upConfig({}, {}), clock, [])
    const abort = new AbortController()
    const next = feed.next(abort.signal)
    expect(clock.sleeperCount).toBe(0)
    abort.abort(new Error('stop'))
    await expect(next).rejects.toThrow('stop')
  })
})
