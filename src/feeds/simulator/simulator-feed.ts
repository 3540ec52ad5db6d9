import { deserialize, serialize } from 'node:v8'
import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import type { Feed, FeedProgress, FeedStep } from '../feed.ts'
import { MarketModel, type MarketState } from './market-model.ts'

export interface SimulatorOptions {
  readonly symbols: readonly string[]
  /** Trades per second over all symbols. */
  readonly ratePerSecond: number
  readonly seed: number
  /** Length of history that a new market first lives through, µs. A pause is made up for as far back as this. */
  readonly backfillUs: number
  /** Event time of the first trade, µs; instead of `now - backfill`. */
  readonly startTimeUs?: number
  /** Trades after which the feed ends. */
  readonly maxCount?: number
  /** Trades per step, at most. */
  readonly batchMaxCount?: number
}

const BATCH_MAX_COUNT = 8192
/** A step without events is given after this time, so that windows close in a quiet market. */
const IDLE_STEP_MS = 1000
/** Trades that come within this time are given together. */
const GATHER_MS = 10
const MINUTE_US = 60_000_000

interface Position {
  readonly seed: number
  readonly ratePerSecond: number
  /** The n-th trade of this grid is due at `originUs + n / rate`. */
  readonly originUs: number
  readonly gridCount: number
  readonly totalCount: number
  readonly market: MarketState
}

/**
 * The simulated market as a feed. The n-th trade has the event time `origin + n / rate`, whatever the clock or the log
 * do: behind the clock (at the first start, after a pause) it runs as fast as it is pulled, then keeps step with it.
 */
export class SimulatorFeed implements Feed {
  readonly name = 'simulator'
  readonly #options: SimulatorOptions
  readonly #clock: Clock
  readonly #model: MarketModel
  readonly #trades: TradeBatch
  readonly #quotes: QuoteBatch
  readonly #fromUs: number
  readonly #toUs: number
  #originUs: number
  #gridCount = 0
  #totalCount = 0
  #caughtUp = false

  constructor(options: SimulatorOptions, clock: Clock, position?: Uint8Array) {
    checkOptions(options)
    this.#options = options
    this.#clock = clock
    const saved = position === undefined ? undefined : (deserialize(position) as Position)
    const nowUs = clock.nowUs()
    const instruments = new InstrumentTable()
    const market = saved?.seed === options.seed ? saved.market : undefined
    this.#model = new MarketModel(instruments, options.symbols, options.seed, market)
    const capacity = options.batchMaxCount ?? BATCH_MAX_COUNT
    this.#trades = new TradeBatch(instruments, capacity)
    this.#quotes = new QuoteBatch(instruments, capacity)
    this.#originUs = options.startTimeUs ?? Math.floor((nowUs - options.backfillUs) / MINUTE_US) * MINUTE_US
    if (saved !== undefined) this.#goOn(saved, nowUs)
    this.#fromUs = this.#dueUs(this.#gridCount)
    this.#toUs = Math.max(nowUs, this.#fromUs)
  }

  #goOn(saved: Position, nowUs: number): void {
    this.#totalCount = saved.totalCount
    const nextUs = saved.originUs + Math.ceil((saved.gridCount * 1e6) / saved.ratePerSecond)
    const earliestUs = nowUs - this.#options.backfillUs
    const isTooOld = this.#options.startTimeUs === undefined && nextUs < earliestUs
    if (saved.ratePerSecond === this.#options.ratePerSecond && !isTooOld) {
      this.#originUs = saved.originUs
      this.#gridCount = saved.gridCount
      return
    }
    this.#originUs = isTooOld ? Math.floor(earliestUs) : nextUs
  }

  /** Event time of the n-th trade of the grid. */
  #dueUs(count: number): number {
    return this.#originUs + Math.floor((count * 1e6) / this.#options.ratePerSecond)
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    if (this.#totalCount >= (this.#options.maxCount ?? Number.POSITIVE_INFINITY)) return undefined
    this.#trades.count = 0
    this.#quotes.count = 0
    this.#trades.watermarkUs = -1
    let nowUs = this.#clock.nowUs()
    const waitUs = this.#dueUs(this.#gridCount) - nowUs
    if (waitUs > -GATHER_MS * 1000) {
      this.#caughtUp = true
      await this.#clock.sleep(Math.min(IDLE_STEP_MS, Math.max(0, waitUs / 1000) + GATHER_MS), signal)
      nowUs = this.#clock.nowUs()
    }
    this.#generate(nowUs)
    // The market is in order: nothing before the next due trade will come.
    if (this.#trades.count === 0) this.#trades.watermarkUs = Math.min(nowUs, this.#dueUs(this.#gridCount))
    return { trades: this.#trades, quotes: this.#quotes, deadLetters: [], position: this.#position() }
  }

  #generate(nowUs: number): void {
    const room = Math.min(
      this.#trades.capacity,
      (this.#options.maxCount ?? Number.POSITIVE_INFINITY) - this.#totalCount,
    )
    while (this.#trades.count < room) {
      const dueUs = this.#dueUs(this.#gridCount)
      if (dueUs > nowUs) break
      this.#model.trade(dueUs, this.#trades, this.#quotes)
      this.#gridCount += 1
    }
    this.#totalCount += this.#trades.count
  }

  #position(): Uint8Array {
    const position: Position = {
      seed: this.#options.seed,
      ratePerSecond: this.#options.ratePerSecond,
      originUs: this.#originUs,
      gridCount: this.#gridCount,
      totalCount: this.#totalCount,
      market: this.#model.save(),
    }
    return serialize(position)
  }

  progress(): FeedProgress {
    const atUs = Math.min(this.#toUs, this.#dueUs(this.#gridCount))
    const fraction = this.#toUs === this.#fromUs ? 1 : (atUs - this.#fromUs) / (this.#toUs - this.#fromUs)
    const isDone = this.#caughtUp || this.#totalCount >= (this.#options.maxCount ?? Number.POSITIVE_INFINITY)
    return { fromUs: this.#fromUs, toUs: this.#toUs, atUs, fraction: isDone ? 1 : fraction, isDone }
  }

  dropped(): Readonly<Record<string, number>> {
    return {}
  }

  async close(): Promise<void> {
    // Holds no resource.
  }
}

function checkOptions({ symbols, ratePerSecond }: SimulatorOptions): void {
  if (symbols.length === 0) throw new FinPulseError('config-invalid', 'symbols: expected at least one symbol, got []')
  if (!(ratePerSecond > 0 && ratePerSecond <= 1e7)) {
    throw new FinPulseError(
      'config-invalid',
      `rate: expected more than 0 and at most 1e7 per second, got ${ratePerSecond}`,
    )
  }
}
