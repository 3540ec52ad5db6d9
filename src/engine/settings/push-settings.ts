import { z } from 'zod'
import { duration, symbol } from './fields.ts'

/** Nothing but what is pushed; how that is taken is said in `push`. */
export const pushFeedSchema = z.strictObject({ type: z.literal('push') })

/** What other systems push in: beside every feed, except a replay that is served. */
export const pushSchema = z.strictObject({
  /** Of events that name none. */
  venue: symbol.default('push'),
  /** Event times further ahead of the clock are refused. */
  aheadMax: duration('push.aheadMax').prefault('1m'),
  /** With `feed.type: push`: the feed is quiet without events for so long, and its time then follows the clock. */
  idleAfter: duration('push.idleAfter').prefault('5s'),
  /** Batches that wait for the log, and their MiB; beyond either they are refused with 429. */
  queueMaxCount: z.int().min(1).max(100_000).default(1024),
  queueMaxMegabytes: z.number().positive().max(1024).default(32),
  /** Batch ids that are remembered. */
  batchIdsMaxCount: z.int().min(0).max(100_000).default(4096),
})
