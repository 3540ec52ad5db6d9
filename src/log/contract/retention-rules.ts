import { expect, it } from 'vitest'
import type { Topic } from '../../events/topic.ts'
import type { EventLog } from '../event-log.ts'
import { append, EVERYTHING } from './sample-batches.ts'

export function retentionRules(log: () => EventLog): void {
  /** Ten batches of two records and 100 bytes; batch n has its newest event at (n + 1) · 1000 µs. */
  const fill = async (topic: Topic, partition = 0) => {
    for (let index = 0; index < 10; index++) {
      await log().commit({ appends: [append(topic, partition, 2, 'x'.repeat(100), (index + 1) * 1000)] })
    }
  }

  it('[EL30] retention by age drops batches whose newest event is older', async () => {
    await fill('alerts')
    expect(await log().retain([{ topic: 'alerts', maxAgeUs: 7000 }], 11_000)).toBe(6)
    expect(await log().bounds('alerts', 0)).toEqual({ startOffset: 6, endOffset: 20 })
    expect((await log().read('alerts', 0, 6, 1))[0]?.maxEventTimeUs).toBe(4000)
  })

  it('[EL31] retention by bytes drops the oldest until the rest fits', async () => {
    await fill('alerts')
    expect(await log().retain([{ topic: 'alerts', maxBytes: 350 }], 0)).toBe(14)
    expect(await log().stats()).toEqual([
      { topic: 'alerts', partition: 0, startOffset: 14, endOffset: 20, payloadBytes: 300 },
    ])
  })

  it('[EL32] both limits apply, each partition for itself, other topics not at all', async () => {
    await fill('alerts', 0)
    await fill('alerts', 1)
    await fill('gaps', 0)
    expect(await log().retain([{ topic: 'alerts', maxBytes: 900, maxAgeUs: 5000 }], 8000)).toBe(8)
    expect(await log().retain([{ topic: 'alerts', maxBytes: 500, maxAgeUs: 1e9 }], 8000)).toBe(12)
    const starts = (await log().stats()).map(({ topic, partition, startOffset }) => [topic, partition, startOffset])
    expect(starts).toEqual([
      ['alerts', 0, 10],
      ['alerts', 1, 10],
      ['gaps', 0, 0],
    ])
  })

  it('[EL33] the newest batch stays, whatever the limits say', async () => {
    await fill('alerts')
    expect(await log().retain([{ topic: 'alerts', maxBytes: 0, maxAgeUs: 0 }], 1e12)).toBe(18)
    expect(await log().bounds('alerts', 0)).toEqual({ startOffset: 18, endOffset: 20 })
    expect(await log().retain([{ topic: 'alerts', maxBytes: 0, maxAgeUs: 0 }], 1e12)).toBe(0)
  })

  it('[EL34] a batch with an offset that is kept stays as a whole', async () => {
    await fill('alerts', 0)
    await fill('alerts', 1)
    const keepFromOffsets = new Map([[0, 7]])
    expect(await log().retain([{ topic: 'alerts', maxBytes: 0, keepFromOffsets }], 0)).toBe(6 + 18)
    expect((await log().bounds('alerts', 0)).startOffset).toBe(6)
  })

  it('[EL35] an old event that came after a newer one lives as long as the newer one', async () => {
    for (const timeUs of [1000, 9000, 2000, 9500])
      await log().commit({ appends: [append('alerts', 0, 1, 'x', timeUs)] })
    expect(await log().retain([{ topic: 'alerts', maxAgeUs: 1000 }], 6000)).toBe(1)
    expect(await log().bounds('alerts', 0)).toEqual({ startOffset: 1, endOffset: 4 })
  })

  it('[EL36] appends go on behind a partition that was cut', async () => {
    await fill('alerts')
    await log().retain([{ topic: 'alerts', maxBytes: 0 }], 0)
    expect(await log().commit({ appends: [append('alerts', 0, 3)] })).toEqual({ firstOffsets: [20] })
    expect((await log().read('alerts', 0, 18, EVERYTHING)).map((batch) => batch.firstOffset)).toEqual([18, 20])
  })

  it('[EL37] commits made while retention runs are kept', async () => {
    const before = Array.from({ length: 400 }, () => append('alerts', 0, 1, 'x'.repeat(10)))
    await log().commit({ appends: before })
    const retaining = log().retain([{ topic: 'alerts', maxBytes: 50 }], 0)
    const receipt = await log().commit({ appends: [append('alerts', 0, 1, 'x'.repeat(10))] })
    expect(receipt.firstOffsets).toEqual([400])
    expect(await retaining).toBeGreaterThanOrEqual(395)
    const { startOffset, endOffset } = await log().bounds('alerts', 0)
    expect(endOffset).toBe(401)
    expect(await log().read('alerts', 0, startOffset, EVERYTHING)).toHaveLength(401 - startOffset)
  })
}
