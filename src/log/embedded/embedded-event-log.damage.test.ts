import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { EmbeddedEventLog } from './embedded-event-log.ts'
import { EmbeddedEventLogReader } from './embedded-event-log-reader.ts'

const EVERYTHING = Number.MAX_SAFE_INTEGER

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'finpulse-log-'))
})
afterEach(() => rm(directory, { recursive: true }))

function open(): EmbeddedEventLog {
  return EmbeddedEventLog.open({ directory, clock: systemClock })
}

function alert(text: string, recordCount = 2) {
  return {
    topic: 'alerts' as const,
    partition: 4,
    batch: { recordCount, payload: Buffer.from(text), maxEventTimeUs: 1 },
  }
}

/** Five batches of two records; then `damage` is done to the file while nobody has it open. */
async function damagedLog(damage: string): Promise<EmbeddedEventLog> {
  const log = open()
  await log.commit({ appends: ['zero', 'one', 'two', 'three', 'four'].map((text) => alert(`payload ${text}`)) })
  await log.close()
  changeFile(damage)
  return open()
}

function changeFile(sql: string): void {
  const db = new DatabaseSync(join(directory, 'log.db'))
  db.exec(sql)
  db.close()
}

it.each([
  ['a payload', `UPDATE batch SET payload = CAST('payload twO' AS BLOB) WHERE first_offset = 4`],
  ['a record count', 'UPDATE batch SET record_count = 3 WHERE first_offset = 4'],
  ['an event time', 'UPDATE batch SET max_event_time_us = 2 WHERE first_offset = 4'],
  ['a checksum', 'UPDATE batch SET crc = crc + 1 WHERE first_offset = 4'],
  ['the type of a payload', `UPDATE batch SET payload = 'payload two' WHERE first_offset = 4`],
  ['the place of a batch', 'UPDATE batch SET first_offset = 5 WHERE first_offset = 4'],
  ['a whole batch, which is gone', 'DELETE FROM batch WHERE first_offset = 4'],
])('damage to %s is told with its place, and the other batches stay readable', async (_, damage) => {
  const log = await damagedLog(damage)
  expect((await log.read('alerts', 4, 0, EVERYTHING)).map((batch) => batch.firstOffset)).toEqual([0, 2])
  await expect(log.read('alerts', 4, 4, EVERYTHING)).rejects.toMatchObject({
    code: 'log-corrupt',
    message: expect.stringMatching(/^alerts\[4\]: the batch with offset 4 /),
    context: { topic: 'alerts', partition: 4, offset: 4 },
  })
  expect((await log.read('alerts', 4, 6, EVERYTHING)).map((batch) => batch.firstOffset)).toEqual([6, 8])
  await log.close()
})

it('a flipped bit in the file is found, and the error says where reading can go on', async () => {
  const log = open()
  await log.commit({ appends: ['zero', 'one', 'two'].map((text) => alert(`payload ${text}`)) })
  await log.close()
  const path = join(directory, 'log.db')
  const bytes = await readFile(path)
  bytes[bytes.indexOf('payload one')]! ^= 1
  await writeFile(path, bytes)

  const again = open()
  await expect(again.read('alerts', 4, 3, 1)).rejects.toMatchObject({
    code: 'log-corrupt',
    context: { offset: 3, nextOffset: 4 },
  })
  expect((await again.read('alerts', 4, 4, 1)).map((batch) => Buffer.from(batch.payload).toString())).toEqual([
    'payload two',
  ])
  await again.close()
})

it('a log of another format is refused with what to do', async () => {
  await open().close()
  changeFile('PRAGMA user_version = 99')
  const refusal = expect.objectContaining({
    code: 'data-dir-incompatible',
    message: `${directory}: log.db has format 99, this FinPulse reads format 1; use the version of FinPulse that wrote it, or start with another --data-dir`,
  })
  expect(open).toThrow(refusal)
  expect(() => EmbeddedEventLogReader.open({ directory })).toThrow(refusal)
  changeFile('PRAGMA user_version = 1')
  await open().close()
})

it('a database of someone else and a file that is no database are refused and left alone', async () => {
  changeFile('CREATE TABLE theirs (value)')
  expect(open).toThrow(/log.db is not a FinPulse log/)
  await writeFile(join(directory, 'log.db'), 'a text of some length, which is certainly not a database\n'.repeat(20))
  expect(open).toThrow(expect.objectContaining({ code: 'data-dir-incompatible' }))
  expect(await readFile(join(directory, 'log.db'), 'utf8')).toMatch(/^a text of some length/)
})

it('a reader without a log is told to come again', () => {
  expect(() => EmbeddedEventLogReader.open({ directory })).toThrow(
    expect.objectContaining({ code: 'not-ready', retryable: true }),
  )
})

it('where the storage refuses, the turn’s commits are rejected, nothing of them is kept, and the log goes on', async () => {
  const log = open()
  await log.commit({ appends: [alert('kept')], checkpoints: [{ name: 'role', value: Buffer.from('kept') }] })
  changeFile(
    `CREATE TRIGGER full BEFORE INSERT ON batch WHEN NEW.record_count = 13 BEGIN SELECT raise(ABORT, 'disk full'); END`,
  )
  const refused = [
    log.commit({ appends: [alert('lost')], checkpoints: [{ name: 'role', value: Buffer.from('lost') }] }),
    log.commit({ appends: [{ ...alert('lost', 13), partition: 9 }] }),
  ]
  for (const outcome of await Promise.allSettled(refused)) {
    expect(outcome).toMatchObject({
      reason: { code: 'log-failed', retryable: true, message: 'event log: the storage refused a write: disk full' },
    })
  }
  changeFile('DROP TRIGGER full')
  expect(await log.commit({ appends: [alert('after'), { ...alert('first', 13), partition: 9 }] })).toEqual({
    firstOffsets: [2, 0],
  })
  expect(Buffer.from((await log.checkpoint('role'))!).toString()).toBe('kept')
  expect((await log.stats()).map((stats) => [stats.endOffset, stats.payloadBytes])).toEqual([
    [4, 9],
    [13, 5],
  ])
  await log.close()
})

it('the write-ahead log stays bounded, space of dropped batches is used again, and reset gives it back', async () => {
  const log = open()
  const reader = EmbeddedEventLogReader.open({ directory })
  const batch = { recordCount: 1, payload: Buffer.alloc(250_000, 'x'), maxEventTimeUs: 1 }
  const sizeOf = async (name: string) => (await stat(join(directory, name))).size
  for (let index = 0; index < 300; index++) {
    await log.commit({ appends: [{ topic: 'market.trades', partition: 0, batch }] })
    if (index % 10 === 9) await log.retain([{ topic: 'market.trades', maxBytes: 5_000_000 }], 0)
    if (index % 7 === 0) await reader.read('market.trades', 0, (await reader.bounds('market.trades', 0)).startOffset, 1)
  }
  expect(await sizeOf('log.db-wal')).toBeLessThan(40_000_000)
  expect(await sizeOf('log.db')).toBeLessThan(20_000_000)
  await log.reset()
  expect(await sizeOf('log.db')).toBeLessThan(500_000)
  await reader.close()
  await log.close()
})
