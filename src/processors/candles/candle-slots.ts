import { INTERVALS, intervalMs } from '../../events/interval.ts'
import { CLOSE_TIME_US, clearRecord, EMPTY, OPEN_TIME_US, RECORD_LENGTH } from './candle-record.ts'

/** Interval lengths in µs, in the order of INTERVALS. */
export const INTERVAL_US: readonly number[] = INTERVALS.map((interval) => intervalMs(interval) * 1000)
export const MINUTE_US = 60_000_000

/*
 * The records of one instrument:
 *   0       the 1m candle that trades go into
 *   1       the 1m candle before it, while late trades are still awaited
 *   2 … 6   the open 5m … 1d candles: the sum of their closed 1m candles
 *   7 … 11  the last closed 1m candles, which late trades may revise
 *   12 … 16 the last closed 5m … 1d candle
 *   17      scratch, to merge provisional candles in
 */
export const CURRENT = 0
export const PREVIOUS = 1
const OPEN_SLOTS_COUNT = 2 + INTERVALS.length - 1
const CLOSED_MINUTES = OPEN_SLOTS_COUNT
const CLOSED_MINUTES_COUNT = 5
const CLOSED_LONGER = CLOSED_MINUTES + CLOSED_MINUTES_COUNT
export const SCRATCH = CLOSED_LONGER + INTERVALS.length - 1
const SLOT_COUNT = SCRATCH + 1
const BLOCK_LENGTH = SLOT_COUNT * RECORD_LENGTH

/** Late trades that are older than all kept candles. */
export const TOO_LATE = -1

/** The slab of candle records of all instruments, and where in it each record is. */
export class CandleSlots {
  slab: Float64Array = new Float64Array(0)
  #capacity = 0

  /** Makes room for instruments `[0, count)`; amortised, and never on the way of a trade of a known instrument. */
  reserve(count: number): void {
    if (count <= this.#capacity) return
    const capacity = Math.max(16, this.#capacity * 2, count)
    const grown = new Float64Array(capacity * BLOCK_LENGTH)
    grown.set(this.slab)
    for (let slot = this.#capacity * SLOT_COUNT; slot < capacity * SLOT_COUNT; slot++) {
      clearRecord(grown, slot * RECORD_LENGTH)
    }
    this.slab = grown
    this.#capacity = capacity
  }

  restore(slab: Float64Array): void {
    this.slab = slab
    this.#capacity = slab.length / BLOCK_LENGTH
  }

  slot(instrument: number, slot: number): number {
    return instrument * BLOCK_LENGTH + slot * RECORD_LENGTH
  }

  /** The record of an open candle: for 1m the current one. */
  open(instrument: number, interval: number): number {
    return this.slot(instrument, interval === 0 ? CURRENT : 1 + interval)
  }

  isEmpty(at: number): boolean {
    return this.slab[at + OPEN_TIME_US] === EMPTY
  }

  /** First close time among the open candles of one instrument; Infinity where there is none. */
  nextCloseUs(instrument: number): number {
    let next = Number.POSITIVE_INFINITY
    const first = this.slot(instrument, 0)
    for (let at = first; at < first + OPEN_SLOTS_COUNT * RECORD_LENGTH; at += RECORD_LENGTH) {
      const close = this.slab[at + CLOSE_TIME_US]!
      if (close !== EMPTY && close < next) next = close
    }
    return next
  }

  /**
   * Where the closed candle that opened at `openTimeUs` is, or where it may be put (the oldest of its kind then goes).
   * TOO_LATE where everything kept is newer.
   */
  closed(instrument: number, interval: number, openTimeUs: number): number {
    const first = interval === 0 ? CLOSED_MINUTES : CLOSED_LONGER + interval - 1
    const count = interval === 0 ? CLOSED_MINUTES_COUNT : 1
    let oldest = this.slot(instrument, first)
    for (let slot = first; slot < first + count; slot++) {
      const at = this.slot(instrument, slot)
      const opened = this.slab[at + OPEN_TIME_US]!
      if (opened === openTimeUs) return at
      if (opened < this.slab[oldest + OPEN_TIME_US]!) oldest = at
    }
    return this.slab[oldest + OPEN_TIME_US]! < openTimeUs ? oldest : TOO_LATE
  }

  /** Every record of one instrument that holds a candle, with the index of its interval and whether it is closed. */
  forEach(instrument: number, visit: (at: number, interval: number, isClosed: boolean) => void): void {
    for (let slot = 0; slot < SCRATCH; slot++) {
      const at = this.slot(instrument, slot)
      if (!this.isEmpty(at)) visit(at, intervalOfSlot(slot), slot >= CLOSED_MINUTES)
    }
  }
}

function intervalOfSlot(slot: number): number {
  if (slot <= PREVIOUS) return 0
  if (slot < CLOSED_MINUTES) return slot - 1
  return slot < CLOSED_LONGER ? 0 : slot - CLOSED_LONGER + 1
}
