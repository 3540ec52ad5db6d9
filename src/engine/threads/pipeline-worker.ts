import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import type { Interval } from '../../events/interval.ts'
import type { PushBatch } from '../../feeds/push/push-batch.ts'
import type { PushFeed } from '../../feeds/push/push-feed.ts'
import { ReplayFeed } from '../../feeds/replay/replay-feed.ts'
import { SimulatorFeed } from '../../feeds/simulator/simulator-feed.ts'
import { EmbeddedEventLog } from '../../log/embedded/embedded-event-log.ts'
import type { InjectRequest } from '../../protocol/rest.ts'
import { createFeed } from '../create-feed.ts'
import { createPaymentsFeed, makesPayments, PAYMENTS_SIDE_FEED } from '../create-payments-feed.ts'
import { createPushFeed, PUSH_SIDE_FEED, takesPushes } from '../create-push-feed.ts'
import { Pipeline, type SideFeed } from '../pipeline.ts'
import type { StoreStatus } from '../pipeline-status.ts'
import { processingOptions } from '../processing-options.ts'
import { notify, serveCalls } from './calls.ts'
import { LOG_DIRECTORY, type ThreadData } from './thread-data.ts'
import { threadLogger } from './thread-logger.ts'

/* The pipeline thread: the only writer of the log. */

const STATUS_EVERY_MS = 200
const RETAIN_EVERY_MS = 30_000

const { config, doorbell } = workerData as ThreadData
const port = parentPort!
const log = EmbeddedEventLog.open({ directory: join(config.dataDir, LOG_DIRECTORY), clock: systemClock, doorbell })

const logger = threadLogger(port)
let pushFeed: PushFeed | undefined
const { feed } = config
const pipeline = new Pipeline({
  log,
  clock: systemClock,
  logger,
  partitionCount: config.log.partitions,
  processing: processingOptions(config),
  snapshotEveryMs: config.processing.snapshotEvery,
  retentionMs: config.log.retention,
  retentionMaxBytes: config.log.retentionMaxMegabytes * 1024 * 1024,
  openFeed: (position) =>
    feed.type === 'push' ? openPush(position) : createFeed(feed, { clock: systemClock, logger, position }),
  sideFeeds: sideFeeds(),
  onFailure: raise,
})

function sideFeeds(): SideFeed[] {
  const sides: SideFeed[] = []
  if (feed.type !== 'push' && takesPushes(config)) sides.push({ name: PUSH_SIDE_FEED, open: openPush })
  if (makesPayments(config)) {
    const open: SideFeed['open'] = async (position) => createPaymentsFeed(config, systemClock, logger, position)
    sides.push({ name: PAYMENTS_SIDE_FEED, open })
  }
  return sides
}

async function openPush(position: Uint8Array | undefined): Promise<PushFeed> {
  const takenVenues = feed.type === 'push' ? [] : (pipeline.feed?.venues ?? [])
  pushFeed = createPushFeed(config, systemClock, takenVenues, position)
  return pushFeed
}

/** Ends the thread with the error; the main thread reports it and stops. */
function raise(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

function replayFeed(): ReplayFeed {
  const { feed } = pipeline
  if (feed instanceof ReplayFeed) return feed
  throw new Error(`feed ${feed?.name}: is not a replay`)
}

function simulatorFeed(): SimulatorFeed {
  const { feed } = pipeline
  if (feed instanceof SimulatorFeed) return feed
  throw new Error(`feed ${feed?.name}: is not the simulator`)
}

serveCalls(port, {
  start: () => pipeline.start(),
  openCandles: (symbols: readonly string[] | undefined, interval: Interval | undefined) =>
    pipeline.openCandles(symbols, interval),
  feeds: () => pipeline.feeds(),
  push: (batch: PushBatch) => {
    if (pushFeed !== undefined) return pushFeed.offer(batch)
    throw new FinPulseError('not-ready', 'push: the engine is starting', { retryable: true })
  },
  noteStorePositions: (positions: StoreStatus['positions']) => pipeline.noteStorePositions(positions),
  replayState: () => replayFeed().state(),
  replayPause: () => replayFeed().pause(),
  replayResume: () => replayFeed().resume(),
  replaySetSpeed: (speed: number) => replayFeed().setSpeed(speed),
  replaySeek: async (timeMs: number) => {
    const moved = await replayFeed().reopenAt(timeMs)
    await pipeline.restart(async () => moved)
  },
  simulatorInject: (request: InjectRequest) => simulatorFeed().inject(request),
  stop: async () => {
    clearInterval(statusTimer)
    clearInterval(retainTimer)
    await pipeline.stop()
    await log.close()
  },
})

const statusTimer = setInterval(() => {
  pipeline.status().then((status) => notify(port, status), raise)
}, STATUS_EVERY_MS)
const retainTimer = setInterval(() => {
  pipeline.retain().catch(raise)
}, RETAIN_EVERY_MS)
