import { PaymentLabels } from '../../feeds/payments/payment-labels.ts'
import type { PaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { ConstantRate, type Schedule } from '../../feeds/schedule.ts'
import type { MarketAnomalies } from '../../feeds/simulator/anomalies/anomaly-options.ts'
import { MarketLabels } from '../../feeds/simulator/anomalies/market-labels.ts'
import { type MarketRules, sessionsOf } from '../../feeds/simulator/simulator-market.ts'
import { worldSymbolOf } from '../../feeds/simulator/symbol-presets.ts'
import type { MarketWorldOptions } from '../../feeds/simulator/world/market-world.ts'
import { MINUTE_US } from '../../feeds/simulator/world/minute-path.ts'
import { SessionSchedule } from '../../feeds/simulator/world/session-schedule.ts'
import { type RateStage, StagedRate } from '../../feeds/simulator/world/staged-rate.ts'
import type { DirtyRates } from './dirty-rates.ts'
import { MergedSchedule } from './merged-schedule.ts'
import type { LabelSource } from './piece.ts'

/** Formats of the bytes that a stream is made as. Columnar pieces are also what goes into logs and Parquet files. */
export type PieceFormat = 'ndjson' | 'csv' | 'columnar'

/** A rate as plain data. */
export type RateSpec = { readonly ratePerSecond: number } | { readonly stages: readonly RateStage[] }

/**
 * Everything that the bytes of a stream follow from, as plain data that may be sent to another thread, or compared:
 * the same spec gives the same bytes.
 */
export interface SourceSpec {
  readonly format: PieceFormat
  readonly seed: number
  /** Event time of the first event, µs. */
  readonly originUs: number
  /** Events of a piece at most: pieces end at multiples of it. */
  readonly pieceCount: number
  readonly market?: MarketSpec
  readonly payments?: PaymentsSpec
  readonly dirty?: DirtyRates
}

export interface MarketSpec {
  readonly rate: RateSpec
  readonly symbols: readonly string[]
  readonly rules: MarketRules
  readonly trades: boolean
  readonly quotes: boolean
  /** What goes wrong in it on purpose; nothing unless told. */
  readonly anomalies?: MarketAnomalies
}

export interface PaymentsSpec {
  readonly rate: RateSpec
  /** All but what the spec itself says. */
  readonly options: Omit<PaymentsOptions, 'seed' | 'schedule'>
}

function scheduleOf(rate: RateSpec, originUs: number): Schedule {
  if ('stages' in rate) return new StagedRate(rate.stages, originUs)
  return new ConstantRate(rate.ratePerSecond, originUs)
}

/** In hours of trading, where the market keeps to some. */
function marketScheduleOf({ rate, rules }: MarketSpec, originUs: number): Schedule {
  const schedule = scheduleOf(rate, originUs)
  const sessions = sessionsOf(rules, originUs)
  return sessions === undefined ? schedule : new SessionSchedule(schedule, sessions, originUs)
}

/** The schedules of a stream's parts, and of the whole. */
export interface Schedules {
  readonly market?: Schedule
  readonly payments?: Schedule
  readonly whole: Schedule
  /** Of a stream of both. */
  readonly merged?: MergedSchedule
}

export function schedulesOf({ market, payments, originUs }: SourceSpec): Schedules {
  const marketSchedule = market && marketScheduleOf(market, originUs)
  const paymentsSchedule = payments && scheduleOf(payments.rate, originUs)
  if (marketSchedule !== undefined && paymentsSchedule !== undefined) {
    const merged = new MergedSchedule(marketSchedule, paymentsSchedule)
    return { market: marketSchedule, payments: paymentsSchedule, whole: merged, merged }
  }
  if (marketSchedule !== undefined) return { market: marketSchedule, whole: marketSchedule }
  return { payments: paymentsSchedule!, whole: paymentsSchedule! }
}

export function marketWorldOptionsOf(spec: SourceSpec, schedule: Schedule): MarketWorldOptions {
  const { symbols, rules, anomalies, trades, quotes } = spec.market!
  const { market, models, hours } = rules
  const sessions = sessionsOf(rules, spec.originUs)
  return {
    seed: spec.seed,
    symbols: symbols.map((symbol) => worldSymbolOf(symbol, market, models[symbol], hours)),
    schedule,
    ...(sessions === undefined ? {} : { sessions }),
    startMinute: Math.floor(spec.originUs / MINUTE_US),
    firstIndex: 0,
    // Each event of a stream of quotes alone is one: so many events, so many lines.
    hasEveryQuote: quotes && !trades,
    ...(anomalies === undefined ? {} : { anomalies }),
  }
}

export function paymentsWorldOptionsOf(spec: SourceSpec, schedule: Schedule): PaymentsOptions {
  return { ...spec.payments!.options, seed: spec.seed, schedule }
}

/**
 * The labels of a stream's frauds and anomalies, of equal times the anomalies first; undefined where there are none.
 * @param endIndex after the last event that the stream will have
 * @throws FinPulseError config-invalid
 */
export function labelsOf(spec: SourceSpec, endIndex: number): LabelSource | undefined {
  const { market, payments } = schedulesOf(spec)
  const sources: LabelSource[] = []
  if (market !== undefined && spec.market?.anomalies !== undefined) {
    sources.push(new MarketLabels(marketWorldOptionsOf(spec, market)))
  }
  if (payments !== undefined) sources.push(new PaymentLabels(paymentsWorldOptionsOf(spec, payments), endIndex))
  if (sources.length < 2) return sources[0]
  return {
    skipTo: (timeUs) => {
      for (const source of sources) source.skipTo(timeUs)
    },
    before: (timeUs) =>
      sources.flatMap((source) => source.before(timeUs)).toSorted((a, b) => a.eventTimeMs - b.eventTimeMs),
  }
}
