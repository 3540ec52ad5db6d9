import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'

/** What every feed is opened with. */
export interface FeedContext {
  readonly clock: Clock
  readonly logger: Logger
  /** Where the feed was when it was last committed; undefined at its beginning. */
  readonly position: Uint8Array | undefined
  /** Where keys are taken from. Default: that of the process. */
  readonly environment?: NodeJS.ProcessEnv
}
