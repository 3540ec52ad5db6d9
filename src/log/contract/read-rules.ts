import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { EventLog } from '../event-log.ts'
import { append, EVERYTHING, textOf, textsOf } from './sample-batches.ts'

export function readRules(log: () => EventLog): void {
  it('[EL10] a batch comes back as it was appended, byte for byte', async () => {
    const payload = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256)
    const beforeUs = systemClock.nowUs()
    await log().commit({
      appends: [{ topic: 'payments', partition: 7, batch: { recordCount: 9, payload, maxEventTimeUs: -5 } }],
    })
    const [batch] = await log().read('payments', 7, 0, 1)
    const { appendedTimeUs, ...rest } = batch!
    expect(rest).toEqual({
      topic: 'payments',
      partition: 7,
      firstOffset: 0,
      recordCount: 9,
      payload,
      maxEventTimeUs: -5,
    })
    expect(appendedTimeUs).toBeGreaterThanOrEqual(beforeUs)
    expect(appendedTimeUs).toBeLessThanOrEqual(systemClock.nowUs())
  })

  it('[EL11] an empty payload is allowed', async () => {
    await log().commit({ appends: [append('alerts', 0, 1, '')] })
    expect((await log().read('alerts', 0, 0, 1))[0]?.payload).toEqual(new Uint8Array(0))
  })

  it('[EL12] a payload read is alone in its buffer, and changing it leaves the log as it was', async () => {
    await log().commit({ appends: [append('alerts', 0, 1, 'before')] })
    const [batch] = await log().read('alerts', 0, 0, 1)
    expect(batch?.payload.byteOffset).toBe(0)
    expect(batch?.payload.buffer.byteLength).toBe(6)
    batch?.payload.fill(0)
    expect(textsOf(await log().read('alerts', 0, 0, 1))).toEqual(['before'])
  })

  it('[EL13] bytes that the caller changes after the commit do not change the log', async () => {
    const bytes = Buffer.from('before')
    await log().commit({ appends: [append('alerts', 0, 1, bytes)], checkpoints: [{ name: 'role', value: bytes }] })
    bytes.fill(0)
    expect(textsOf(await log().read('alerts', 0, 0, 1))).toEqual(['before'])
    expect(textOf(await log().checkpoint('role'))).toBe('before')
  })

  it('[EL14] a read inside a batch begins with that whole batch', async () => {
    await log().commit({
      appends: [append('alerts', 0, 4, 'a'), append('alerts', 0, 4, 'b'), append('alerts', 0, 4, 'c')],
    })
    for (const fromOffset of [4, 5, 7]) {
      const batches = await log().read('alerts', 0, fromOffset, EVERYTHING)
      expect(batches.map((batch) => batch.firstOffset)).toEqual([4, 8])
    }
  })

  it('[EL15] maxBytes bounds a read, which still has at least one batch', async () => {
    await log().commit({ appends: [10, 20, 30, 40].map((bytes) => append('alerts', 0, 1, 'x'.repeat(bytes))) })
    const countFor = async (maxBytes: number) => (await log().read('alerts', 0, 0, maxBytes)).length
    expect(await Promise.all([0, 10, 29, 30, 59, 60, 99, 100].map(countFor))).toEqual([1, 1, 1, 2, 2, 3, 3, 4])
  })

  it('[EL16] a read at the end is empty, also where nothing was ever appended', async () => {
    await log().commit({ appends: [append('alerts', 0, 3)] })
    expect(await log().read('alerts', 0, 3, EVERYTHING)).toEqual([])
    expect(await log().read('alerts', 1, 0, EVERYTHING)).toEqual([])
  })

  it('[EL17] an offset outside of the log is refused on both sides', async () => {
    await log().commit({ appends: [append('alerts', 0, 3), append('alerts', 0, 3)] })
    await log().retain([{ topic: 'alerts', maxBytes: 0 }], 0)
    for (const offset of [-1, 0, 2, 7, 1e15, 3.5, Number.NaN]) {
      await expect(log().read('alerts', 0, offset, 1)).rejects.toMatchObject({
        code: 'offset-out-of-range',
        message: `alerts[0]: expected an offset from 3 to 6, got ${offset}`,
      })
    }
    await expect(log().read('alerts', 1, 1, 1)).rejects.toMatchObject({ code: 'offset-out-of-range' })
  })

  it('[EL18] stats lists each partition that was appended to', async () => {
    await log().commit({
      appends: [append('market.trades', 1, 4, 'abc'), append('alerts', 0, 1, 'de'), append('alerts', 0, 1, 'f')],
    })
    expect(await log().stats()).toEqual([
      { topic: 'alerts', partition: 0, startOffset: 0, endOffset: 2, payloadBytes: 3 },
      { topic: 'market.trades', partition: 1, startOffset: 0, endOffset: 4, payloadBytes: 3 },
    ])
  })
}
