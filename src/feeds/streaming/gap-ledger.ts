/** Ids `[fromId, toId]` of a stream that did not come, as found; pieces of it are filled one by one. */
export interface StreamGap {
  readonly symbol: string
  readonly fromId: number
  readonly toId: number
  /** Ids that are still to be asked for or to come by themselves, but for those without which the venue has answered. */
  remainingCount: number
}

/** A hole as it was found. Times in µs: of the trade before it, and of one at or after its end. */
export interface FoundGap {
  readonly symbol: string
  readonly fromId: number
  readonly toId: number
  readonly previousTimeUs: number
  readonly eventTimeUs: number
}

interface MissingRange {
  fromId: number
  toId: number
  /** Event time of the trade before the range, µs: older ranges are repaired first. */
  afterTimeUs: number
  readonly gap: StreamGap
  /** Requests in a row that brought none of it. */
  attemptCount: number
  /** Whether the venue has answered without these ids: it may not have them, so nothing stands still for them. */
  isPassedOver: boolean
  /** Not to be asked for before. */
  dueUs: number
}

export interface RepairRequest {
  readonly symbol: string
  readonly fromId: number
  readonly toId: number
}

/** What a row is to the ledger. `renumbered`: the venue has begun to number anew. */
export type RowVerdict = 'next' | 'gap' | 'fill' | 'duplicate' | 'renumbered'

/** `missingCount` is always the sum of what was repaired, is absent, was given up and is outstanding. */
export interface GapCounts {
  /** Gaps found. */
  gapCount: number
  missingCount: number
  /** Missing ids that came late or were back-filled. */
  repairedCount: number
  /** Missing ids that the venue has not: it left them out itself. */
  absentCount: number
  /** Missing ids that are not asked for any more. */
  givenUpCount: number
  duplicateCount: number
  renumberedCount: number
}

/** As a position holds it: `nextId, lastTimeUs, [fromId, toId, afterTimeUs, …], lastTradeId`. */
export type SavedStream = readonly [
  nextId: number,
  lastTimeUs: number,
  missing: readonly number[],
  ...lastTradeId: [number] | [],
]

interface Stream {
  readonly symbol: string
  /** -1 before the first row. */
  nextId: number
  lastTimeUs: number
  missing: MissingRange[]
  /** Of streams whose ids are not those of the trades: the last trade before `nextId`; -1 where it is not known. */
  lastTradeId: number
}

export interface GapLedgerLimits {
  readonly gapMaxCount: number
  readonly repairAttemptsMaxCount: number
  /** Wait before ids are asked for again without which the venue has answered; it doubles each time, to the maximum. */
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
}

/** Ids from the first one of a request within which other ranges are asked for with it: venues answer with 500 and more. */
const TOGETHER_MAX_COUNT = 500

/** Requests in a row that may bring nothing before other symbols' trades no longer wait for a range. */
const WAITED_ATTEMPTS_COUNT = 3

/** Missing ranges of a symbol; beyond it the oldest is given up. */
const RANGES_MAX_COUNT = 256

/** A new numbering begins far below the old one; an id near it is of an old trade, however late it comes. */
const RENUMBERED_SHARE = 0.5

/**
 * Account of the ids of each symbol's trade stream, which the venue numbers without holes: tells duplicates from what was
 * missed, and what to ask the venue for again. Pure: time is an argument. For `aggTrade` the ids are those of the
 * aggregates.
 */
export class GapLedger {
  readonly counts: GapCounts = {
    gapCount: 0,
    missingCount: 0,
    repairedCount: 0,
    absentCount: 0,
    givenUpCount: 0,
    duplicateCount: 0,
    renumberedCount: 0,
  }
  readonly #limits: GapLedgerLimits
  readonly #streams = new Map<string, Stream>()
  /** Streams with missing ranges. */
  readonly #gapped = new Set<Stream>()
  /** Until the end of the step that is made: as many as it has trades, and one a symbol that was found beside it. */
  #found: FoundGap[] = []

  constructor(limits: GapLedgerLimits) {
    this.#limits = limits
  }

  /** Ids that are still to be repaired. */
  get outstandingCount(): number {
    let count = 0
    for (const { missing } of this.#gapped) for (const range of missing) count += range.toId - range.fromId + 1
    return count
  }

  get hasMissing(): boolean {
    return this.#gapped.size > 0
  }

  verdictOn(symbol: string, id: number, eventTimeUs: number): RowVerdict {
    const stream = this.#stream(symbol)
    if (id === stream.nextId || stream.nextId < 0) return 'next'
    if (id > stream.nextId) return 'gap'
    if (stream.missing.some((range) => id >= range.fromId && id <= range.toId)) return 'fill'
    const isFarBelow = id < stream.nextId * RENUMBERED_SHARE
    return isFarBelow && eventTimeUs > stream.lastTimeUs ? 'renumbered' : 'duplicate'
  }

  /** Takes a row into account. @returns false for a duplicate */
  accept(symbol: string, id: number, eventTimeUs: number): boolean {
    const stream = this.#stream(symbol)
    switch (this.verdictOn(symbol, id, eventTimeUs)) {
      case 'duplicate':
        this.counts.duplicateCount += 1
        return false
      case 'fill':
        this.counts.repairedCount += 1
        this.#remove(stream, id, id, eventTimeUs)
        stream.lastTimeUs = Math.max(stream.lastTimeUs, eventTimeUs)
        return true
      case 'gap':
        this.miss(symbol, id - 1, eventTimeUs)
        break
      case 'renumbered':
        this.counts.renumberedCount += 1
        stream.lastTradeId = -1
        this.#giveUp(stream, stream.missing)
        break
      case 'next':
        break
    }
    stream.nextId = id + 1
    stream.lastTimeUs = Math.max(stream.lastTimeUs, eventTimeUs)
    return true
  }

  /** The id that would come next; -1 before the first row. */
  nextIdOf(symbol: string): number {
    return this.#stream(symbol).nextId
  }

  /** Event time of the newest trade that came, µs; 0 before the first. */
  lastTimeUsOf(symbol: string): number {
    return this.#stream(symbol).lastTimeUs
  }

  /** As `noteLastTrade` was told; -1 where it was not. */
  lastTradeIdOf(symbol: string): number {
    return this.#stream(symbol).lastTradeId
  }

  /** For streams of aggregates, which have ids of their own: the last trade of the aggregate before `nextId`. */
  noteLastTrade(symbol: string, tradeId: number): void {
    const stream = this.#stream(symbol)
    stream.lastTradeId = Math.max(stream.lastTradeId, tradeId)
  }

  /** Lets a symbol of which nothing is known begin at this id. */
  begin(symbol: string, nextId: number): void {
    const stream = this.#stream(symbol)
    if (stream.nextId < 0) stream.nextId = nextId
  }

  /**
   * Notes that everything from the next id to `toId` is missing; what comes next is `toId + 1`.
   * @param eventTimeUs of the trade that shows it, or of the last missing one; 0 where neither is known
   */
  miss(symbol: string, toId: number, eventTimeUs: number): StreamGap {
    const stream = this.#stream(symbol)
    const fromId = stream.nextId
    const askedFromId = Math.max(fromId, toId - this.#limits.gapMaxCount + 1)
    this.counts.gapCount += 1
    this.counts.missingCount += toId - fromId + 1
    this.counts.givenUpCount += askedFromId - fromId
    const { lastTimeUs } = stream
    this.#found.push({
      symbol,
      fromId,
      toId,
      previousTimeUs: lastTimeUs === 0 ? eventTimeUs : lastTimeUs,
      eventTimeUs: Math.max(eventTimeUs, lastTimeUs),
    })
    const gap = { symbol, fromId, toId, remainingCount: toId - askedFromId + 1 }
    this.#addRange(stream, {
      fromId: askedFromId,
      toId,
      afterTimeUs: lastTimeUs,
      gap,
      attemptCount: 0,
      isPassedOver: false,
      dueUs: 0,
    })
    stream.nextId = toId + 1
    return gap
  }

  get hasFound(): boolean {
    return this.#found.length > 0
  }

  /** The gaps that were found since the last call, in the order in which they were found; restored ones are none. */
  takeFound(): readonly FoundGap[] {
    const found = this.#found
    this.#found = []
    return found
  }

  #addRange(stream: Stream, range: MissingRange): void {
    if (stream.missing.length === RANGES_MAX_COUNT) this.#giveUp(stream, stream.missing.slice(0, 1))
    stream.missing.push(range)
    this.#gapped.add(stream)
  }

  /**
   * The oldest range that is due, or undefined, and of the same symbol what an answer brings with it. What the venue has
   * passed over comes last, and all of a symbol at once.
   * @param isAnswered symbols that are not asked for now: their answer has come and is not taken yet
   */
  nextRequest(nowUs: number, isAnswered: (symbol: string) => boolean = () => false): RepairRequest | undefined {
    let oldest: MissingRange | undefined
    for (const { symbol, missing } of this.#gapped) {
      if (isAnswered(symbol)) continue
      for (const range of missing) if (range.dueUs <= nowUs && isSooner(range, oldest)) oldest = range
    }
    if (oldest === undefined) return undefined
    const { fromId, isPassedOver, gap } = oldest
    const { missing } = this.#stream(gap.symbol)
    const isNear = (range: MissingRange) => range.toId < fromId + TOGETHER_MAX_COUNT
    const together = missing.filter(
      (range) => range.dueUs <= nowUs && range.isPassedOver === isPassedOver && (isPassedOver || isNear(range)),
    )
    return { symbol: gap.symbol, fromId, toId: Math.max(oldest.toId, ...together.map(({ toId }) => toId)) }
  }

  /** Event time of the last trade that is known before a request's ids, µs; 0 where none is. For venues asked by time. */
  timeBefore({ symbol, fromId }: RepairRequest): number {
    return this.#stream(symbol).missing.find((range) => range.fromId === fromId)?.afterTimeUs ?? 0
  }

  /**
   * Nothing that is missing and may come soon is older, µs; Infinity where there is none. What the venue has passed over,
   * or has refused some times, is not waited for: another symbol must not stand still for it.
   * @param isAnswered symbols that are left out: their answer has come
   */
  missingSinceUs(isAnswered: (symbol: string) => boolean): number {
    let sinceUs = Number.POSITIVE_INFINITY
    for (const { symbol, missing } of this.#gapped) {
      if (isAnswered(symbol)) continue
      for (const { isPassedOver, attemptCount, afterTimeUs } of missing) {
        if (!isPassedOver && attemptCount < WAITED_ATTEMPTS_COUNT) sinceUs = Math.min(sinceUs, afterTimeUs)
      }
    }
    return sinceUs
  }

  /** When a range will be due, µs; Infinity where none is missing. */
  get nextDueUs(): number {
    let dueUs = Number.POSITIVE_INFINITY
    for (const { missing } of this.#gapped) for (const range of missing) dueUs = Math.min(dueUs, range.dueUs)
    return dueUs
  }

  /**
   * The venue's answer reached to `throughId`, and its rows have been accepted. What is missing before that it may not
   * have, or not have yet: it is asked for again, as often as the limit says, and counts as absent then.
   */
  noteAnswered({ symbol, fromId }: RepairRequest, throughId: number, nowUs: number): void {
    const stream = this.#stream(symbol)
    const ranges = stream.missing.flatMap((range) => {
      if (range.fromId > throughId || range.toId < fromId) return [range]
      const after = { ...range, fromId: throughId + 1, attemptCount: 0 }
      const before = this.#passOver({ ...range, toId: Math.min(range.toId, throughId) }, nowUs)
      return [before, after].filter((rest) => rest.fromId <= rest.toId)
    })
    const { repairAttemptsMaxCount } = this.#limits
    let excess = ranges.length - RANGES_MAX_COUNT
    stream.missing = ranges.filter((range) => {
      const isAbsent = range.isPassedOver && (range.attemptCount >= repairAttemptsMaxCount || excess-- > 0)
      if (isAbsent) this.counts.absentCount += range.toId - range.fromId + 1
      return !isAbsent
    })
    if (stream.missing.length === 0) this.#gapped.delete(stream)
  }

  #passOver(range: MissingRange, nowUs: number): MissingRange {
    const { backoffFirstMs, backoffMaxMs } = this.#limits
    const delayMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** range.attemptCount)
    if (!range.isPassedOver) range.gap.remainingCount -= range.toId - range.fromId + 1
    return { ...range, isPassedOver: true, attemptCount: range.attemptCount + 1, dueUs: nowUs + delayMs * 1000 }
  }

  /**
   * A request brought nothing new: it is made again at `dueUs`, or the ids are given up where it
   * has failed as often as the limit says.
   */
  noteFailed({ symbol, fromId, toId }: RepairRequest, dueUs: number, attemptCount: number): void {
    const stream = this.#stream(symbol)
    for (const range of stream.missing.filter((other) => other.fromId <= toId && other.toId >= fromId)) {
      range.dueUs = dueUs
      range.attemptCount += attemptCount
      if (range.attemptCount >= this.#limits.repairAttemptsMaxCount) this.#giveUp(stream, [range])
    }
  }

  #giveUp(stream: Stream, ranges: readonly MissingRange[]): void {
    for (const { fromId, toId, gap, isPassedOver } of ranges) {
      this.counts.givenUpCount += toId - fromId + 1
      if (!isPassedOver) gap.remainingCount -= toId - fromId + 1
    }
    stream.missing = stream.missing.filter((range) => !ranges.includes(range))
    if (stream.missing.length === 0) this.#gapped.delete(stream)
  }

  /** Takes ids out of the missing ranges; the rest of a range begins after the time of what came. */
  #remove(stream: Stream, fromId: number, toId: number, eventTimeUs: number | undefined): void {
    stream.missing = stream.missing.flatMap((range) => {
      if (range.toId < fromId || range.fromId > toId) return [range]
      const count = Math.min(toId, range.toId) - Math.max(fromId, range.fromId) + 1
      if (!range.isPassedOver) range.gap.remainingCount -= count
      const before = { ...range, toId: fromId - 1 }
      const afterTimeUs = Math.max(range.afterTimeUs, eventTimeUs ?? 0)
      const after = { ...range, fromId: toId + 1, afterTimeUs, attemptCount: 0 }
      return [before, after].filter((rest) => rest.fromId <= rest.toId)
    })
    if (stream.missing.length === 0) this.#gapped.delete(stream)
  }

  #stream(symbol: string): Stream {
    let stream = this.#streams.get(symbol)
    if (stream === undefined) {
      stream = { symbol, nextId: -1, lastTimeUs: 0, missing: [], lastTradeId: -1 }
      this.#streams.set(symbol, stream)
    }
    return stream
  }

  /** Everything to go on with; counts begin anew, with what is still missing. */
  saveStream(symbol: string): SavedStream {
    const { nextId, lastTimeUs, missing, lastTradeId } = this.#stream(symbol)
    const ranges = missing.flatMap(({ fromId, toId, afterTimeUs }) => [fromId, toId, afterTimeUs])
    return lastTradeId < 0 ? [nextId, lastTimeUs, ranges] : [nextId, lastTimeUs, ranges, lastTradeId]
  }

  restoreStream(symbol: string, [nextId, lastTimeUs, missing, lastTradeId = -1]: SavedStream): void {
    const stream = this.#stream(symbol)
    stream.nextId = nextId
    stream.lastTradeId = lastTradeId
    stream.lastTimeUs = lastTimeUs
    for (let at = 0; at + 2 < missing.length; at += 3) {
      const [fromId, toId, afterTimeUs] = missing.slice(at, at + 3) as [number, number, number]
      const gap = { symbol, fromId, toId, remainingCount: toId - fromId + 1 }
      this.counts.gapCount += 1
      this.counts.missingCount += gap.remainingCount
      this.#addRange(stream, { fromId, toId, afterTimeUs, gap, attemptCount: 0, isPassedOver: false, dueUs: 0 })
    }
  }
}

function isSooner(range: MissingRange, other: MissingRange | undefined): boolean {
  if (other === undefined) return true
  if (range.isPassedOver !== other.isPassedOver) return other.isPassedOver
  return range.afterTimeUs < other.afterTimeUs
}
