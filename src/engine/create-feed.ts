import type { Clock } from '../base/clock.ts'
import type { Feed } from '../feeds/feed.ts'
import { ReplayFeed } from '../feeds/replay/replay-feed.ts'
import { SimulatorFeed } from '../feeds/simulator/simulator-feed.ts'
import type { Config } from './config.ts'

/** The feed that the configuration names, at a committed position or at its beginning. */
export async function createFeed(
  config: Config['feed'],
  clock: Clock,
  position: Uint8Array | undefined,
): Promise<Feed> {
  if (config.type === 'replay') {
    const { paths, speed, format, venue, symbols } = config
    const options = {
      paths,
      speed,
      ...(format === undefined ? {} : { format }),
      ...(venue === undefined ? {} : { venue }),
      ...(symbols === undefined ? {} : { symbols }),
    }
    return ReplayFeed.open(options, clock, position)
  }
  const options = {
    symbols: config.symbols,
    ratePerSecond: config.ratePerSecond,
    seed: config.seed,
    backfillUs: config.backfill * 1000,
    ...(config.startTime === undefined ? {} : { startTimeUs: Date.parse(config.startTime) * 1000 }),
    ...(config.maxCount === undefined ? {} : { maxCount: config.maxCount }),
  }
  return new SimulatorFeed(options, clock, position)
}
