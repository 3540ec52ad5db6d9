import { NO_ID } from '../events/trade-batch.ts'

/** Ids `[fromId, toId]` that were passed over, and the times of the trades around them. */
export interface MissingIds {
  fromId: number
  toId: number
  readonly previousEventTimeUs: number
  readonly eventTimeUs: number
  /** Said to be a gap already; a trade of it may still come. */
  isDeclared: boolean
}

/** A gap that was declared and of which every trade has come since. */
export type FilledGap = Pick<MissingIds, 'previousEventTimeUs' | 'eventTimeUs'>

/** Stands for the time before a range that has no trade before it: such a range is no gap. */
const NO_PREVIOUS_US = 0
/** Missing ranges kept per instrument; beyond it the oldest is forgotten, and a trade of it counts as a duplicate. */
const MISSING_MAX_COUNT = 256
/** Ids before the first one seen that are still taken: the first trades may have come out of turn. */
const PRIOR_COUNT = 10_000
const NONE = -1

/**
 * Keeps account of the trade ids of each instrument, which venues number without holes: tells duplicates from late
 * trades, and knows what is missing. Costs one comparison for a trade that comes in turn.
 */
export class TradeLedger {
  #nextId = new Float64Array(16).fill(NONE)
  #lastTimeUs = new Float64Array(16)
  #missing = new Map<number, MissingIds[]>()
  /** Earliest time at which a missing range is due to be declared a gap; Infinity where none is. */
  nextDueUs = Number.POSITIVE_INFINITY
  /** Candles that open at or before this time, by instrument, have lost trades for good. */
  #lostToUs = new Map<number, number>()
  /** The declared gap that the last accepted trade has filled up; to be taken with `takeFilledGap`. */
  #filledGap: FilledGap | undefined
  duplicateCount = 0
  /** Times that a venue began to number anew. */
  restartCount = 0

  reserve(count: number): void {
    if (count <= this.#nextId.length) return
    const capacity = Math.max(count, this.#nextId.length * 2)
    const nextId = new Float64Array(capacity).fill(NONE)
    nextId.set(this.#nextId)
    const lastTimeUs = new Float64Array(capacity)
    lastTimeUs.set(this.#lastTimeUs)
    this.#nextId = nextId
    this.#lastTimeUs = lastTimeUs
  }

  /**
   * @param tradeCount ids that the row stands for, from `id` on
   * @returns false for a duplicate
   */
  accept(instrument: number, id: number, tradeCount: number, eventTimeUs: number): boolean {
    // Before the first id `nextId` is NONE, which is what a trade without an id has.
    if (id === this.#nextId[instrument] && id !== NO_ID) {
      this.#advance(instrument, id + tradeCount, eventTimeUs)
      return true
    }
    return id === NO_ID || this.#acceptOutOfTurn(instrument, id, tradeCount, eventTimeUs)
  }

  #advance(instrument: number, nextId: number, eventTimeUs: number): void {
    this.#nextId[instrument] = nextId
    if (eventTimeUs > this.#lastTimeUs[instrument]!) this.#lastTimeUs[instrument] = eventTimeUs
  }

  #acceptOutOfTurn(instrument: number, id: number, tradeCount: number, eventTimeUs: number): boolean {
    const nextId = this.#nextId[instrument]!
    const lastTimeUs = this.#lastTimeUs[instrument]!
    if (nextId === NONE) {
      this.#begin(instrument, id, tradeCount, eventTimeUs)
      return true
    }
    if (id > nextId) {
      this.#miss(instrument, nextId, id - 1, lastTimeUs, eventTimeUs)
      this.#advance(instrument, id + tradeCount, eventTimeUs)
      return true
    }
    if (this.#fill(instrument, id, id + tradeCount - 1)) return true
    // A smaller id at a later time is no duplicate: the venue has begun to number anew.
    if (eventTimeUs > lastTimeUs) {
      this.restartCount += 1
      this.#begin(instrument, id, tradeCount, eventTimeUs)
      return true
    }
    this.duplicateCount += 1
    return false
  }

  #begin(instrument: number, id: number, tradeCount: number, eventTimeUs: number): void {
    const fromId = Math.max(0, id - PRIOR_COUNT)
    const prior = { fromId, toId: id - 1, previousEventTimeUs: NO_PREVIOUS_US, eventTimeUs, isDeclared: true }
    for (const range of this.#missing.get(instrument) ?? []) this.#forget(instrument, range)
    this.#missing.set(instrument, fromId < id ? [prior] : [])
    this.#advance(instrument, id + tradeCount, eventTimeUs)
  }

  #miss(instrument: number, fromId: number, toId: number, previousEventTimeUs: number, eventTimeUs: number): void {
    const missing = this.#missing.get(instrument) ?? []
    if (missing.length >= MISSING_MAX_COUNT) this.#forget(instrument, missing.shift()!)
    missing.push({ fromId, toId, previousEventTimeUs, eventTimeUs, isDeclared: false })
    this.#missing.set(instrument, missing)
    this.nextDueUs = Math.min(this.nextDueUs, eventTimeUs)
  }

  /** Takes ids out of the missing ranges. @returns false where not all of them were missing */
  #fill(instrument: number, fromId: number, toId: number): boolean {
    const missing = this.#missing.get(instrument)
    const index = missing?.findIndex((range) => fromId >= range.fromId && toId <= range.toId) ?? -1
    if (missing === undefined || index < 0) return false
    const range = missing[index]!
    const rests = [
      { ...range, toId: fromId - 1 },
      { ...range, fromId: toId + 1 },
    ].filter((rest) => rest.fromId <= rest.toId)
    missing.splice(index, 1, ...rests)
    if (missing.length === 0) this.#missing.delete(instrument)
    if (range.isDeclared && rests.length === 0 && !isPrior(range)) this.#noteFilled(instrument, range)
    return true
  }

  /** The pieces of a gap are known by its times. */
  #noteFilled(instrument: number, { previousEventTimeUs, eventTimeUs }: MissingIds): void {
    const isOfGap = (other: MissingIds) =>
      other.previousEventTimeUs === previousEventTimeUs && other.eventTimeUs === eventTimeUs
    if (this.#missing.get(instrument)?.some(isOfGap) === true) return
    this.#filledGap = { previousEventTimeUs, eventTimeUs }
  }

  get hasFilledGap(): boolean {
    return this.#filledGap !== undefined
  }

  takeFilledGap(): FilledGap | undefined {
    const filled = this.#filledGap
    this.#filledGap = undefined
    return filled
  }

  /** Whether a declared gap, or one that can no longer be filled, touches `[openTimeUs, closeTimeUs)`. */
  isGapped(instrument: number, openTimeUs: number, closeTimeUs: number): boolean {
    if (openTimeUs <= (this.#lostToUs.get(instrument) ?? Number.NEGATIVE_INFINITY)) return true
    const touches = (range: MissingIds) =>
      range.isDeclared && !isPrior(range) && openTimeUs <= range.eventTimeUs && closeTimeUs > range.previousEventTimeUs
    return this.#missing.get(instrument)?.some(touches) ?? false
  }

  /** A trade of this time, or of a gap that ends then, will never be counted: no candle over it becomes whole again. */
  noteLost(instrument: number, eventTimeUs: number): void {
    this.#lostToUs.set(instrument, Math.max(this.#lostToUs.get(instrument) ?? 0, eventTimeUs))
  }

  #forget(instrument: number, range: MissingIds): void {
    if (range.isDeclared && !isPrior(range)) this.noteLost(instrument, range.eventTimeUs)
  }

  /** Declares every missing range due by `watermarkUs`, in order of instrument and id. */
  declareGaps(watermarkUs: number, declare: (instrument: number, range: MissingIds) => void): void {
    for (const instrument of [...this.#missing.keys()].sort((a, b) => a - b)) {
      for (const range of this.#missing.get(instrument) ?? []) {
        if (range.isDeclared || range.eventTimeUs > watermarkUs) continue
        range.isDeclared = true
        declare(instrument, range)
      }
    }
    this.#findNextDue()
  }

  #findNextDue(): void {
    this.nextDueUs = Number.POSITIVE_INFINITY
    for (const ranges of this.#missing.values()) {
      for (const range of ranges) {
        if (!range.isDeclared && range.eventTimeUs < this.nextDueUs) this.nextDueUs = range.eventTimeUs
      }
    }
  }

  save(): unknown {
    return {
      nextId: this.#nextId,
      lastTimeUs: this.#lastTimeUs,
      missing: this.#missing,
      lostToUs: this.#lostToUs,
      duplicateCount: this.duplicateCount,
      restartCount: this.restartCount,
    }
  }

  restore(saved: unknown): void {
    const state = saved as {
      nextId: Float64Array<ArrayBuffer>
      lastTimeUs: Float64Array<ArrayBuffer>
      missing: Map<number, MissingIds[]>
      /** Absent in snapshots of the first version. */
      lostToUs?: Map<number, number>
      duplicateCount: number
      restartCount: number
    }
    this.#nextId = state.nextId
    this.#lastTimeUs = state.lastTimeUs
    this.#missing = state.missing
    this.#lostToUs = state.lostToUs ?? new Map()
    this.duplicateCount = state.duplicateCount
    this.restartCount = state.restartCount
    this.#findNextDue()
  }
}

/** Ids before the first one seen are awaited, not missed. */
function isPrior(range: MissingIds): boolean {
  return range.previousEventTimeUs === NO_PREVIOUS_US
}
