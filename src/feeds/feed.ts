import type { Alert } from '../events/alert.ts'
import type { DeadLetter } from '../events/dead-letter.ts'
import type { Gap } from '../events/gap.ts'
import type { Label } from '../events/label.ts'
import type { PaymentBatch } from '../events/payment-batch.ts'
import type { QuoteBatch } from '../events/quote-batch.ts'
import type { TradeBatch } from '../events/trade-batch.ts'

/** What a feed brings in one go. The batches are valid until the next call of `next`: they may be filled again. */
export interface FeedStep {
  readonly trades: TradeBatch
  readonly quotes: QuoteBatch
  readonly deadLetters: readonly DeadLetter[]
  readonly payments?: PaymentBatch
  /** What has become known of events that the feed brought, in the order in which it became known. */
  readonly labels?: readonly Label[]
  /** What the feed itself has to say to people, such as that it began to stream a symbol. */
  readonly alerts?: readonly Alert[]
  /** Holes in the source's ids, each once: when it is found, whatever becomes of it. The position knows them. */
  readonly gaps?: readonly Gap[]
  /**
   * Where the feed stands after this step, opaque. Committed together with the events: a feed opened with it goes on
   * with exactly the event after them, so that a crash neither loses nor doubles one.
   */
  readonly position: Uint8Array
  /** Whether the position matters although the step brings nothing: else it is committed with the next events. */
  readonly keepsPosition?: boolean
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

/** How one socket of a feed is. */
export interface SocketStatus {
  readonly index: number
  readonly state: 'waiting' | 'connecting' | 'open' | 'handing-over'
  readonly streamCount: number
  /** Null while it is not open. */
  readonly openedTimeMs: number | null
  /** For how long neither data nor an answer to a ping has come from it. */
  readonly silenceMs: number
  readonly reconnects: number
  /** Planned changes to a new socket. */
  readonly handOvers: number
  /** Symbols, at most 20, without a message for a while although their socket lives. */
  readonly quietSymbols: readonly string[]
  readonly lastError: string | null
}

/** Account of the trades that the source numbered and that did not come in turn, since the start. */
export interface RepairStatus {
  readonly gapCount: number
  readonly missingCount: number
  /** Came late or were back-filled. */
  readonly repairedCount: number
  /** Left out by the source itself. */
  readonly absentCount: number
  /** Not asked for any more: the gap stays. */
  readonly givenUpCount: number
  /** Still to be repaired. */
  readonly outstandingCount: number
  readonly requestCount: number
  readonly lastError: string | null
}

/** What a source lets one ask of it in a day. */
export interface QuotaStatus {
  readonly usedCount: number
  readonly maxCount: number
  /** When the next request may be made; null where none will be before the next start. */
  readonly nextTimeMs: number | null
}

/** How many symbols of a feed that polls most and streams some are followed in which way. */
export interface FollowingStatus {
  /** Those that wait included. */
  readonly polledCount: number
  readonly streamedCount: number
  /** Polled still, because as many are streamed as may be. */
  readonly waitingCount: number
  /** At most 20, as are those that wait. */
  readonly streamedSymbols: readonly string[]
  readonly waitingSymbols: readonly string[]
}

export interface FeedStatus {
  readonly name: string
  readonly state: 'connecting' | 'catching-up' | 'running' | 'degraded' | 'ended'
  /** Absent where the feed has no venue of its own. */
  readonly venue?: string
  readonly sockets: readonly SocketStatus[]
  /** Absent where the source numbers no trades, or none can be missed. */
  readonly repairs?: RepairStatus
  /** Absent where the source has no quota of a day. */
  readonly quota?: QuotaStatus
  /** Absent where all symbols are followed in the same way. */
  readonly following?: FollowingStatus
  /** How far the source's clock is ahead of ours; null where that is not known. */
  readonly clockAheadMs: number | null
  readonly reconnects: number
  /** Inputs that were received and not read yet. */
  readonly queueCount: number
  /** Times that the sockets had to wait for the reader. */
  readonly queueWaits: number
  readonly dropped: Readonly<Record<string, number>>
  readonly lastError: string | null
}

/**
 * A source of market events, pulled by the ingest role at the pace at which the log takes them: a slow log makes the
 * feed wait. Events of one symbol come in the source's order.
 */
export interface Feed {
  /** Kind of source, for people: `simulator`, `replay`. */
  readonly name: string
  /**
   * Venues that are this feed's alone: another feed on the same log must not bring events of them, since ids, order and
   * decimals of a symbol have one source. None where it is left out.
   */
  readonly venues?: readonly string[]
  /**
   * The next events, as soon as some are due; a step without events where a while has passed with none (its trade
   * batch may carry a watermark); undefined at the end of the source.
   * Rejects with the signal's reason when it aborts, and with a retryable FinPulseError where it may be called again
   * later; nothing is lost then.
   */
  next(signal: AbortSignal): Promise<FeedStep | undefined>
  /**
   * Everything up to this position of a step is durable in the log. Called after each commit, in order; for feeds that
   * owe their source an answer.
   */
  committed?(position: Uint8Array): void
  progress(): FeedProgress | undefined
  /** Inputs refused or passed over so far, by reason. */
  dropped(): Readonly<Record<string, number>>
  /** How it is; absent for feeds of which there is nothing to say but their name. */
  status?(): FeedStatus
  close(): Promise<void>
}
