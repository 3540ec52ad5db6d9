import { expect, it } from 'vitest'
import type { EventLog } from '../event-log.ts'
import type { EventLogUnderTest } from './event-log-under-test.ts'
import { append, EVERYTHING } from './sample-batches.ts'

export function lifeRules(log: () => EventLog, subject: () => EventLogUnderTest): void {
  it('[EL40] reset begins a new epoch, with no event and no checkpoint', async () => {
    const epoch = await log().epoch()
    await log().commit({ appends: [append('alerts', 2, 5)], checkpoints: [{ name: 'role', value: Buffer.from('1') }] })
    const reader = await subject().openReader()
    expect(await log().epoch()).toBe(epoch)
    await log().reset()
    for (const half of [log(), reader]) {
      expect(await half.epoch()).not.toBe(epoch)
      expect(await half.stats()).toEqual([])
      expect(await half.bounds('alerts', 2)).toEqual({ startOffset: 0, endOffset: 0 })
      expect(await half.checkpoint('role')).toBeUndefined()
    }
    expect(await log().commit({ appends: [append('alerts', 2, 1)] })).toEqual({ firstOffsets: [0] })
    await reader.close()
  })

  it('[EL41] every use after close is refused, and a second close is not', async () => {
    await log().close()
    await log().close()
    const uses = [
      log().commit({ appends: [] }),
      log().read('alerts', 0, 0, 1),
      log().bounds('alerts', 0),
      log().checkpoint('role'),
      log().epoch(),
      log().stats(),
      log().waitForCommit(1),
      log().retain([], 0),
      log().reset(),
    ]
    for (const use of await Promise.allSettled(uses)) expect(use).toMatchObject({ reason: { code: 'log-closed' } })
  })

  it('[EL42] a commit made before close is kept', async () => {
    const committing = log().commit({ appends: [append('alerts', 0, 1)] })
    await log().close()
    expect(await committing).toEqual({ firstOffsets: [0] })
  })

  it('[EL43] closing a reader leaves the log open', async () => {
    const reader = await subject().openReader()
    await reader.close()
    await expect(reader.stats()).rejects.toMatchObject({ code: 'log-closed' })
    expect(await log().commit({ appends: [append('alerts', 0, 1)] })).toEqual({ firstOffsets: [0] })
  })
}

export function waitRules(log: () => EventLog, subject: () => EventLogUnderTest): void {
  /** Longer than the test may take: a wait that ends has ended for another reason. */
  const FOREVER_MS = 3_600_000

  it('[EL50] waitForCommit resolves at once where a commit happened since the last call', async () => {
    const reader = await subject().openReader()
    await log().commit({ appends: [append('alerts', 0, 1)] })
    await Promise.all([log().waitForCommit(FOREVER_MS), reader.waitForCommit(FOREVER_MS)])
    await log().commit({ appends: [], checkpoints: [{ name: 'role', value: new Uint8Array(1) }] })
    await Promise.all([log().waitForCommit(FOREVER_MS), reader.waitForCommit(FOREVER_MS)])
    await reader.close()
  })

  it('[EL51] waitForCommit waits for the next commit', async () => {
    const reader = await subject().openReader()
    const ended: string[] = []
    const waits = [
      log()
        .waitForCommit(FOREVER_MS)
        .then(() => ended.push('log')),
      reader.waitForCommit(FOREVER_MS).then(() => ended.push('reader')),
    ]
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(ended).toEqual([])
    await log().commit({ appends: [append('alerts', 0, 1)] })
    await Promise.all(waits)
    expect(ended.toSorted()).toEqual(['log', 'reader'])
    await reader.close()
  })

  it('[EL52] waitForCommit gives up after its time', async () => {
    const reader = await subject().openReader()
    await Promise.all([log().waitForCommit(5), reader.waitForCommit(5), log().waitForCommit(0)])
    await reader.close()
  })

  it('[EL53] one reader’s wait does not swallow the commit of another', async () => {
    const readers = await Promise.all([subject().openReader(), subject().openReader()])
    await log().commit({ appends: [append('alerts', 0, 1)] })
    await log().waitForCommit(FOREVER_MS)
    for (const reader of readers) await reader.waitForCommit(FOREVER_MS)
    for (const reader of readers) await reader.close()
  })

  it('[EL54] reset and close end a wait', async () => {
    const reader = await subject().openReader()
    const waits = [log().waitForCommit(FOREVER_MS), reader.waitForCommit(FOREVER_MS)]
    await log().reset()
    await Promise.all(waits)
    const closing = [log().waitForCommit(FOREVER_MS), reader.waitForCommit(FOREVER_MS)]
    await reader.close()
    await log().close()
    await Promise.all(closing)
  })
}

export function durabilityRules(subject: () => EventLogUnderTest): void {
  it('[EL70] a log that is opened again is the same log', async () => {
    const { log, reopen } = durable(subject())
    for (let index = 0; index < 5; index++) await log.commit({ appends: [append('alerts', 1, 2, `${index}`, index)] })
    await log.commit({ appends: [append('gaps', 0, 3)], checkpoints: [{ name: 'role', value: Buffer.from('at 3') }] })
    await log.retain([{ topic: 'alerts', maxBytes: 3 }], 0)
    const before = await contentOf(log)
    const again = await reopen()
    expect(await contentOf(again)).toEqual(before)
    expect(await again.commit({ appends: [append('alerts', 1, 1)] })).toEqual({ firstOffsets: [10] })
  })

  it('[EL71] a reset outlives reopening', async () => {
    const { log, reopen } = durable(subject())
    await log.commit({ appends: [append('alerts', 1, 2)] })
    await log.reset()
    const before = await contentOf(log)
    expect(await contentOf(await reopen())).toEqual(before)
  })
}

function durable(subject: EventLogUnderTest): Required<EventLogUnderTest> {
  if (subject.reopen === undefined) throw new Error('a durable log must say how it is reopened')
  return { ...subject, reopen: subject.reopen }
}

async function contentOf(log: EventLog): Promise<unknown> {
  const stats = await log.stats()
  const reads = stats.map(({ topic, partition, startOffset }) => log.read(topic, partition, startOffset, EVERYTHING))
  return { epoch: await log.epoch(), stats, batches: await Promise.all(reads), role: await log.checkpoint('role') }
}
