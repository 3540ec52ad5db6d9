import { describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { MemoryEventLog } from '../../log/memory/memory-event-log.ts'
import { commitQuotes, commitTrades } from '../testing/sample-events.ts'
import { LiveHub } from './live-hub.ts'
import { LogFollower } from './log-follower.ts'

function follow(log: MemoryEventLog, passIntervalMs = 0) {
  const hub = new LiveHub()
  const seen: string[] = []
  const follower = new LogFollower({
    log: log.reader(),
    hub,
    partitionCount: 2,
    logger: silentLogger,
    passIntervalMs: () => passIntervalMs,
    events: {
      caughtUp: () => undefined,
      reset: () => seen.push('reset'),
      lost: (topic, count) => seen.push(`lost ${count} of ${topic}`),
    },
  })
  return { hub, seen, follower }
}

describe('log follower', () => {
  it('begins with the last trades and the last batch of what else there is', async () => {
    const log = new MemoryEventLog({ clock: systemClock })
    await commitTrades(log, [['A', 100]])
    await commitTrades(log, [['B', 200]])
    await commitQuotes(log, [['A', 100]])
    await commitQuotes(log, [['B', 200]])
    const { hub, follower } = follow(log)
    await follower.start()
    await expect.poll(() => hub.trades().map(({ symbol }) => symbol)).toEqual(['A', 'B'])
    await expect.poll(() => hub.quotes().map(({ symbol }) => symbol)).toEqual(['B'])
    expect(follower.offsets()).toMatchObject({ 'market.trades/0': 2, 'market.trades/1': 0, 'alerts/0': 0 })
    await follower.stop()
  })

  it('passes over what is not a batch, says so, and goes on', async () => {
    const log = new MemoryEventLog({ clock: systemClock })
    const { hub, seen, follower } = follow(log)
    await follower.start()
    const batch = { recordCount: 3, payload: new Uint8Array(64), maxEventTimeUs: 1 }
    await log.commit({ appends: [{ topic: 'market.trades', partition: 0, batch }] })
    await commitTrades(log, [['A', 100]])
    await expect.poll(() => hub.trades('A')).toHaveLength(1)
    expect(seen).toEqual(['lost 3 of market.trades'])
    await follower.stop()
  })

  it('states what retention dropped before it was read', async () => {
    const log = new MemoryEventLog({ clock: systemClock })
    const { hub, seen, follower } = follow(log, 300)
    await commitQuotes(log, [['A', 1]])
    await follower.start()
    await expect.poll(() => hub.quotes('A')).toHaveLength(1)
    for (let bid = 2; bid <= 5; bid++) await commitQuotes(log, [['A', bid]])
    await log.retain([{ topic: 'market.quotes', maxBytes: 0 }], systemClock.nowUs())
    await expect.poll(() => hub.quotes('A')[0]?.bidPrice).toBe('0.05')
    expect(seen).toEqual(['lost 3 of market.quotes'])
    await follower.stop()
  })

  it('stops quietly when the log is closed under it', async () => {
    const log = new MemoryEventLog({ clock: systemClock })
    const { follower } = follow(log)
    await follower.start()
    await log.close()
    await follower.stop()
  })
})
