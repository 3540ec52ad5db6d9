import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.ts'
import { EmbeddedEventLogReader } from '../../log/embedded/embedded-event-log-reader.ts'
import { DuckDbMarketStore } from '../../stores/embedded/duckdb-market-store.ts'
import type { StoreStatus } from '../pipeline-status.ts'
import { StoreRole } from '../roles/store-role.ts'
import { notify, serveCalls } from './calls.ts'
import { storeReads } from './remote-store.ts'
import { LOG_DIRECTORY, STORE_DIRECTORY, type ThreadData } from './thread-data.ts'
import { threadLogger } from './thread-logger.ts'

/* The store thread: follows the log into DuckDB and answers the queries of the API. */

const STATUS_EVERY_MS = 200
const RETAIN_EVERY_MS = 60_000

const { config, doorbell } = workerData as ThreadData
const port = parentPort!
const abort = new AbortController()
const store = await DuckDbMarketStore.open({
  directory: join(config.dataDir, STORE_DIRECTORY),
  memoryLimitMegabytes: config.store.memoryLimitMegabytes,
})
let log: EmbeddedEventLogReader | undefined
let role: StoreRole | undefined
let running: Promise<void> = Promise.resolve()
let newestTimeUs: number | undefined

function raise(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

serveCalls(port, {
  // The log is created by the pipeline thread, so its reader is opened once that thread says so.
  start: async () => {
    log = EmbeddedEventLogReader.open({ directory: join(config.dataDir, LOG_DIRECTORY), doorbell })
    const logger = threadLogger(port)
    role = new StoreRole({ log, store, clock: systemClock, logger, partitionCount: config.log.partitions })
    await role.recover()
    running = role.run(abort.signal).catch(raise)
  },
  noteNewestTime: (timeUs: number) => {
    newestTimeUs = timeUs
  },
  ...storeReads(store, async () => role?.inEpoch()),
  stop: async () => {
    clearInterval(statusTimer)
    clearInterval(retainTimer)
    abort.abort()
    await running
    await log?.close()
    await store.close()
  },
})

const statusTimer = setInterval(() => {
  if (role === undefined) return
  const { lagCount, writtenCount, positions } = role
  notify(port, { lagCount, writtenCount, positions } satisfies StoreStatus)
}, STATUS_EVERY_MS)

const retainTimer = setInterval(() => {
  // Market time: a replay of an old recording must not lose it to its age.
  if (newestTimeUs !== undefined) retain(newestTimeUs).catch(raise)
}, RETAIN_EVERY_MS)

async function retain(nowUs: number): Promise<void> {
  const { tradesRetention, tradesMaxCount, candlesRetention, alertsRetention } = config.store
  await store.retain({
    tradesBeforeUs: nowUs - tradesRetention * 1000,
    quotesBeforeUs: nowUs - tradesRetention * 1000,
    candlesBeforeUs: nowUs - candlesRetention * 1000,
    alertsBeforeUs: nowUs - alertsRetention * 1000,
    tradesMaxCount,
    quotesMaxCount: tradesMaxCount,
  })
}
