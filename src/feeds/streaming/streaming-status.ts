import type { Clock } from '../../base/clock.ts'
import type { FeedStatus, FeedStep } from '../feed.ts'
import type { ClockSkew } from './clock-skew.ts'
import type { GapLedger } from './gap-ledger.ts'
import type { HeardSymbols } from './heard-symbols.ts'
import type { RepairLoop } from './repair-loop.ts'
import type { SocketSet } from './socket-set.ts'
import type { StreamingLimits } from './streaming-limits.ts'

/** Makes steps of frames and of repaired rows. */
export interface StreamedSteps {
  readonly skew: ClockSkew
  readonly heard: HeardSymbols
  readonly dropped: Readonly<Record<string, number>>
  /** True while frames wait for a repair. */
  readonly isHolding: boolean
  /** True where repairs have brought something for a step. */
  readonly hasRepaired: boolean
  /** The next step; without rows where there is no work. @param watermarkUs promise of a step without rows, or -1 */
  fill(watermarkUs: number): FeedStep
}

/** What a feed that streams is made of. */
export interface StreamingParts {
  /** Of the feed. */
  readonly name: string
  readonly clock: Clock
  readonly limits: StreamingLimits
  readonly sockets: SocketSet
  readonly ledger: GapLedger
  readonly repair: Pick<RepairLoop<unknown>, 'requestCount' | 'lastError'>
  readonly steps: StreamedSteps
}

/** What a venue's feed says of itself. */
export interface OwnStatus {
  readonly venue: string
  readonly state: FeedStatus['state']
  /** Null: what a socket says. */
  readonly lastError: string | null
}

const QUIET_SYMBOLS_MAX_COUNT = 20

/** How a feed that streams is. */
export function streamingStatus(
  { name, clock, limits, sockets, ledger, repair, steps }: StreamingParts,
  { venue, state, lastError }: OwnStatus,
): FeedStatus {
  const sinceUs = clock.nowUs() - limits.quietAfterMs * 1000
  const { lines, queue } = sockets
  const ofSockets = lines.map((line) =>
    line.status(line.isOpen ? steps.heard.quietAmong(line.symbols, sinceUs, QUIET_SYMBOLS_MAX_COUNT) : []),
  )
  const { duplicateCount: _, renumberedCount: __, ...counts } = ledger.counts
  return {
    name,
    venue,
    state,
    sockets: ofSockets,
    repairs: {
      ...counts,
      outstandingCount: ledger.outstandingCount,
      requestCount: repair.requestCount,
      lastError: repair.lastError,
    },
    clockAheadMs: steps.skew.aheadMs,
    reconnects: lines.reduce((sum, line) => sum + line.reconnectCount, 0),
    queueCount: queue.count,
    queueWaits: queue.waitCount,
    dropped: { ...steps.dropped },
    lastError: lastError ?? ofSockets.find((socket) => socket.lastError !== null)?.lastError ?? null,
  }
}
