import type { Candle } from '../../../src/events/candle.ts'
import { mergeCandles } from './candle-merge.ts'

export interface CandlePage {
  /** Oldest first. */
  readonly candles: readonly Candle[]
  /** True where the span holds nothing older. */
  readonly isLast: boolean
}

/** The newest candles, as many as one request may have, with open times in `[fromMs, toMs)`. */
export type ReadCandles = (fromMs: number, toMs: number) => Promise<CandlePage>

export interface HistorySnapshot {
  readonly candles: readonly Candle[]
  readonly isLoading: boolean
  /** True once the first span is there. */
  readonly isReady: boolean
  /** True where there is nothing older to read. */
  readonly isComplete: boolean
  readonly error: unknown
}

const DAY_MS = 86_400_000

/** The candles of one chart: the newest first, older ones on demand, live ones merged in, holes filled. */
export class CandleHistory {
  readonly #read: ReadCandles
  readonly #listeners = new Set<() => void>()
  /** Everything from here on has been read. */
  #oldestMs = Number.POSITIVE_INFINITY
  #isFilling = false
  #snapshot: HistorySnapshot = { candles: [], isLoading: false, isReady: false, isComplete: false, error: undefined }

  constructor(read: ReadCandles) {
    this.#read = read
  }

  readonly snapshot = (): HistorySnapshot => this.#snapshot

  /** @returns ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads `spanMs` back from the newest candle, and on to midnight UTC, where a day's VWAP begins. */
  loadSpan(spanMs: number): Promise<void> {
    return this.#loadWhile(() => {
      const newest = this.#snapshot.candles.at(-1)
      if (newest === undefined || this.#oldestMs === Number.POSITIVE_INFINITY) return true
      return this.#oldestMs > Math.floor((newest.openTimeMs - spanMs) / DAY_MS) * DAY_MS
    })
  }

  /** Reads one page further back. */
  loadOlder(): Promise<void> {
    let isFirst = true
    return this.#loadWhile(() => {
      const isWanted = isFirst
      isFirst = false
      return isWanted
    })
  }

  /** Live candles. A hole before them (the page slept, the server conflated) is read from the server. */
  merge(candles: readonly Candle[]): void {
    const newest = this.#snapshot.candles.at(-1)
    this.#change({ candles: mergeCandles(this.#snapshot.candles, candles) })
    const next = candles.at(-1)
    if (newest === undefined || next === undefined) return
    // From the newest candle known: its last trades may have been conflated away.
    if (next.openTimeMs > newest.openTimeMs) void this.#fill(newest.openTimeMs, next.openTimeMs)
  }

  /** Reads what was missed again, from the newest candle known. */
  async refresh(): Promise<void> {
    const newest = this.#snapshot.candles.at(-1)
    if (newest !== undefined) await this.#fill(newest.openTimeMs, Number.POSITIVE_INFINITY)
  }

  /** One at a time: a call while another runs does nothing. */
  async #loadWhile(isWanted: () => boolean): Promise<void> {
    if (this.#snapshot.isLoading || this.#snapshot.isComplete) return
    this.#change({ isLoading: true, error: undefined })
    try {
      while (!this.#snapshot.isComplete && isWanted()) {
        const page = await this.#read(0, this.#oldestMs)
        this.#oldestMs = Math.min(this.#oldestMs, page.candles[0]?.openTimeMs ?? 0)
        this.#change({
          candles: mergeCandles(this.#snapshot.candles, page.candles),
          isComplete: page.isLast || page.candles.length === 0,
        })
      }
      this.#change({ isLoading: false, isReady: true })
    } catch (error) {
      this.#change({ isLoading: false, error })
    }
  }

  async #fill(fromMs: number, toMs: number): Promise<void> {
    if (this.#isFilling) return
    this.#isFilling = true
    try {
      let endMs = toMs
      while (endMs > fromMs) {
        const page = await this.#read(fromMs, endMs)
        this.#change({ candles: mergeCandles(this.#snapshot.candles, page.candles) })
        endMs = page.isLast ? fromMs : (page.candles[0]?.openTimeMs ?? fromMs)
      }
    } catch (error) {
      this.#change({ error })
    } finally {
      this.#isFilling = false
    }
  }

  #change(part: Partial<HistorySnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part }
    for (const listener of this.#listeners) listener()
  }
}
