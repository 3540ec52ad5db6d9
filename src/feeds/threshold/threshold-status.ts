import type { Feed, FeedStatus, RepairStatus } from '../feed.ts'
import type { FollowedSymbol } from './followed-symbol.ts'

type Counts = Record<string, number>
type RepairCounts = Omit<RepairStatus, 'lastError'>

const NAMES_MAX_COUNT = 20
const NO_REPAIRS: RepairCounts = {
  gapCount: 0,
  missingCount: 0,
  repairedCount: 0,
  absentCount: 0,
  givenUpCount: 0,
  outstandingCount: 0,
  requestCount: 0,
}

/** Adds up how the polled feed and the streams are, those that have ended included. */
export class ThresholdStatus {
  readonly #polled: Feed
  readonly #symbolCount: number
  /** Of this feed itself, and of streams that have ended. */
  readonly #counts: Counts = {}
  #repairs: RepairCounts = NO_REPAIRS
  #reconnects = 0
  #queueWaits = 0

  constructor(polled: Feed, symbolCount: number) {
    this.#polled = polled
    this.#symbolCount = symbolCount
  }

  count(reason: string, by: number): void {
    if (by > 0) this.#counts[reason] = (this.#counts[reason] ?? 0) + by
  }

  addEnded(feed: Feed): void {
    for (const [reason, count] of Object.entries(feed.dropped())) this.count(reason, count)
    const status = feed.status?.()
    if (status === undefined) return
    // What a stream has not repaired by its end nobody will.
    const { outstandingCount = 0, givenUpCount = 0 } = status.repairs ?? {}
    const repairs = { ...NO_REPAIRS, ...status.repairs, outstandingCount: 0 }
    this.#repairs = addRepairs(this.#repairs, { ...repairs, givenUpCount: givenUpCount + outstandingCount })
    this.#reconnects += status.reconnects
    this.#queueWaits += status.queueWaits
  }

  dropped(streams: readonly Feed[]): Counts {
    const sum: Counts = { ...this.#counts }
    for (const feed of [this.#polled, ...streams]) {
      for (const [reason, count] of Object.entries(feed.dropped())) sum[reason] = (sum[reason] ?? 0) + count
    }
    return sum
  }

  of(streamed: readonly FollowedSymbol[], waiting: readonly FollowedSymbol[]): FeedStatus {
    const feeds = streamed.map(({ stream }) => stream!.feed)
    const polled = this.#polled.status?.()
    const streams = feeds.flatMap((feed) => feed.status?.() ?? [])
    const all = polled === undefined ? streams : [polled, ...streams]
    const sumOf = (key: 'reconnects' | 'queueCount' | 'queueWaits') => all.reduce((sum, status) => sum + status[key], 0)
    const venue = streams[0]?.venue ?? polled?.venue
    const repairs = streams.reduce((sum, status) => addRepairs(sum, status.repairs), this.#repairs)
    const lastRepairError = streams.find((status) => status.repairs?.lastError)?.repairs?.lastError ?? null
    return {
      name: 'threshold',
      ...(venue === undefined ? {} : { venue }),
      state: stateOf(polled, streams, waiting.length),
      sockets: streams.flatMap(({ sockets }) => sockets).map((socket, index) => ({ ...socket, index })),
      repairs: { ...repairs, lastError: lastRepairError },
      ...(polled?.quota === undefined ? {} : { quota: polled.quota }),
      following: {
        polledCount: this.#symbolCount - streamed.length,
        streamedCount: streamed.length,
        waitingCount: waiting.length,
        streamedSymbols: namesOf(streamed),
        waitingSymbols: namesOf(waiting),
      },
      clockAheadMs: streams.find(({ clockAheadMs }) => clockAheadMs !== null)?.clockAheadMs ?? null,
      reconnects: this.#reconnects + sumOf('reconnects'),
      queueCount: sumOf('queueCount'),
      queueWaits: this.#queueWaits + sumOf('queueWaits'),
      dropped: this.dropped(feeds),
      lastError: all.find(({ lastError }) => lastError !== null)?.lastError ?? null,
    }
  }
}

/** A stream that is not there yet, and a symbol that has to wait, are less than was asked for. */
function stateOf(
  polled: FeedStatus | undefined,
  streams: readonly FeedStatus[],
  waitingCount: number,
): FeedStatus['state'] {
  const state = polled?.state ?? 'running'
  if (state !== 'running') return state
  return waitingCount > 0 || streams.some((stream) => stream.state !== 'running') ? 'degraded' : 'running'
}

function namesOf(followed: readonly FollowedSymbol[]): string[] {
  return followed.slice(0, NAMES_MAX_COUNT).map(({ symbol }) => symbol)
}

function addRepairs(a: RepairCounts, b: Partial<RepairCounts> = {}): RepairCounts {
  const sum = { ...a }
  for (const key of Object.keys(NO_REPAIRS) as (keyof RepairCounts)[]) sum[key] = a[key] + (b[key] ?? 0)
  return sum
}
