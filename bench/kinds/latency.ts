import { join } from 'node:path'
import { LOG_DIRECTORY } from '../../src/engine/threads/thread-data.ts'
import { decodeTrades } from '../../src/events/batch-codec.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { EmbeddedEventLogReader } from '../../src/log/embedded/embedded-event-log-reader.ts'
import type { ClientReport, Percentiles } from '../clients/client-orders.ts'
import { DelayHistogram } from '../clients/delay-histogram.ts'
import { SocketClients } from '../clients/socket-clients.ts'
import type { Measure, Measurement, RunContext } from '../measurement.ts'
import type { WorkloadOf } from '../workload.ts'
import { startBareServer } from './bare-server.ts'
import { delay, liveFeed, startEngine } from './bench-engine.ts'
import { withDirectory } from './work-directory.ts'

type Latency = WorkloadOf<'latency'>

const SETTLE_MS = 500
const FLOOR_SECONDS = 2
const FLOOR_INTERVAL_MS = 10
const READ_MAX_BYTES = 4 * 1024 * 1024

/** When each trade of the symbol was handed to the log, by trade id. */
type AppendTimes = ReadonlyMap<number, number>

/**
 * The real engine under an open-loop load: the simulator gives every trade the time at which it is to happen, whatever
 * the engine does, so a stall delays all trades that fall into it and each of them counts.
 */
export async function runLatency(workload: Latency, context: RunContext): Promise<Measurement> {
  context.progress('floor: a bare server')
  const floor = await measureFloor(workload)
  return withDirectory(async (directory) => {
    const feed = liveFeed({ ratePerSecond: workload.tradesPerSecond })
    const running = await startEngine(directory, feed)
    await delay(SETTLE_MS)
    const clients = await SocketClients.open({
      url: running.url,
      path: '/ws?frameIntervalMs=0',
      count: 1,
      subscriptions: [{ type: 'subscribe', channel: 'trades', symbols: [workload.symbol] }],
      keepsTrades: true,
    })
    context.progress('warming up')
    await delay(workload.warmUpSeconds * 1000)
    context.progress('measuring')
    await clients.measure()
    await Promise.race([delay(context.seconds * 1000), running.failure])
    const report = await clients.finish()
    const tradeCount = running.engine.status.pipeline?.tradeCount ?? 0
    await running.engine.stop()
    const appended = await appendTimes(directory, workload.symbol)
    return measurementOf(report, appended, floor, tradeCount)
  })
}

/** A frame as large as the engine's, through the same sockets and the same client. */
async function measureFloor({ tradesPerSecond }: Latency): Promise<Percentiles> {
  const perFrame = Math.max(1, Math.round((tradesPerSecond / 10) * (FLOOR_INTERVAL_MS / 1000)))
  const row =
    '{"type":"trade","venue":"sim","symbol":"AAPL","id":1,"price":"230.11","quantity":"112","takerSide":"buy",'
  const server = await startBareServer(FLOOR_INTERVAL_MS, (nowMs) => {
    const trade = `${row}"eventTimeMs":${nowMs},"receivedTimeMs":${nowMs}}`
    return `{"type":"frame","serverTimeMs":${nowMs},"trades":[${Array(perFrame).fill(trade).join(',')}]}`
  })
  const grid = { originMs: performance.timeOrigin, intervalMs: FLOOR_INTERVAL_MS }
  const clients = await SocketClients.open({ url: server.url, count: 1, subscriptions: [], grid, keepsTrades: true })
  await delay(SETTLE_MS)
  await clients.measure()
  await delay(FLOOR_SECONDS * 1000)
  const { frameDelay } = await clients.finish()
  await server.close()
  return frameDelay
}

async function appendTimes(directory: string, symbol: string): Promise<AppendTimes> {
  const log = EmbeddedEventLogReader.open({ directory: join(directory, LOG_DIRECTORY) })
  const instruments = new InstrumentTable()
  const times = new Map<number, number>()
  let offset = 0
  for (;;) {
    const batches = await log.read('market.trades', 0, offset, READ_MAX_BYTES)
    if (batches.length === 0) break
    for (const batch of batches) {
      offset = batch.firstOffset + batch.recordCount
      const trades = decodeTrades(batch.payload, instruments)
      const wanted = instruments.find('sim', symbol)
      for (let row = 0; row < trades.count; row++) {
        if (trades.instrument[row] === wanted) times.set(trades.id[row]!, batch.appendedTimeUs)
      }
    }
  }
  await log.close()
  return times
}

function measurementOf(
  { trades, missedCount, seconds, frameCount }: ClientReport,
  appended: AppendTimes,
  floor: Percentiles,
  tradeCount: number,
): Measurement {
  const fromDue = new DelayHistogram()
  const fromAppend = new DelayHistogram()
  trades.id.forEach((id, row) => {
    const arrivedUs = trades.arrivedUs[row]!
    fromDue.recordMs((arrivedUs - trades.eventTimeUs[row]!) / 1000)
    fromAppend.recordMs((arrivedUs - (appended.get(id) ?? Number.NaN)) / 1000)
  })
  const count = trades.id.length
  return {
    measures: [
      ...measuresOf('append to client', fromAppend.percentiles(), floor),
      ...measuresOf('due time to client', fromDue.percentiles(), floor),
    ],
    notes: [
      'append: when the batch was handed to the log, before it was durable; due time: when the simulated trade was to',
      'happen, on an open-loop schedule, so waits before the append count as well and no omission is coordinated',
      `${count.toLocaleString('en')} trades in ${frameCount} frames over ${seconds.toFixed(1)} s, ${missedCount} missed; ` +
        `${tradeCount.toLocaleString('en')} trades of all symbols`,
    ],
  }
}

function measuresOf(name: string, { p50, p90, p99, p999, max }: Percentiles, floor: Percentiles): Measure[] {
  const measure = (suffix: string, value: number, floorValue: number): Measure => {
    const bare = { name: 'bare WebSocket server', value: floorValue }
    return { name: `${name} ${suffix}`, value, unit: 'milliseconds', floor: bare }
  }
  return [
    measure('p50', p50, floor.p50),
    measure('p90', p90, floor.p90),
    measure('p99', p99, floor.p99),
    measure('p99.9', p999, floor.p999),
    measure('max', max, floor.max),
  ]
}
