import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { systemClock } from '../../src/base/clock.ts'
import { encodeQuotes, encodeTrades } from '../../src/events/batch-codec.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import type { QuoteBatch } from '../../src/events/quote-batch.ts'
import type { TradeBatch } from '../../src/events/trade-batch.ts'
import { ReplayReader } from '../../src/feeds/replay/replay-reader.ts'
import { EmbeddedEventLog } from '../../src/log/embedded/embedded-event-log.ts'
import type { Append, EventLog } from '../../src/log/event-log.ts'
import { formatValue } from '../format-number.ts'
import type { Measurement, RunContext } from '../measurement.ts'
import { race } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { withDirectory } from './work-directory.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const NEWLINE = 10

/** Capture file → unzip → parse → trades and quotes → embedded log. */
export function runCapture(workload: WorkloadOf<'capture'>, { seconds, progress }: RunContext): Promise<Measurement> {
  return withDirectory(async (directory) => {
    const recorded = join(root, workload.file)
    const isRecorded = existsSync(recorded)
    const path = isRecorded ? recorded : await writeCapture(directory, workload.generatedCount)
    const bytes = gunzipSync(await readFile(path))
    const lineCount = countLines(bytes)
    const log = EmbeddedEventLog.open({ directory: join(directory, 'log'), clock: systemClock })
    progress('measuring')
    let rowCount = 0
    const startCpu = process.cpuUsage()
    const startMs = performance.now()
    const { work, floor } = await race(
      seconds,
      {
        run: async () => {
          rowCount = await replayInto(log, path)
          return lineCount
        },
      },
      { run: () => countLines(bytes) },
    )
    const { user, system } = process.cpuUsage(startCpu)
    const cores = (user + system) / 1000 / (performance.now() - startMs)
    await log.close()
    return {
      measures: [
        {
          name: 'messages',
          value: work.median,
          unit: 'per-second',
          floor: { name: 'splitting the lines', value: floor.median },
          detail: `median of ${work.roundCount} passes, best ${formatValue(work.best, 'per-second')}`,
        },
        { name: 'processor time', value: cores, unit: 'cores', detail: 'unzipping takes place beside the parsing' },
      ],
      notes: [
        `${isRecorded ? 'recorded' : `${workload.file} is absent: a generated`} capture of ${lineCount} messages, ` +
          `${rowCount} of them trades and quotes`,
      ],
    }
  })
}

/** @returns the number of trades and quotes */
async function replayInto(log: EventLog, path: string): Promise<number> {
  const reader = await ReplayReader.open({ paths: [path], instruments: new InstrumentTable() })
  let count = 0
  for (let step = await reader.next(); step !== undefined; step = await reader.next()) {
    const appends = appendsOf(step.trades, step.quotes)
    if (appends.length > 0) await log.commit({ appends })
    count += step.trades.count + step.quotes.count
  }
  await reader.close()
  return count
}

function appendsOf(trades: TradeBatch, quotes: QuoteBatch): Append[] {
  const appends: Append[] = []
  const batchOf = (count: number, payload: Uint8Array, times: Float64Array) => {
    return { recordCount: count, payload, maxEventTimeUs: times[count - 1]! }
  }
  if (trades.count > 0) {
    const batch = batchOf(trades.count, encodeTrades(trades), trades.eventTimeUs)
    appends.push({ topic: 'market.trades', partition: 0, batch })
  }
  if (quotes.count > 0) {
    const batch = batchOf(quotes.count, encodeQuotes(quotes), quotes.eventTimeUs)
    appends.push({ topic: 'market.quotes', partition: 0, batch })
  }
  return appends
}

function countLines(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1
  return count
}

/** A capture of the same shape as a recorded one: one trade to two book tickers. */
async function writeCapture(directory: string, lineCount: number): Promise<string> {
  const lines: string[] = []
  for (let index = 0; index < lineCount; index++) {
    const timeMs = 1_723_161_256_000 + index
    const price = (61_800 + (index % 977) / 10).toFixed(2)
    const data =
      index % 3 === 0
        ? {
            e: 'trade',
            E: timeMs,
            T: timeMs,
            s: 'BTCUSDT',
            t: index / 3 + 1,
            p: price,
            q: '0.006',
            X: 'MARKET',
            m: false,
          }
        : {
            e: 'bookTicker',
            u: index,
            s: 'BTCUSDT',
            b: price,
            B: '2.507',
            a: '61900.30',
            A: '2.510',
            T: timeMs,
            E: timeMs,
          }
    lines.push(`${timeMs}000000 ${JSON.stringify({ stream: `btcusdt@${data.e}`, data })}\n`)
  }
  const path = join(directory, 'capture.gz')
  await writeFile(path, gzipSync(lines.join('')))
  return path
}
