import type { Candle } from '../../../src/events/candle.ts'
import { mergeCandles } from './candle-merge.ts'

/** Open times in `[fromMs, toMs)`. */
export type ReadCandles = (fromMs: number, toMs: number) => Promise<readonly Candle[]>

export interface HistoryBounds {
  readonly intervalMs: number
  /** Open time before which there is nothing. */
  readonly firstMs: number
  /** Time of the newest trade known: where the first page ends. */
  readonly lastMs: number
}

export interface HistorySnapshot {
  readonly candles: readonly Candle[]
  readonly isLoading: boolean
  /** True once the first page is there. */
  readonly isReady: boolean
  /** True where there is nothing older to read. */
  readonly isComplete: boolean
  readonly error: unknown
}

/** Candles of one request; the server's limit is 1500. */
const PAGE_COUNT = 1400
/** Spans without a candle (a closed market) that one step back may cross. */
const EMPTY_PAGES_MAX_COUNT = 12

/** The candles of one chart: the newest page first, older ones on demand, live ones merged in, holes filled. */
export class CandleHistory {
  readonly #read: ReadCandles
  readonly #bounds: HistoryBounds
  readonly #listeners = new Set<() => void>()
  #oldestMs: number
  #isFilling = false
  #snapshot: HistorySnapshot = { candles: [], isLoading: false, isReady: false, isComplete: false, error: undefined }

  constructor(read: ReadCandles, bounds: HistoryBounds) {
    this.#read = read
    this.#bounds = bounds
    this.#oldestMs = Math.floor(bounds.lastMs / bounds.intervalMs) * bounds.intervalMs + bounds.intervalMs
  }

  readonly snapshot = (): HistorySnapshot => this.#snapshot

  /** @returns ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads back to `fromMs`. One at a time: a call while another runs does nothing. */
  async loadBackTo(fromMs: number): Promise<void> {
    if (this.#snapshot.isLoading || this.#snapshot.isComplete) return
    this.#change({ isLoading: true, error: undefined })
    try {
      while (this.#oldestMs > fromMs && !this.#snapshot.isComplete) await this.#loadPage()
      this.#change({ isLoading: false, isReady: true })
    } catch (error) {
      this.#change({ isLoading: false, error })
    }
  }

  /** Reads one page further back, across spans without trades. */
  async loadOlder(): Promise<void> {
    const count = this.#snapshot.candles.length
    for (let tries = 0; tries < EMPTY_PAGES_MAX_COUNT; tries++) {
      await this.loadBackTo(this.#oldestMs - 1)
      const { candles, isComplete, error } = this.#snapshot
      if (candles.length > count || isComplete || error !== undefined) return
    }
  }

  /** Live candles. A hole before them (the page slept, the server conflated) is read from the server. */
  merge(candles: readonly Candle[]): void {
    const newest = this.#snapshot.candles.at(-1)
    this.#change({ candles: mergeCandles(this.#snapshot.candles, candles) })
    const next = candles.at(-1)
    if (newest === undefined || next === undefined) return
    if (next.openTimeMs > newest.openTimeMs) void this.#fill(newest.openTimeMs, next.openTimeMs)
  }

  /** Reads what was missed again, from the newest candle known. */
  async refresh(): Promise<void> {
    const newest = this.#snapshot.candles.at(-1)
    if (newest !== undefined) await this.#fill(newest.openTimeMs, Number.POSITIVE_INFINITY)
  }

  /** The candle before a new one is read as well: its last trades may have been conflated away. */
  async #fill(fromMs: number, toMs: number): Promise<void> {
    if (this.#isFilling) return
    this.#isFilling = true
    try {
      let atMs = fromMs
      let pageCount = 1
      while (atMs < toMs && pageCount > 0) {
        const endMs = Math.min(toMs, atMs + PAGE_COUNT * this.#bounds.intervalMs)
        const page = await this.#read(atMs, endMs)
        this.#change({ candles: mergeCandles(this.#snapshot.candles, page) })
        pageCount = page.length
        atMs = endMs
      }
    } catch (error) {
      this.#change({ error })
    } finally {
      this.#isFilling = false
    }
  }

  async #loadPage(): Promise<void> {
    const { firstMs, intervalMs } = this.#bounds
    const toMs = this.#oldestMs
    const fromMs = Math.max(0, toMs - PAGE_COUNT * intervalMs)
    const page = await this.#read(fromMs, toMs)
    this.#oldestMs = fromMs
    this.#change({ candles: mergeCandles(this.#snapshot.candles, page), isComplete: fromMs <= firstMs })
  }

  #change(part: Partial<HistorySnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...part }
    for (const listener of this.#listeners) listener()
  }
}
