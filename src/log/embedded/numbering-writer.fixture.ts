import { workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { EmbeddedEventLog } from './embedded-event-log.ts'

/**
 * A writer for tests, run as a process or as a thread: `<directory> <count>`. Commits batches that carry their number,
 * to two topics and a checkpoint, several in one turn, and prints each number when it is acknowledged. Exits with 3
 * where the directory is locked.
 */
const [directory = '', count = '0'] = process.argv.slice(2)
const doorbell: unknown = workerData
try {
  const log = EmbeddedEventLog.open({ directory, clock: systemClock, ...(isDoorbell(doorbell) ? { doorbell } : {}) })
  let next = (await log.bounds('market.candles', 0)).endOffset
  const end = next + Number(count)
  while (next < end) {
    const numbers = Array.from({ length: Math.min(end - next, 1 + (next % 4)) }, (_, index) => next + index)
    await Promise.all(numbers.map((number) => commitNumber(log, number)))
    next += numbers.length
  }
  await log.close()
} catch (error) {
  if (!(error instanceof FinPulseError && error.code === 'data-dir-locked')) throw error
  process.exitCode = 3
}

async function commitNumber(log: EmbeddedEventLog, number: number): Promise<void> {
  const value = Buffer.from(String(number))
  // Sizes around a page and around many: torn writes would show in either.
  const payload = Buffer.alloc(8 + ((number * 7919) % 60_000), value)
  const candle = { recordCount: 1, payload, maxEventTimeUs: number }
  const trades = { recordCount: 3, payload: value, maxEventTimeUs: number }
  const { firstOffsets } = await log.commit({
    appends: [
      { topic: 'market.candles', partition: 0, batch: candle },
      { topic: 'market.trades', partition: 2, batch: trades },
    ],
    checkpoints: [{ name: 'number', value }],
  })
  process.stdout.write(`${number} ${firstOffsets.join(' ')}\n`)
}

function isDoorbell(data: unknown): data is SharedArrayBuffer {
  return data instanceof SharedArrayBuffer
}
