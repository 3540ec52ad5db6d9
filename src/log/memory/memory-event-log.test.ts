import { expect, it } from 'vitest'
import { SimulatedClock } from '../../base/clock.ts'
import { eventLogContract } from '../event-log.contract.ts'
import { MemoryEventLog } from './memory-event-log.ts'

eventLogContract('memory', false, async (clock) => {
  const log = new MemoryEventLog({ clock })
  return { log, openReader: async () => log.reader(), dispose: () => log.close() }
})

it('the memory log takes its time from the clock alone', async () => {
  const clock = new SimulatedClock(5_000_000)
  const log = new MemoryEventLog({ clock })
  let hasEnded = false
  const wait = log.waitForCommit(60_000).then(() => {
    hasEnded = true
  })
  await clock.advance(59_999)
  expect(hasEnded).toBe(false)
  await clock.advance(1)
  await wait
  await log.commit({
    appends: [
      { topic: 'alerts', partition: 0, batch: { recordCount: 1, payload: new Uint8Array(1), maxEventTimeUs: 0 } },
    ],
  })
  expect((await log.read('alerts', 0, 0, 1))[0]?.appendedTimeUs).toBe(65_000_000)
})

it('a reader of a memory log that was closed is refused', async () => {
  const log = new MemoryEventLog({ clock: new SimulatedClock(0) })
  const reader = log.reader()
  await log.close()
  await expect(reader.waitForCommit(60_000)).rejects.toMatchObject({ code: 'log-closed' })
  await expect(reader.epoch()).rejects.toMatchObject({ code: 'log-closed' })
})
