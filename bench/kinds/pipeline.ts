import { join } from 'node:path'
import { FinPulseError } from '../../src/base/errors.ts'
import { LOG_DIRECTORY, STORE_DIRECTORY } from '../../src/engine/threads/thread-data.ts'
import type { Candle } from '../../src/events/candle.ts'
import { decodeRecords } from '../../src/events/json.ts'
import { EmbeddedEventLogReader } from '../../src/log/embedded/embedded-event-log-reader.ts'
import { DuckDbMarketStore } from '../../src/stores/embedded/duckdb-market-store.ts'
import { SocketClients } from '../clients/socket-clients.ts'
import type { Measurement, RunContext } from '../measurement.ts'
import { ratesOf } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { delay, type RunningEngine, startEngine } from './bench-engine.ts'
import { buildTradeBatches, sumNotionalTimes } from './market-batches.ts'
import { ResourceWatch } from './resource-watch.ts'
import { withDirectory } from './work-directory.ts'

const POLL_EVERY_MS = 200
const DRAIN_MAX_MS = 120_000
const READ_MAX_BYTES = 4 * 1024 * 1024
/** Nothing may be forgotten before it was counted. */
const KEEP_ALL = { store: { tradesMaxCount: 1e9 }, log: { retentionMaxMegabytes: 1e6 } }

/** Trades that each stage has finished with. */
interface Stages {
  readonly durable: number
  readonly processed: number
  readonly stored: number
}

/**
 * The real engine, as fast as it goes, from a cold start; then started again without new events, to drain and to count
 * that each stage has every trade that the log acknowledged.
 */
export async function runPipeline(workload: WorkloadOf<'pipeline'>, context: RunContext): Promise<Measurement> {
  const floor = await floorRate(workload.tradesPerSecond)
  return withDirectory(async (directory) => {
    // A day of history at this rate is more than any run gets through: the simulator stays behind the clock.
    const feed = { ratePerSecond: workload.tradesPerSecond, backfill: '24h' }
    const watch = new ResourceWatch()
    const startMs = performance.now()
    const running = await startEngine(directory, feed, KEEP_ALL)
    const clients = await SocketClients.open({
      url: running.url,
      count: workload.clientCount,
      subscriptions: [
        { type: 'subscribe', channel: 'quotes', symbols: '*' },
        { type: 'subscribe', channel: 'candles:1m', symbols: '*' },
      ],
    })
    await Promise.race([follow(running, startMs, context), running.failure])
    const reached = stagesOf(running)
    const elapsedSeconds = (performance.now() - startMs) / 1000
    const { frameCount } = await clients.finish()
    const quoteCount = running.engine.status.pipeline?.quoteCount ?? 0
    await running.engine.stop()
    const { rssMaxMegabytes, cores } = watch.stop()
    context.progress('draining and counting')
    const totals = await drainAndCount(directory, feed)
    const lostCount = Math.max(
      totals.durable - totals.processed,
      totals.durable - totals.stored,
      reached.durable - totals.durable,
    )
    return {
      measures: [
        {
          name: 'trades stored',
          value: reached.stored / elapsedSeconds,
          unit: 'per-second',
          floor: { name: 'sum over the arrays', value: floor },
          detail: 'through every stage within the time, start included',
        },
        { name: 'trades processed', value: reached.processed / elapsedSeconds, unit: 'per-second' },
        { name: 'trades durable', value: reached.durable / elapsedSeconds, unit: 'per-second' },
        { name: 'trades lost', value: lostCount, unit: 'count' },
        { name: 'resident memory, most', value: rssMaxMegabytes, unit: 'megabytes' },
        { name: 'processor time', value: cores, unit: 'cores' },
      ],
      notes: [
        `at the end of the time: ${format(reached.durable)} durable, ${format(reached.processed)} processed, ` +
          `${format(reached.stored)} stored, with ${format(quoteCount)} quotes; ${format(frameCount)} live frames sent`,
        `after draining: log ${format(totals.durable)} = processors ${format(totals.processed)} = store ${format(totals.stored)}`,
      ],
    }
  })
}

async function floorRate(tradesPerSecond: number): Promise<number> {
  const batches = await buildTradeBatches({ symbolCount: 10, tradesPerSecond, batchCount: 32, batchSize: 8192 })
  const rates = Array.from({ length: 7 }, () => {
    const startMs = performance.now()
    return (sumNotionalTimes(batches, 50) * 1000) / (performance.now() - startMs)
  })
  return ratesOf(rates).median
}

function format(count: number): string {
  return count.toLocaleString('en')
}

function stagesOf({ engine }: RunningEngine): Stages {
  const { pipeline, store } = engine.status
  const durable = pipeline?.tradeCount ?? 0
  const stored = (store?.positions ?? [])
    .filter(({ topic }) => topic === 'market.trades')
    .reduce((sum, { nextOffset }) => sum + nextOffset, 0)
  return { durable, processed: durable - (pipeline?.processLagCount ?? 0), stored }
}

async function follow(running: RunningEngine, startMs: number, { seconds, progress }: RunContext): Promise<void> {
  for (;;) {
    const leftMs = startMs + seconds * 1000 - performance.now()
    if (leftMs <= 0) return
    await delay(Math.min(POLL_EVERY_MS, leftMs))
    const { durable, stored } = stagesOf(running)
    progress(`${format(durable)} durable, ${format(stored)} stored, ${Math.ceil(leftMs / 1000)} s to go`)
  }
}

/** The log goes on where it stood; a feed that has given all it may gives nothing more. */
async function drainAndCount(directory: string, feed: Readonly<Record<string, unknown>>): Promise<Stages> {
  const running = await startEngine(directory, { ...feed, maxCount: 1 }, KEEP_ALL)
  await Promise.race([untilDrained(running), running.failure])
  const openDays = await running.engine.view().openCandles(undefined, '1d')
  await running.engine.stop()
  const log = EmbeddedEventLogReader.open({ directory: join(directory, LOG_DIRECTORY) })
  const { endOffset } = await log.bounds('market.trades', 0)
  const closedDays = await closedDayCandles(log)
  await log.close()
  const store = await DuckDbMarketStore.open({ directory: join(directory, STORE_DIRECTORY) })
  const { trades } = await store.countsSince(0)
  await store.close()
  const processed = [...openDays, ...closedDays].reduce((sum, candle) => sum + candle.tradeCount, 0)
  return { durable: endOffset, processed, stored: trades }
}

async function untilDrained(running: RunningEngine): Promise<void> {
  const endMs = performance.now() + DRAIN_MAX_MS
  while (performance.now() < endMs) {
    await delay(POLL_EVERY_MS)
    const { durable, processed, stored } = stagesOf(running)
    const { pipeline, store } = running.engine.status
    if (pipeline === undefined || store === undefined) continue
    if (durable > 0 && processed === durable && stored === durable && store.lagCount === 0) return
  }
  throw new FinPulseError(
    'internal',
    `pipeline: not drained after ${DRAIN_MAX_MS} ms: ${JSON.stringify(stagesOf(running))}`,
  )
}

/** Day candles that closed, in their last revision: each trade is in one of these or in an open one. */
async function closedDayCandles(log: EmbeddedEventLogReader): Promise<Candle[]> {
  const days = new Map<string, Candle>()
  let offset = 0
  for (;;) {
    const batches = await log.read('market.candles', 0, offset, READ_MAX_BYTES)
    if (batches.length === 0) return [...days.values()]
    for (const batch of batches) {
      offset = batch.firstOffset + batch.recordCount
      for (const candle of decodeRecords<Candle>(batch.payload)) {
        if (candle.interval === '1d' && candle.isFinal) days.set(`${candle.symbol} ${candle.openTimeMs}`, candle)
      }
    }
  }
}
