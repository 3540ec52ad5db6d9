import type { Candle } from '../../events/candle.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import { INTERVALS } from '../../events/interval.ts'
import { candleFromRecord } from './candle-format.ts'
import {
  addTrade,
  CLOSE_TIME_US,
  clearRecord,
  EMPTY,
  MARK_GAPPED,
  MARK_PARTIAL,
  MARK_PATCHED,
  MARKS,
  MARKS_INCOMPLETE,
  mergeRecord,
  OPEN_TIME_US,
  RECORD_LENGTH,
  REVISION,
  rescaleRecord,
  SHOWN_COUNT,
  startRecord,
  TRADE_COUNT,
  type TradeRow,
} from './candle-record.ts'
import { CandleSlots, CURRENT, INTERVAL_US, MINUTE_US, PREVIOUS, SCRATCH, TOO_LATE } from './candle-slots.ts'

export interface CandleListener {
  /** A candle became final, or a final one was revised. */
  candle(candle: Candle): void
  /** Whether trades that are known to be missing may lie in `[openTimeUs, closeTimeUs)`. */
  isGapped(instrument: number, openTimeUs: number, closeTimeUs: number): boolean
  /** A 1m candle became final for the first time; `at` is its record in `slab`. */
  minuteClosed(instrument: number, slab: Float64Array, at: number, isComplete: boolean): void
}

/**
 * Builds the candles of all intervals from trades in any order.
 *
 * A trade touches one record, its 1m candle; longer candles are the exact sum of their closed 1m candles. Candles close
 * by the watermark, never by the clock. A trade that comes after its 1m candle has closed revises it and every longer
 * candle over it: one revision for all that comes until `giveRevisions`, since a gap may be filled by thousands of trades.
 */
export class CandleBuilder {
  readonly #instruments: InstrumentTable
  readonly #listener: CandleListener
  readonly #slots = new CandleSlots()
  /** Event time of the first trade of each instrument: candles that open before it are partial. */
  #coverageStartUs: number[] = []
  /** Decimals that the records are in, by instrument: pairs of price and quantity decimals. */
  #decimals: [number, number][] = []
  #nextCloseUs = Number.POSITIVE_INFINITY
  /** Closed candles that were changed and not given out since. */
  readonly #revised = new Map<number, { readonly instrument: number; readonly interval: number }>()
  /** End of the data, once it is known: candles that close after it are partial. */
  #coverageEndUs = Number.POSITIVE_INFINITY

  constructor(instruments: InstrumentTable, listener: CandleListener) {
    this.#instruments = instruments
    this.#listener = listener
  }

  /** To be called when the instrument table has changed, before the next trade. */
  syncInstruments(): void {
    const count = this.#instruments.count
    this.#slots.reserve(count)
    for (let index = 0; index < count; index++) {
      const { priceDecimals, quantityDecimals } = this.#instruments.at(index)
      const known = this.#decimals[index]
      if (known === undefined) this.#coverageStartUs[index] = EMPTY
      else this.#rescale(index, priceDecimals - known[0], quantityDecimals - known[1])
      this.#decimals[index] = [priceDecimals, quantityDecimals]
    }
  }

  #rescale(instrument: number, pricePlaces: number, quantityPlaces: number): void {
    if (pricePlaces === 0 && quantityPlaces === 0) return
    this.#slots.forEach(instrument, (at) => rescaleRecord(this.#slots.slab, at, pricePlaces, quantityPlaces))
  }

  /** First close time of any open candle; Infinity where nothing is open. */
  get nextCloseUs(): number {
    return this.#nextCloseUs
  }

  /**
   * @param watermarkUs every candle that closes by then has been closed
   * @returns false where the trade is older than every candle that is kept: it was not counted
   */
  add(instrument: number, row: TradeRow, watermarkUs: number): boolean {
    const slab = this.#slots.slab
    const at = this.#slots.slot(instrument, CURRENT)
    if (row.eventTimeUs >= slab[at + OPEN_TIME_US]! && row.eventTimeUs < slab[at + CLOSE_TIME_US]!) {
      addTrade(slab, at, row)
      return true
    }
    if (this.#coverageStartUs[instrument] === EMPTY) this.#coverageStartUs[instrument] = row.eventTimeUs
    const openTimeUs = Math.floor(row.eventTimeUs / MINUTE_US) * MINUTE_US
    if (openTimeUs + MINUTE_US <= watermarkUs) return this.#addLate(instrument, row, openTimeUs, watermarkUs)
    addTrade(slab, this.#openMinute(instrument, openTimeUs), row)
    return true
  }

  /** The record of an open minute that is not the current one. At most two are open: lateness is below a minute. */
  #openMinute(instrument: number, openTimeUs: number): number {
    const slab = this.#slots.slab
    const current = this.#slots.slot(instrument, CURRENT)
    const previous = this.#slots.slot(instrument, PREVIOUS)
    const isOlder = openTimeUs < slab[current + OPEN_TIME_US]!
    if (isOlder && slab[previous + OPEN_TIME_US] === openTimeUs) return previous
    if (!isOlder && !this.#slots.isEmpty(current)) slab.copyWithin(previous, current, current + RECORD_LENGTH)
    const at = isOlder ? previous : current
    this.#start(at, openTimeUs, MINUTE_US)
    return at
  }

  #start(at: number, openTimeUs: number, lengthUs: number): void {
    startRecord(this.#slots.slab, at, openTimeUs, openTimeUs + lengthUs)
    this.#nextCloseUs = Math.min(this.#nextCloseUs, openTimeUs + lengthUs)
  }

  #addLate(instrument: number, row: TradeRow, minuteUs: number, watermarkUs: number): boolean {
    const places = INTERVAL_US.map((lengthUs, interval) => {
      const openTimeUs = Math.floor(minuteUs / lengthUs) * lengthUs
      const isOpen = openTimeUs + lengthUs > watermarkUs
      const at = isOpen ? this.#slots.open(instrument, interval) : this.#slots.closed(instrument, interval, openTimeUs)
      return { at, openTimeUs, isOpen }
    })
    if (places.some((place) => place.at === TOO_LATE)) return false
    places.forEach(({ at, openTimeUs, isOpen }, interval) => {
      const slab = this.#slots.slab
      const isKnown = slab[at + OPEN_TIME_US] === openTimeUs
      // Its place is taken by another candle.
      if (!isKnown && this.#revised.has(at)) this.giveRevisions()
      if (!isKnown && isOpen) this.#start(at, openTimeUs, INTERVAL_US[interval]!)
      else if (!isKnown) startRecord(slab, at, openTimeUs, openTimeUs + INTERVAL_US[interval]!)
      if (!isKnown) this.#markGap(instrument, at)
      addTrade(slab, at, row)
      if (isOpen) return
      if (isKnown) this.#revise(instrument, at, interval)
      else {
        this.#markCoverage(instrument, at)
        this.#revised.set(at, { instrument, interval })
      }
    })
    return true
  }

  #revise(instrument: number, at: number, interval: number): void {
    if (this.#revised.has(at)) return
    this.#slots.slab[at + REVISION]! += 1
    this.#revised.set(at, { instrument, interval })
  }

  /** Gives out the closed candles that were changed since the last call, in the order in which they were. */
  giveRevisions(): void {
    if (this.#revised.size === 0) return
    for (const [at, { instrument, interval }] of this.#revised) this.#emit(instrument, at, interval, true)
    this.#revised.clear()
  }

  /** Closes, in order of instrument and interval, all candles whose close time is `closeTimeUs`, the next one due. */
  close(closeTimeUs: number): void {
    for (let instrument = 0; instrument < this.#decimals.length; instrument++) {
      if (this.#slots.nextCloseUs(instrument) > closeTimeUs) continue
      this.#closeMinute(instrument, this.#slots.slot(instrument, PREVIOUS), closeTimeUs)
      this.#closeMinute(instrument, this.#slots.slot(instrument, CURRENT), closeTimeUs)
      for (let interval = 1; interval < INTERVALS.length; interval++) {
        const at = this.#slots.open(instrument, interval)
        if (this.#slots.slab[at + CLOSE_TIME_US] !== closeTimeUs) continue
        this.#finalize(instrument, at, interval)
      }
    }
    this.#findNextClose()
  }

  #findNextClose(): void {
    let next = Number.POSITIVE_INFINITY
    for (let instrument = 0; instrument < this.#decimals.length; instrument++) {
      next = Math.min(next, this.#slots.nextCloseUs(instrument))
    }
    this.#nextCloseUs = next
  }

  #closeMinute(instrument: number, at: number, closeTimeUs: number): void {
    const slab = this.#slots.slab
    if (slab[at + CLOSE_TIME_US] !== closeTimeUs) return
    this.#markCoverage(instrument, at)
    for (let interval = 1; interval < INTERVALS.length; interval++) {
      const into = this.#slots.open(instrument, interval)
      const lengthUs = INTERVAL_US[interval]!
      const openTimeUs = Math.floor(slab[at + OPEN_TIME_US]! / lengthUs) * lengthUs
      if (slab[into + OPEN_TIME_US] !== openTimeUs) startRecord(slab, into, openTimeUs, openTimeUs + lengthUs)
      mergeRecord(slab, into, at)
    }
    const isComplete = (slab[at + MARKS]! & MARKS_INCOMPLETE) === 0
    this.#listener.minuteClosed(instrument, slab, at, isComplete)
    this.#finalize(instrument, at, 0)
  }

  #finalize(instrument: number, at: number, interval: number): void {
    const slab = this.#slots.slab
    this.#markCoverage(instrument, at)
    this.#emit(instrument, at, interval, true)
    const keptAt = this.#slots.closed(instrument, interval, slab[at + OPEN_TIME_US]!)
    if (keptAt !== TOO_LATE) slab.copyWithin(keptAt, at, at + RECORD_LENGTH)
    clearRecord(slab, at)
  }

  #markCoverage(instrument: number, at: number): void {
    const slab = this.#slots.slab
    const beginsInside = this.#coverageStartUs[instrument]! > slab[at + OPEN_TIME_US]!
    const endsInside = this.#coverageEndUs < slab[at + CLOSE_TIME_US]!
    if (beginsInside || endsInside) slab[at + MARKS]! |= MARK_PARTIAL
  }

  #emit(instrument: number, at: number, interval: number, isFinal: boolean): void {
    const described = this.#instruments.at(instrument)
    this.#listener.candle(candleFromRecord(this.#slots.slab, at, described, INTERVALS[interval]!, isFinal))
  }

  /** A candle that begins with a late trade may have more of them to come. */
  #markGap(instrument: number, at: number): void {
    const slab = this.#slots.slab
    const isGapped = this.#listener.isGapped(instrument, slab[at + OPEN_TIME_US]!, slab[at + CLOSE_TIME_US]!)
    if (isGapped) slab[at + MARKS]! |= MARK_GAPPED
  }

  /** Trades between these two times are missing: the candles over them are gapped, closed ones by a revision. */
  markGapped(instrument: number, fromUs: number, toUs: number): void {
    const slab = this.#slots.slab
    this.#slots.forEach(instrument, (at, interval, isClosed) => {
      const isTouched = slab[at + OPEN_TIME_US]! <= toUs && slab[at + CLOSE_TIME_US]! > fromUs
      if (!isTouched || (slab[at + MARKS]! & MARK_GAPPED) !== 0) return
      slab[at + MARKS]! |= MARK_GAPPED
      if (isClosed) this.#revise(instrument, at, interval)
    })
  }

  /**
   * Everything that was missing between these two times has come: candles over it that no other gap touches are patched,
   * closed ones by a revision. Those that are no longer kept stay as they are.
   */
  markPatched(instrument: number, fromUs: number, toUs: number): void {
    const slab = this.#slots.slab
    this.#slots.forEach(instrument, (at, interval, isClosed) => {
      const openTimeUs = slab[at + OPEN_TIME_US]!
      const closeTimeUs = slab[at + CLOSE_TIME_US]!
      if (openTimeUs > toUs || closeTimeUs <= fromUs || (slab[at + MARKS]! & MARK_GAPPED) === 0) return
      if (this.#listener.isGapped(instrument, openTimeUs, closeTimeUs)) return
      slab[at + MARKS] = (slab[at + MARKS]! & ~MARK_GAPPED) | MARK_PATCHED
      if (isClosed) this.#revise(instrument, at, interval)
    })
  }

  /** From now on the end of the data is known: what it does not cover wholly is partial. */
  endCoverage(endUs: number): void {
    this.#coverageEndUs = endUs
  }

  /** The candles of one interval that are not final yet, oldest first. */
  openCandles(instrument: number, interval: number): Candle[] {
    const slab = this.#slots.slab
    const candles: Candle[] = []
    const scratch = this.#slots.slot(instrument, SCRATCH)
    const lengthUs = INTERVAL_US[interval]!
    const parts = [PREVIOUS, CURRENT].map((slot) => this.#slots.slot(instrument, slot))
    if (interval > 0) parts.unshift(this.#slots.open(instrument, interval))
    clearRecord(slab, scratch)
    const flush = () => {
      if (this.#slots.isEmpty(scratch)) return
      this.#markCoverage(instrument, scratch)
      candles.push(candleFromRecord(slab, scratch, this.#instruments.at(instrument), INTERVALS[interval]!, false))
    }
    for (const part of parts) {
      if (this.#slots.isEmpty(part)) continue
      const openTimeUs = Math.floor(slab[part + OPEN_TIME_US]! / lengthUs) * lengthUs
      if (slab[scratch + OPEN_TIME_US] !== openTimeUs) {
        flush()
        startRecord(slab, scratch, openTimeUs, openTimeUs + lengthUs)
      }
      mergeRecord(slab, scratch, part)
    }
    flush()
    return candles
  }

  /** Gives out the provisional candles of every instrument that traded since the last call. */
  showProvisional(): void {
    const slab = this.#slots.slab
    for (let instrument = 0; instrument < this.#decimals.length; instrument++) {
      const current = this.#slots.slot(instrument, CURRENT)
      const count = slab[current + TRADE_COUNT]!
      if (this.#slots.isEmpty(current) || slab[current + SHOWN_COUNT] === count) continue
      slab[current + SHOWN_COUNT] = count
      for (let interval = 0; interval < INTERVALS.length; interval++) {
        for (const candle of this.openCandles(instrument, interval)) this.#listener.candle(candle)
      }
    }
  }

  save(): unknown {
    return {
      slab: this.#slots.slab,
      coverageStartUs: this.#coverageStartUs,
      decimals: this.#decimals,
    }
  }

  restore(saved: ReturnType<CandleBuilder['save']>): void {
    const state = saved as {
      slab: Float64Array<ArrayBuffer>
      coverageStartUs: number[]
      decimals: [number, number][]
    }
    this.#slots.restore(state.slab)
    this.#coverageStartUs = state.coverageStartUs
    this.#decimals = state.decimals
    this.#findNextClose()
  }
}
