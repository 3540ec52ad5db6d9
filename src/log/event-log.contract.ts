import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Topic } from '../events/topic.ts'
import { checkAgainstModel, modelCommandsArbitrary } from './event-log.model.ts'
import type { Append, CheckpointWrite, EventLog, EventLogReader, LogBatch, StoredBatch } from './event-log.ts'

export interface EventLogUnderTest {
  readonly log: EventLog
  /** A further reader of the same log. */
  openReader(): Promise<EventLogReader>
  /** Closes the log and opens it again; only of durable adapters. */
  reopen?(): Promise<EventLog>
  dispose(): Promise<void>
}

/** Makes an empty log of its own for each rule. */
export type EventLogFactory = (clock: Clock) => Promise<EventLogUnderTest>

const EVERYTHING = Number.MAX_SAFE_INTEGER

/** The rules that every adapter of `EventLog` keeps. Each adapter runs them from its own test. */
export function eventLogContract(name: string, factory: EventLogFactory): void {
  describe(`event log contract: ${name}`, () => {
    let subject: EventLogUnderTest
    let log: EventLog
    beforeEach(async () => {
      subject = await factory(systemClock)
      log = subject.log
    })
    afterEach(() => subject.dispose())
    const current = () => subject

    orderRules(() => log)
    readRules(() => log)
    commitRules(() => log, current)
    refusalRules(() => log)
    retentionRules(() => log)
    lifeRules(() => log, current)
    waitRules(() => log, current)
    durabilityRules(current)

    it('[EL60] random commits, reads, retention and resets agree with a plain array', async () => {
      await fc.assert(
        fc.asyncProperty(modelCommandsArbitrary, (commands) => checkAgainstModel(subject, commands)),
        { numRuns: 40 },
      )
    })
  })
}

function orderRules(log: () => EventLog): void {
  it('[EL1] offsets of a partition start at 0 and have no gap', async () => {
    const first = await log().commit({ appends: [append('market.trades', 0, 3), append('market.trades', 0, 2)] })
    const second = await log().commit({ appends: [append('market.trades', 0, 1)] })
    expect(first.firstOffsets).toEqual([0, 3])
    expect(second.firstOffsets).toEqual([5])
    expect(await log().bounds('market.trades', 0)).toEqual({ startOffset: 0, endOffset: 6 })
  })

  it('[EL2] partitions and topics count on their own', async () => {
    const receipt = await log().commit({
      appends: [
        append('market.trades', 0, 3),
        append('market.trades', 1, 4),
        append('alerts', 0, 1),
        append('alerts', 0, 1),
      ],
    })
    expect(receipt.firstOffsets).toEqual([0, 0, 0, 1])
    expect(await log().bounds('market.trades', 1)).toEqual({ startOffset: 0, endOffset: 4 })
    expect(await log().bounds('alerts', 1)).toEqual({ startOffset: 0, endOffset: 0 })
  })

  it('[EL3] records keep the order of the commits and, within one, of its appends', async () => {
    await log().commit({
      appends: [append('alerts', 0, 1, 'a'), append('gaps', 0, 1, 'x'), append('alerts', 0, 1, 'b')],
    })
    await log().commit({ appends: [append('alerts', 0, 1, 'c')] })
    expect(textsOf(await log().read('alerts', 0, 0, EVERYTHING))).toEqual(['a', 'b', 'c'])
    expect(textsOf(await log().read('gaps', 0, 0, EVERYTHING))).toEqual(['x'])
  })

  it('[EL4] commits made in one turn keep the order of the calls', async () => {
    const commits = Array.from({ length: 50 }, (_, index) =>
      log().commit({ appends: [append('alerts', 0, 2, `${index}`)] }),
    )
    const receipts = await Promise.all(commits)
    expect(receipts.map((receipt) => receipt.firstOffsets[0])).toEqual(receipts.map((_, index) => index * 2))
    expect(textsOf(await log().read('alerts', 0, 0, EVERYTHING))).toEqual(receipts.map((_, index) => `${index}`))
  })
}

function readRules(log: () => EventLog): void {
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

function commitRules(log: () => EventLog, subject: () => EventLogUnderTest): void {
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

function refusalRules(log: () => EventLog): void {
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

function retentionRules(log: () => EventLog): void {
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

function lifeRules(log: () => EventLog, subject: () => EventLogUnderTest): void {
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
    for (const use of uses) await expect(use).rejects.toMatchObject({ code: 'log-closed' })
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

function waitRules(log: () => EventLog, subject: () => EventLogUnderTest): void {
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

function durabilityRules(subject: () => EventLogUnderTest): void {
  it('[EL70] a log that is opened again is the same log', async ({ skip }) => {
    const { log, reopen } = subject()
    if (reopen === undefined) return skip('not durable')
    for (let index = 0; index < 5; index++) await log.commit({ appends: [append('alerts', 1, 2, `${index}`, index)] })
    await log.commit({ appends: [append('gaps', 0, 3)], checkpoints: [{ name: 'role', value: Buffer.from('at 3') }] })
    await log.retain([{ topic: 'alerts', maxBytes: 3 }], 0)
    const before = await contentOf(log)
    const again = await reopen()
    expect(await contentOf(again)).toEqual(before)
    expect(await again.commit({ appends: [append('alerts', 1, 1)] })).toEqual({ firstOffsets: [10] })
  })

  it('[EL71] a reset outlives reopening', async ({ skip }) => {
    const { log, reopen } = subject()
    if (reopen === undefined) return skip('not durable')
    await log.commit({ appends: [append('alerts', 1, 2)] })
    await log.reset()
    const before = await contentOf(log)
    expect(await contentOf(await reopen())).toEqual(before)
  })
}

async function contentOf(log: EventLog): Promise<unknown> {
  const stats = await log.stats()
  const reads = stats.map(({ topic, partition, startOffset }) => log.read(topic, partition, startOffset, EVERYTHING))
  return { epoch: await log.epoch(), stats, batches: await Promise.all(reads), role: await log.checkpoint('role') }
}

function batchOf(recordCount: number, payload: string | Uint8Array = 'payload', maxEventTimeUs = 1_000): LogBatch {
  return { recordCount, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, maxEventTimeUs }
}

function append(topic: Topic, partition: number, ...batch: Parameters<typeof batchOf>): Append {
  return { topic, partition, batch: batchOf(...batch) }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

function textsOf(batches: readonly StoredBatch[]): (string | undefined)[] {
  return batches.map((batch) => textOf(batch.payload))
}
