import type { Clock } from '../base/clock.ts'
import { PushFeed } from '../feeds/push/push-feed.ts'
import type { Config } from './config.ts'
import { checkPosition } from './create-feed.ts'

/** Name of the push feed where it stands beside another. */
export const PUSH_SIDE_FEED = 'push'

/** Whether other systems may push: not into a replay, which must give what was recorded. */
export function takesPushes({ feed }: Config): boolean {
  return feed.type !== 'replay'
}

/**
 * @param takenVenues those of the main feed, where there is another
 * @throws FinPulseError config-invalid where the position is that of another kind of feed
 */
export function createPushFeed(
  { feed, push, processing }: Config,
  clock: Clock,
  takenVenues: readonly string[],
  position?: Uint8Array,
): PushFeed {
  const isAlone = feed.type === 'push'
  if (isAlone && position !== undefined) checkPosition('push', position)
  const options = {
    venue: push.venue,
    takenVenues,
    queueMaxCount: push.queueMaxCount,
    queueMaxBytes: push.queueMaxMegabytes * 1024 * 1024,
    aheadMaxUs: push.aheadMax * 1000,
    batchIdsMaxCount: push.batchIdsMaxCount,
    ...(isAlone ? { idle: { afterMs: push.idleAfter, latenessMs: processing.allowedLateness } } : {}),
  }
  return new PushFeed(options, clock, position)
}
