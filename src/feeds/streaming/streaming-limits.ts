import type { LineLimits } from './feed-line.ts'
import type { GapLedgerLimits } from './gap-ledger.ts'

/** What is bounded or timed about any feed that streams. Only tests have reasons to change these. */
export interface StreamingLimits extends LineLimits, GapLedgerLimits {
  /** Connection attempts in five minutes, of all sockets together. */
  readonly attemptsPerFiveMinutes: number
  /** A socket from which nothing came for this long, not even the answer to our ping, is dead. */
  readonly silenceMaxMs: number
  /** A symbol of a living socket without a message for this long is called quiet. */
  readonly quietAfterMs: number
  /** Age at which a socket is replaced. */
  readonly socketMaxAgeMs: number
  /** For how long an old socket goes on after its successor has opened. */
  readonly overlapMs: number
  /** How often sockets are looked after. */
  readonly checkEveryMs: number
  /**
   * Frames that were received and not read yet. At this number reading from all sockets pauses until half are left; what
   * a socket had already taken from its connection (64 KiB) still comes.
   */
  readonly queueMaxCount: number
  /** Rows of a step. */
  readonly batchMaxCount: number
  /** Events that come within this time are given together. */
  readonly gatherMs: number
  /** A step without events is given after this time. */
  readonly idleStepMs: number
  /** How far the promise of a quiet step trails the clock. */
  readonly idleLatenessMs: number
  /** For how long the feed stands still before a gap while it is repaired; after it the gap is filled late. */
  readonly holdMaxMs: number
  /** The same for what was missed before a start. */
  readonly catchUpMaxMs: number
  /** Ids of one gap that are asked for again; of a larger one the oldest are given up. */
  readonly gapMaxCount: number
  readonly requestTimeoutMs: number
  /** Times in a row that a gap's request may bring nothing before the gap is given up. */
  readonly repairAttemptsMaxCount: number
}

/** What does not depend on what a venue allows. */
export const STREAMING_LIMITS = {
  connectTimeoutMs: 10_000,
  silenceMaxMs: 30_000,
  quietAfterMs: 60_000,
  backoffFirstMs: 250,
  backoffMaxMs: 60_000,
  checkEveryMs: 250,
  queueMaxCount: 65_536,
  frameMaxBytes: 1024 * 1024,
  batchMaxCount: 4096,
  gatherMs: 10,
  idleStepMs: 1000,
  idleLatenessMs: 5000,
  holdMaxMs: 5000,
  catchUpMaxMs: 60_000,
  requestTimeoutMs: 10_000,
  repairAttemptsMaxCount: 12,
} as const satisfies Partial<StreamingLimits>
