import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import type { EventLogReader } from '../event-log.ts'
import { EmbeddedEventLog } from './embedded-event-log.ts'
import { EmbeddedEventLogReader } from './embedded-event-log-reader.ts'

const WRITER = new URL('./numbering-writer.fixture.ts', import.meta.url)
const UNTIL_KILLED = '1000000000'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'finpulse-log-'))
})
afterEach(() => rm(directory, { recursive: true }))

it('what was acknowledged outlives kill -9 at any moment, whole and without a gap', { timeout: 30_000 }, async () => {
  for (let round = 0; round < 6; round++) {
    const writer = startWriter(UNTIL_KILLED)
    const acknowledged = collectLines(writer)
    while (acknowledged.length < 3) await delay(5)
    await delay(Math.random() * 120)
    await killAndWait(writer)

    const log = EmbeddedEventLog.open({ directory, clock: systemClock })
    const numberCount = await checkNumbers(log)
    for (const line of acknowledged) {
      const [number, ...firstOffsets] = line.split(' ').map(Number)
      expect(firstOffsets).toEqual([number!, number! * 3])
      expect(number).toBeLessThan(numberCount)
    }
    await log.close()
  }
})

it('a second writer is refused: in the same thread, in another thread and in another process', async () => {
  const log = EmbeddedEventLog.open({ directory, clock: systemClock })
  expect(() => EmbeddedEventLog.open({ directory, clock: systemClock })).toThrow(
    expect.objectContaining({
      code: 'data-dir-locked',
      message: `${directory}: another FinPulse is using this data directory; stop it first, or start with another --data-dir`,
    }),
  )
  expect(await once(startWriter('1'), 'exit')).toEqual([3, null])
  expect(await once(new Worker(WRITER, { argv: [directory, '1'] }), 'exit')).toEqual([3])
  await log.close()
  expect(await once(startWriter('1'), 'exit')).toEqual([0, null])
})

it('the lock vanishes with a process that is killed', async () => {
  const writer = startWriter(UNTIL_KILLED)
  const acknowledged = collectLines(writer)
  while (acknowledged.length === 0) await delay(5)
  expect(() => EmbeddedEventLog.open({ directory, clock: systemClock })).toThrow(/another FinPulse is using/)
  await killAndWait(writer)
  await EmbeddedEventLog.open({ directory, clock: systemClock }).close()
})

it('a reader follows a writer in another process and never sees half a commit', async () => {
  await EmbeddedEventLog.open({ directory, clock: systemClock }).close()
  const reader = EmbeddedEventLogReader.open({ directory })
  const writer = startWriter('300')
  await follow(reader, 300)
  await reader.close()
  expect(writer.exitCode ?? (await once(writer, 'exit'))[0]).toBe(0)
})

it('a reader follows a writer in another thread by the doorbell and never sees half a commit', async () => {
  await EmbeddedEventLog.open({ directory, clock: systemClock }).close()
  const doorbell = new SharedArrayBuffer(4)
  const reader = EmbeddedEventLogReader.open({ directory, doorbell })
  const worker = new Worker(WRITER, { argv: [directory, '300'], workerData: doorbell, stdout: true })
  const exit = once(worker, 'exit')
  await follow(reader, 300)
  await reader.close()
  expect(await exit).toEqual([0])
})

it('a reader that stays open sees what the next writer appends', async () => {
  expect(await once(startWriter('5'), 'exit')).toEqual([0, null])
  const reader = EmbeddedEventLogReader.open({ directory })
  expect((await reader.bounds('market.candles', 0)).endOffset).toBe(5)
  const log = EmbeddedEventLog.open({ directory, clock: systemClock })
  await log.close()
  expect(await once(startWriter('5'), 'exit')).toEqual([0, null])
  expect(await checkNumbers(reader)).toBe(10)
  await reader.close()
})

type Writer = ChildProcessByStdio<null, Readable, null>

function startWriter(count: string): Writer {
  const args = [fileURLToPath(WRITER), directory, count]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Whole lines only, as they come: the last may be cut by the kill. */
function collectLines(writer: Writer): string[] {
  const lines: string[] = []
  let rest = ''
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return lines
}

/** Resolves when the process is gone and all that it printed was read. */
async function killAndWait(writer: Writer): Promise<void> {
  const closed = once(writer, 'close')
  writer.kill('SIGKILL')
  await closed
}

/** Every number is there once, its payload whole, in both topics, and the checkpoint names the last. @returns how many */
async function checkNumbers(log: EventLogReader): Promise<number> {
  let next = 0
  for (;;) {
    const batches = await log.read('market.candles', 0, next, 1_000_000)
    if (batches.length === 0) break
    for (const { firstOffset, payload } of batches) {
      expect(firstOffset).toBe(next)
      const expected = Buffer.alloc(8 + ((next * 7919) % 60_000), String(next))
      if (!expected.equals(payload)) throw new Error(`the payload of ${next} is torn`)
      next++
    }
  }
  const trades = await log.read('market.trades', 2, 0, Number.MAX_SAFE_INTEGER)
  expect(trades.map((batch) => batch.firstOffset)).toEqual(Array.from({ length: next }, (_, number) => number * 3))
  expect(Buffer.from((await log.checkpoint('number'))!).toString()).toBe(String(next - 1))
  return next
}

async function follow(reader: EventLogReader, count: number): Promise<void> {
  for (;;) {
    const stats = await reader.stats()
    const [candleCount = 0, tradeCount = 0] = stats.map((partition) => partition.endOffset)
    expect(tradeCount).toBe(candleCount * 3)
    if (candleCount === count) break
    await reader.waitForCommit(20_000)
  }
  expect(await checkNumbers(reader)).toBe(count)
}
