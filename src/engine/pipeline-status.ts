import type { FeedProgress, FeedStatus } from '../feeds/feed.ts'

/** What the pipeline thread tells the main thread a few times a second. */
export interface PipelineStatus {
  /** Name of the main feed. */
  readonly feed: string
  /** How each feed is, the main one first. */
  readonly feeds: readonly FeedStatus[]
  readonly epoch: string
  readonly progress: FeedProgress | undefined
  readonly hasEnded: boolean
  /** Records in the log since its beginning. */
  readonly tradeCount: number
  readonly quoteCount: number
  readonly paymentCount: number
  readonly labelCount: number
  readonly candleCount: number
  readonly alertCount: number
  readonly deadLetterCount: number
  /** Declared by the processors, since the log's beginning; those of a feed are in its status. */
  readonly gapCount: number
  readonly duplicateCount: number
  readonly processLagCount: number
  readonly backPressureCount: number
  /** Event time of the newest trade, µs; undefined before the first. */
  readonly newestTimeUs: number | undefined
  /** Refused or passed-over inputs of the feed and trades that came too late, by reason. */
  readonly dropped: Readonly<Record<string, number>>
}

/** What the store thread tells the main thread. */
export interface StoreStatus {
  readonly lagCount: number
  readonly writtenCount: number
  readonly positions: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[]
}
