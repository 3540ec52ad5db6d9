import type { Candle } from '../../events/candle.ts'
import type { MinuteSeries } from './stylized-facts.ts'

const MINUTE_MS = 60_000
/** A longer hole is shortened to this: the longest lag, a day, must not reach over it. */
const HOLE_MAX_MINUTES = 1440

/** What a series needs of a 1m candle. */
export type MinuteBar = Pick<Candle, 'openTimeMs' | 'close' | 'volume'>

/** How much of a span is known. */
export interface MinuteCoverage {
  /** Open time of the first minute, close time of the last. */
  readonly startMs: number
  readonly endMs: number
  /** Minutes with a close; those among them without a trade; holes, and the minutes in them. */
  readonly minuteCount: number
  readonly tradelessCount: number
  readonly holeCount: number
  readonly missingCount: number
}

export interface MinuteSeriesOptions {
  /**
   * Longest stretch without a bar that is taken for minutes without trades, which keep the close; a longer one is a hole:
   * the market was closed, or nobody recorded. 0 for sources with a bar for every minute.
   */
  readonly quietMaxMinutes: number
}

/** Gathers the 1m candles of one symbol, in any order, into a series that says where it has holes. */
export class MinuteSeriesBuilder {
  readonly #quietMaxMinutes: number
  /** Ascending; minutes since the epoch. */
  readonly #minutes: number[] = []
  readonly #closes: number[] = []
  readonly #volumes: number[] = []
  /** Minutes whose last trades are missing, and minutes behind one that is not known. */
  readonly #lost = new Set<number>()
  readonly #afterLoss = new Set<number>()

  constructor({ quietMaxMinutes }: MinuteSeriesOptions) {
    this.#quietMaxMinutes = quietMaxMinutes
  }

  /** A bar of a minute that is there already replaces it: a revision, or recordings that overlap. */
  add({ openTimeMs, close, volume }: MinuteBar): void {
    const minute = Math.floor(openTimeMs / MINUTE_MS)
    const at = this.#placeOf(minute)
    const replacedCount = this.#minutes[at] === minute ? 1 : 0
    this.#minutes.splice(at, replacedCount, minute)
    this.#closes.splice(at, replacedCount, Number(close))
    this.#volumes.splice(at, replacedCount, Number(volume))
  }

  /** Trades are missing between two that follow each other: the minutes that end in between have no close. */
  addGap(previousTimeMs: number, nextTimeMs: number): void {
    const fromMinute = Math.floor(previousTimeMs / MINUTE_MS)
    const toMinute = Math.floor(nextTimeMs / MINUTE_MS)
    if (fromMinute >= toMinute) return
    this.#lost.add(fromMinute)
    this.#afterLoss.add(toMinute)
  }

  /** Leaves out the last minute, which a recording may end within. */
  dropLast(): void {
    for (const column of [this.#minutes, this.#closes, this.#volumes]) column.pop()
  }

  /** @returns undefined where no minute is known */
  build(): { readonly series: MinuteSeries; readonly coverage: MinuteCoverage } | undefined {
    const draft = new SeriesDraft()
    for (let index = 0; index < this.#minutes.length; index++) {
      const minute = this.#minutes[index]!
      if (this.#lost.has(minute)) continue
      const quiet = minute - draft.nextMinute
      if (quiet > this.#quietMaxMinutes || this.#afterLoss.has(minute)) draft.addHole(minute)
      else draft.addQuiet(quiet)
      draft.add(minute, this.#closes[index]!, this.#volumes[index]!)
    }
    return draft.finish()
  }

  /** Index of the first minute that is not before this one. Candles mostly come in order. */
  #placeOf(minute: number): number {
    let at = this.#minutes.length
    while (at > 0 && this.#minutes[at - 1]! >= minute) at -= 1
    return at
  }
}

/** A series as it grows. */
class SeriesDraft {
  readonly #closes: number[] = []
  readonly #volumes: number[] = []
  #startMinute = Number.NaN
  #missingCount = 0
  #holeCount = 0
  #shownMissingCount = 0
  #tradelessCount = 0
  /** Minute after the last one; NaN before the first. */
  nextMinute = Number.NaN

  add(minute: number, close: number, volume: number): void {
    if (this.#closes.length === 0) this.#startMinute = minute
    this.#closes.push(close)
    this.#volumes.push(volume)
    if (volume === 0) this.#tradelessCount += 1
    this.nextMinute = minute + 1
  }

  addQuiet(count: number): void {
    for (let index = 0; index < count; index++) this.add(this.nextMinute, this.#closes.at(-1)!, 0)
  }

  /** @param untilMinute the next that is known */
  addHole(untilMinute: number): void {
    const count = untilMinute - this.nextMinute
    if (!(count > 0)) return
    this.#holeCount += 1
    this.#missingCount += count
    const shown = Math.min(count, HOLE_MAX_MINUTES)
    this.#shownMissingCount += shown
    for (let index = 0; index < shown; index++) {
      this.#closes.push(Number.NaN)
      this.#volumes.push(Number.NaN)
    }
  }

  finish(): { readonly series: MinuteSeries; readonly coverage: MinuteCoverage } | undefined {
    if (this.#closes.length === 0) return undefined
    return {
      series: { closes: Float64Array.from(this.#closes), volumes: Float64Array.from(this.#volumes) },
      coverage: {
        startMs: this.#startMinute * MINUTE_MS,
        endMs: this.nextMinute * MINUTE_MS,
        minuteCount: this.#closes.length - this.#shownMissingCount,
        tradelessCount: this.#tradelessCount,
        holeCount: this.#holeCount,
        missingCount: this.#missingCount,
      },
    }
  }
}
