import { deserialize, serialize } from 'node:v8'
import type { Clock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { MarketLabel } from '../../events/label.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { DuePace } from '../due-pace.ts'
import type { Feed, FeedProgress, FeedStep } from '../feed.ts'
import type { Schedule } from '../schedule.ts'
import type { MarketAnomalies } from './anomalies/anomaly-options.ts'
import {
  type AnomalyInjection,
  type AnomalyPosition,
  changedAnomalies,
  FeedAnomalies,
  firstAnomalies,
} from './anomalies/feed-anomalies.ts'
import {
  evenRate,
  historyStartUs,
  isSameMarket,
  type MarketRules,
  marketRules,
  sessionsOf,
} from './simulator-market.ts'
import { SIMULATOR_VENUE, worldSymbolOf } from './symbol-presets.ts'
import { MarketWorld, type MarketWorldOptions } from './world/market-world.ts'

/** Of the rules of the market each has a default: shares, around the clock. */
export interface SimulatorOptions extends Partial<MarketRules> {
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
  /** What goes wrong on purpose; nothing unless told. */
  readonly anomalies?: Partial<MarketAnomalies>
}

const BATCH_MAX_COUNT = 8192
const MINUTE_US = 60_000_000

/** Everything that the feed goes on with: the rest follows from it. */
interface Position {
  readonly seed: number
  readonly symbols: readonly string[]
  readonly startMinute: number
  /** The stretch of even rate that the feed is in: its first event, when that is due, and the trade ids there. */
  readonly ratePerSecond: number
  readonly originUs: number
  readonly originIndex: number
  readonly firstTradeIds: Float64Array | undefined
  /** Absent in positions from before there were any but the defaults. */
  readonly rules?: MarketRules
  /** Absent in positions from before there were any. */
  readonly anomalies?: AnomalyPosition
  /** Event that comes next. */
  readonly index: number
}

/**
 * The simulated market as a feed. The n-th trade has the event time `origin + n / rate`, counted in hours of trading
 * where the market keeps to some, whatever the clock or the log do: behind the clock (at the first start, after a pause)
 * it runs as fast as it is pulled, then keeps step with it.
 */
export class SimulatorFeed implements Feed {
  readonly name = 'simulator'
  readonly venues = [SIMULATOR_VENUE]
  readonly #stretch: Omit<Position, 'index'>
  readonly #schedule: Schedule
  readonly #pace: DuePace
  readonly #world: MarketWorld
  readonly #anomalies: FeedAnomalies
  readonly #trades: TradeBatch
  readonly #quotes: QuoteBatch
  readonly #endIndex: number

  constructor(options: SimulatorOptions, clock: Clock, position?: Uint8Array) {
    checkOptions(options)
    const nowUs = clock.nowUs()
    const saved = position === undefined ? undefined : (deserialize(position) as Position)
    const index = saved?.index ?? 0
    this.#stretch = saved === undefined ? firstStretch(options, nowUs) : nextStretch(options, nowUs, saved)
    const instruments = new InstrumentTable()
    const world = worldOptions(this.#stretch)
    this.#schedule = world.schedule
    this.#pace = new DuePace(world.schedule, clock, index)
    this.#world = new MarketWorld(world, instruments)
    this.#world.skipTo(index)
    this.#anomalies = new FeedAnomalies(anomaliesOf(this.#stretch), world, this.#world)
    const capacity = options.batchMaxCount ?? BATCH_MAX_COUNT
    this.#trades = new TradeBatch(instruments, capacity)
    this.#quotes = new QuoteBatch(instruments, capacity)
    this.#endIndex = options.maxCount ?? Number.POSITIVE_INFINITY
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    if (this.#hasEnded) return undefined
    this.#trades.count = 0
    this.#quotes.count = 0
    this.#trades.watermarkUs = -1
    const { nowUs, dueIndex } = await this.#pace.wait(this.#world.index, signal)
    this.#world.fill(this.#trades, this.#quotes, Math.min(dueIndex, this.#endIndex))
    // The market is in order: nothing before the next due trade will come.
    if (this.#trades.count === 0) this.#trades.watermarkUs = Math.min(nowUs, this.#schedule.dueUs(this.#world.index))
    const labels = this.#anomalies.takeLabels()
    return { trades: this.#trades, quotes: this.#quotes, deadLetters: [], labels, position: this.#position() }
  }

  #position(): Uint8Array {
    const anomalies = this.#anomalies.position()
    return serialize({ ...this.#stretch, anomalies, index: this.#world.index } satisfies Position)
  }

  /**
   * Lets an anomaly begin with the market's next event.
   * @returns what it will be labelled as
   * @throws FinPulseError request-invalid where it is not possible, saying what is
   */
  inject(injection: AnomalyInjection): MarketLabel {
    if (this.#hasEnded) {
      throw new FinPulseError('request-invalid', 'inject: the simulated market has come to its end')
    }
    return this.#anomalies.inject(injection)
  }

  progress(): FeedProgress {
    return this.#pace.progress(this.#world.index, this.#hasEnded)
  }

  get #hasEnded(): boolean {
    return this.#world.index >= this.#endIndex
  }

  dropped(): Readonly<Record<string, number>> {
    return {}
  }

  async close(): Promise<void> {
    // Holds no resource.
  }
}

type Stretch = Omit<Position, 'index'>

function firstStretch(options: SimulatorOptions, nowUs: number): Stretch {
  const { seed, symbols, ratePerSecond, startTimeUs, backfillUs } = options
  const rules = marketRules(options, symbols)
  const originUs = startTimeUs ?? Math.floor(historyStartUs(rules, nowUs, backfillUs) / MINUTE_US) * MINUTE_US
  const startMinute = Math.floor(originUs / MINUTE_US)
  const anomalies = firstAnomalies(options.anomalies, originUs, symbols.length)
  const market = { seed, symbols, startMinute, ratePerSecond, rules, anomalies }
  return { ...market, originUs, originIndex: 0, firstTradeIds: undefined }
}

/** The same stretch where nothing has changed; else a new one that begins where the feed had come to. */
function nextStretch(options: SimulatorOptions, nowUs: number, saved: Position): Stretch {
  const { index, ...stretch } = saved
  const { seed, symbols, ratePerSecond, startTimeUs, backfillUs } = options
  const rules = marketRules(options, symbols)
  const rulesBefore = rulesOf(saved)
  const before = worldOptions(saved)
  const anomaliesBefore = anomaliesOf(saved)
  const anomalies = firstAnomalies(options.anomalies, anomaliesBefore.marketStartUs, symbols.length)
  const nextUs = before.schedule.dueUs(index)
  const earliestUs = Math.floor(historyStartUs(rules, nowUs, backfillUs))
  const isTooOld = startTimeUs === undefined && nextUs < earliestUs
  const isSame =
    seed === saved.seed &&
    ratePerSecond === saved.ratePerSecond &&
    symbols.join() === saved.symbols.join() &&
    isSameMarket(rules, rulesBefore) &&
    JSON.stringify(anomalies.anomalies) === JSON.stringify(anomaliesBefore.anomalies)
  if (isSame && !isTooOld) return stretch
  const ids = tradeIdsAt(saved, before)
  // A market that was closed until tomorrow, and now never is, goes on at once.
  const isOpened = rules.hours !== rulesBefore.hours && index > 0
  const goesOnUs = isOpened ? Math.min(nextUs, Math.max(nowUs, before.schedule.dueUs(index - 1))) : nextUs
  const originUs = isTooOld ? earliestUs : goesOnUs
  return {
    seed,
    symbols,
    startMinute: saved.startMinute,
    ratePerSecond,
    anomalies: changedAnomalies(anomalies, { options: before, position: anomaliesBefore, nextUs }, originUs),
    originUs,
    originIndex: index,
    firstTradeIds: Float64Array.from(symbols, (symbol) => ids.get(symbol) ?? 1),
    rules,
  }
}

function rulesOf({ rules, symbols }: Stretch): MarketRules {
  return rules ?? marketRules({}, symbols)
}

function anomaliesOf({ anomalies, originUs, symbols }: Stretch): AnomalyPosition {
  return anomalies ?? firstAnomalies(undefined, originUs, symbols.length)
}

/** The world of a stretch, with the schedule of its events. */
function worldOptions(stretch: Stretch): MarketWorldOptions {
  const { seed, symbols, startMinute, ratePerSecond, originUs, originIndex, firstTradeIds } = stretch
  const rules = rulesOf(stretch)
  const { market, hours, models } = rules
  const sessions = sessionsOf(rules, startMinute * MINUTE_US)
  const { anomalies, injected, idShift } = anomaliesOf(stretch)
  const firstIds = firstTradeIds ?? new Float64Array(symbols.length).fill(1)
  return {
    seed,
    symbols: symbols.map((symbol) => worldSymbolOf(symbol, market, models[symbol], hours)),
    schedule: evenRate(ratePerSecond, originUs, originIndex, sessions),
    startMinute,
    firstIndex: originIndex,
    ...(sessions === undefined ? {} : { sessions }),
    firstTradeIds: firstIds.map((id, symbol) => id + idShift[symbol]!),
    anomalies,
    injected,
  }
}

/** The trade id that each symbol had come to. */
function tradeIdsAt({ symbols, index }: Position, options: MarketWorldOptions): Map<string, number> {
  const world = new MarketWorld(options, new InstrumentTable())
  world.skipTo(index)
  return new Map(symbols.map((symbol, at) => [symbol, world.nextTradeIds[at]!]))
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
