import type { ClientReport } from '../clients/client-orders.ts'
import { SocketClients } from '../clients/socket-clients.ts'
import type { Measure, Measurement, RunContext } from '../measurement.ts'
import type { WorkloadOf } from '../workload.ts'
import { startBareServer } from './bare-server.ts'
import { delay, liveFeed, startEngine } from './bench-engine.ts'
import { symbolNames } from './market-batches.ts'
import { ResourceWatch } from './resource-watch.ts'
import { withDirectory } from './work-directory.ts'

type FanOut = WorkloadOf<'fan-out'>

/** The first frames are snapshots, and the compiler warms up. */
const SETTLE_MS = 1500
/** Part of the time that goes to the floor. */
const FLOOR_SHARE = 0.25

/** The real engine, and many clients in another process that all want the same quotes. */
export async function runFanOut(workload: FanOut, context: RunContext): Promise<Measurement> {
  context.progress('floor: a bare server')
  const floor = await measureFloor(workload, context.seconds * FLOOR_SHARE)
  return withDirectory(async (directory) => {
    const symbols = symbolNames(workload.symbolCount)
    const feed = liveFeed({ symbols, ratePerSecond: workload.tradesPerSecond })
    const running = await startEngine(directory, feed)
    // A symbol can be subscribed to once something of it was seen.
    await delay(SETTLE_MS)
    context.progress(`connecting ${workload.clientCount} clients`)
    const clients = await openClients(workload, running.url, symbols)
    await delay(SETTLE_MS)
    context.progress('measuring')
    await clients.measure()
    const watch = new ResourceWatch()
    await Promise.race([delay(context.seconds * (1 - FLOOR_SHARE) * 1000), running.failure])
    const { rssMaxMegabytes, cores } = watch.stop()
    const report = await clients.finish()
    await running.engine.stop()
    return { measures: measuresOf(report, floor, rssMaxMegabytes, cores), notes: notesOf(workload, report) }
  })
}

function openClients(
  { clientCount, frameIntervalMs }: FanOut,
  url: string,
  symbols: readonly string[],
): Promise<SocketClients> {
  return SocketClients.open({
    url,
    path: `/ws?frameIntervalMs=${frameIntervalMs}`,
    count: clientCount,
    subscriptions: [{ type: 'subscribe', channel: 'quotes', symbols }],
    grid: { originMs: performance.timeOrigin, intervalMs: frameIntervalMs },
  })
}

async function measureFloor(workload: FanOut, seconds: number): Promise<ClientReport> {
  const symbols = symbolNames(workload.symbolCount)
  const rows = JSON.stringify(symbols.map(sampleQuote))
  const server = await startBareServer(
    workload.frameIntervalMs,
    (nowMs) => `{"type":"frame","serverTimeMs":${nowMs},"quotes":${rows}}`,
  )
  const clients = await openClients(workload, server.url, symbols)
  await delay(SETTLE_MS)
  await clients.measure()
  await delay(seconds * 1000)
  const report = await clients.finish()
  await server.close()
  return report
}

function sampleQuote(symbol: string) {
  const size = { bidQuantity: '112', askQuantity: '48' }
  const times = { eventTimeMs: 1_767_366_000_000.125, receivedTimeMs: 1_767_366_000_000.125 }
  return { type: 'quote', venue: 'sim', symbol, bidPrice: '230.11', askPrice: '230.14', ...size, ...times, sequence: 1 }
}

function measuresOf(report: ClientReport, floor: ClientReport, rssMegabytes: number, cores: number): Measure[] {
  const { frameDelay, quoteAge } = report
  const floorOf = (value: number) => ({ name: 'bare WebSocket server', value })
  return [
    {
      name: 'frames',
      value: report.frameCount / report.seconds,
      unit: 'per-second',
      floor: floorOf(floor.frameCount / floor.seconds),
    },
    {
      name: 'frame delay p50',
      value: frameDelay.p50,
      unit: 'milliseconds',
      floor: floorOf(floor.frameDelay.p50),
    },
    {
      name: 'frame delay p99',
      value: frameDelay.p99,
      unit: 'milliseconds',
      floor: floorOf(floor.frameDelay.p99),
      detail: 'from the moment at which the frame was due to its arrival; a frame that was left out counts as late',
    },
    {
      name: 'newest quote to client p99',
      value: quoteAge.p99,
      unit: 'milliseconds',
      detail: `from event time, conflation included; p50 ${quoteAge.p50.toFixed(1)} ms`,
    },
    { name: 'resident memory, most', value: rssMegabytes, unit: 'megabytes' },
    { name: 'processor time', value: cores, unit: 'cores', detail: 'of the engine; the clients take theirs beside it' },
  ]
}

function notesOf({ clientCount, frameIntervalMs }: FanOut, report: ClientReport): string[] {
  const dueCount = Math.round((clientCount * report.seconds * 1000) / frameIntervalMs)
  const bytes = report.byteCount / Math.max(1, report.frameCount)
  return [
    `${report.frameCount.toLocaleString('en')} frames of ${bytes.toFixed(0)} bytes arrived, ` +
      `about ${dueCount.toLocaleString('en')} were due; worst delay ${report.frameDelay.max.toFixed(1)} ms`,
  ]
}
