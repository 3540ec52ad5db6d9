import { expect, it } from 'vitest'
import type { CheckpointWrite, EventLog, LogBatch } from '../event-log.ts'
import type { EventLogUnderTest } from './event-log-under-test.ts'
import { append, batchOf, textOf, textsOf } from './sample-batches.ts'

export function commitRules(log: () => EventLog, subject: () => EventLogUnderTest): void {
  it('[EL20] appends and checkpoints of a commit become visible together or not at all', async () => {
    const reader = await subject().openReader()
    let isDone = false
    const writing = (async () => {
      for (let index = 1; index <= 40; index++) {
        const value = Buffer.from(`${index}`)
        await log().commit({
          appends: [append('market.trades', 0, 1), append('market.candles', 3, 1)],
          checkpoints: [{ name: 'role', value }],
        })
      }
      isDone = true
    })()
    while (!isDone) {
      // Read in an order in which half a commit would show as going backwards.
      const checkpoint = Number(textOf(await reader.checkpoint('role')) ?? 0)
      const candles = (await reader.bounds('market.candles', 3)).endOffset
      const trades = (await reader.bounds('market.trades', 0)).endOffset
      const stats = await reader.stats()
      expect(candles).toBeGreaterThanOrEqual(checkpoint)
      expect(trades).toBeGreaterThanOrEqual(candles)
      expect(new Set(stats.map((stat) => stat.endOffset)).size).toBeLessThanOrEqual(1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await writing
    await reader.close()
  })

  it('[EL21] what was committed is there when commit resolves, for every reader', async () => {
    const reader = await subject().openReader()
    await log().commit({
      appends: [append('alerts', 0, 1, 'a')],
      checkpoints: [{ name: 'role', value: Buffer.from('1') }],
    })
    for (const half of [log(), reader]) {
      expect(textsOf(await half.read('alerts', 0, 0, 1))).toEqual(['a'])
      expect(textOf(await half.checkpoint('role'))).toBe('1')
    }
    await reader.close()
  })

  it('[EL22] a checkpoint is overwritten, and deleted by a write without value', async () => {
    const put = async (...checkpoints: CheckpointWrite[]) => log().commit({ appends: [], checkpoints })
    expect(await log().checkpoint('role')).toBeUndefined()
    await put({ name: 'role', value: Buffer.from('1') }, { name: 'other', value: new Uint8Array(0) })
    await put({ name: 'role', value: Buffer.from('2') })
    expect(textOf(await log().checkpoint('role'))).toBe('2')
    await put({ name: 'role' })
    expect(await log().checkpoint('role')).toBeUndefined()
    expect(await log().checkpoint('other')).toEqual(new Uint8Array(0))
  })

  it('[EL23] the last of several writes to a checkpoint counts, in one commit and in one turn', async () => {
    await Promise.all([
      log().commit({ appends: [], checkpoints: [{ name: 'a', value: Buffer.from('1') }, { name: 'a' }] }),
      log().commit({ appends: [], checkpoints: [{ name: 'b' }, { name: 'b', value: Buffer.from('2') }] }),
      log().commit({ appends: [], checkpoints: [{ name: 'b', value: Buffer.from('3') }] }),
    ])
    expect(await log().checkpoint('a')).toBeUndefined()
    expect(textOf(await log().checkpoint('b'))).toBe('3')
  })

  it('[EL24] a commit may have only checkpoints, or nothing', async () => {
    expect(await log().commit({ appends: [], checkpoints: [{ name: 'a', value: Buffer.from('1') }] })).toEqual({
      firstOffsets: [],
    })
    expect(await log().commit({ appends: [] })).toEqual({ firstOffsets: [] })
    expect(await log().stats()).toEqual([])
  })
}

export function refusalRules(log: () => EventLog): void {
  it('[EL25] a malformed commit is refused as a whole, names the field and takes no other commit down', async () => {
    const broken: [LogBatch, string][] = [
      [batchOf(0), 'commit.appends[1].batch.recordCount: expected an integer from 1 to 2147483647, got 0'],
      [batchOf(1.5), 'commit.appends[1].batch.recordCount: expected an integer from 1 to 2147483647, got 1.5'],
      [{ ...batchOf(1), maxEventTimeUs: Number.NaN }, 'commit.appends[1].batch.maxEventTimeUs: expected an integer'],
    ]
    for (const [batch, message] of broken) {
      const good = log().commit({ appends: [append('alerts', 0, 1, 'good')] })
      const bad = log().commit({ appends: [append('gaps', 0, 1), { topic: 'gaps', partition: 0, batch }] })
      const alsoGood = log().commit({ appends: [append('alerts', 0, 1, 'good')] })
      await expect(bad).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining(message) })
      await Promise.all([good, alsoGood])
    }
    expect(await log().bounds('alerts', 0)).toEqual({ startOffset: 0, endOffset: broken.length * 2 })
    expect(await log().bounds('gaps', 0)).toEqual({ startOffset: 0, endOffset: 0 })
  })
}
