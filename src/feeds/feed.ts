import type { DeadLetter } from '../events/dead-letter.ts'
import type { QuoteBatch } from '../events/quote-batch.ts'
import type { TradeBatch } from '../events/trade-batch.ts'

/** What a feed brings in one go. The batches are valid until the next call of `next`: they may be filled again. */
export interface FeedStep {
  readonly trades: TradeBatch
  readonly quotes: QuoteBatch
  readonly deadLetters: readonly DeadLetter[]
  /**
   * Where the feed stands after this step, opaque. Committed together with the events: a feed opened with it goes on
   * with exactly the event after them, so that a crash neither loses nor doubles one.
   */
  readonly position: Uint8Array
}

/** How far a feed is in catching up with something that ends: the past, or a file. */
export interface FeedProgress {
  readonly fromUs: number
  readonly toUs: number
  readonly atUs: number
  /** 0 to 1. */
  readonly fraction: number
  readonly isDone: boolean
}

/**
 * A source of market events, pulled by the ingest role at the pace at which the log takes them: a slow log makes the
 * feed wait. Events of one symbol come in the source's order.
 */
export interface Feed {
  /** Kind of source, for people: `simulator`, `replay`. */
  readonly name: string
  /**
   * The next events, as soon as some are due; a step without events where a while has passed with none (its trade
   * batch may carry a watermark); undefined at the end of the source.
   * Rejects with the signal's reason when it aborts, and with a retryable FinPulseError where it may be called again
   * later; nothing is lost then.
   */
  next(signal: AbortSignal): Promise<FeedStep | undefined>
  progress(): FeedProgress | undefined
  /** Inputs refused or passed over so far, by reason. */
  dropped(): Readonly<Record<string, number>>
  close(): Promise<void>
}
