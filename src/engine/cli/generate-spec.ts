import { existsSync } from 'node:fs'
import { parseDuration } from '../../base/duration.ts'
import { FinPulseError } from '../../base/errors.ts'
import { FRAUD_KINDS } from '../../events/payment.ts'
import { checkPaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { ConstantRate, type Schedule } from '../../feeds/schedule.ts'
import { RATE_SHAPES, type RateStage, StagedRate } from '../../feeds/simulator/world/staged-rate.ts'
import { checkConfig, mergeSettings, numberOf, readConfigFile, type Settings, setAt, splitList } from '../config.ts'
import { parseDirtyRates, parseShares } from '../generate/dirty-rates.ts'
import { pieceCountOf } from '../generate/piece-bounds.ts'
import type { MarketSpec, PaymentsSpec, RateSpec, SourceSpec } from '../generate/source-spec.ts'
import { paymentsOptionsFrom } from '../settings/payments-settings.ts'
import { oneOf, RATE_MAX, rateNumber, timeUsOf, wholeNumber } from './flag-values.ts'
import { type MarketFlags, marketOf } from './generate-market.ts'
import { type GenerateFormat, pieceFormatOf } from './generate-place.ts'

/** The flags that the events follow from, as they are given. */
export interface SpecFlags extends MarketFlags {
  readonly kind: string
  readonly rate?: string
  readonly paymentsRate?: string
  readonly pace: boolean
  readonly shape: string
  readonly seed: string
  readonly startTime: string
  /** File in the form of that of `up`: what it says of `feed`, a simulator, and of `payments`. */
  readonly config?: string
  readonly fraud?: string
  readonly labelDelay?: string
  readonly dirty?: string
}

const KINDS = ['trades', 'quotes', 'payments'] as const
type Kind = (typeof KINDS)[number]
const UNPACED_RATE = 1000
/** Payments to events of the market, where both are wanted and nothing is said. */
const PAYMENTS_PART = 0.1
const PAYMENT_FLAGS = [
  ['paymentsRate', '--payments-rate'],
  ['fraud', '--fraud'],
  ['labelDelay', '--label-delay'],
] as const

const MARKET_FLAGS = [
  ['paymentsRate', '--payments-rate'],
  ['symbols', '--symbols'],
  ['market', '--market'],
  ['hours', '--hours'],
  ['anomalies', '--anomalies'],
] as const

/** Whether events wait for the clock. */
export function isPacedBy({ rate, pace }: SpecFlags): boolean {
  return rate !== undefined && pace
}

/** The rates of a stream's two parts, events a second of event time on average; 0 for a part that is not wanted. */
export interface PartRates {
  readonly market: number
  readonly payments: number
}

export function partRatesOf(flags: SpecFlags): PartRates {
  const kinds = kindsOf(flags)
  const rate = flags.rate === undefined ? UNPACED_RATE : rateNumber(flags.rate, '--rate')
  const hasMarket = kinds.has('trades') || kinds.has('quotes')
  if (!kinds.has('payments')) {
    const odd = PAYMENT_FLAGS.find(([key]) => flags[key] !== undefined)
    if (odd === undefined) return { market: rate, payments: 0 }
    throw new FinPulseError('config-invalid', `${odd[1]}: only with --kind payments`)
  }
  const given = flags.paymentsRate === undefined ? undefined : rateNumber(flags.paymentsRate, '--payments-rate')
  if (!hasMarket) {
    const odd = MARKET_FLAGS.find(([key]) => flags[key] !== undefined)
    if (odd === undefined) return { market: 0, payments: rate }
    throw new FinPulseError('config-invalid', `${odd[1]}: only with --kind trades or quotes`)
  }
  return { market: rate, payments: given ?? rate * PAYMENTS_PART }
}

/** The hours in which New York trades, and a day of a market that never closes. */
const SESSION_SECONDS = 6.5 * 3600
const DAY_SECONDS = 24 * 3600

/** @throws FinPulseError config-invalid */
export function specOf(flags: SpecFlags, format: GenerateFormat): SourceSpec {
  const kinds = kindsOf(flags)
  checkKinds(kinds, format)
  const rates = partRatesOf(flags)
  const seed = wholeNumber(flags.seed, '--seed', 0)
  const originUs = timeUsOf(flags.startTime, '--start-time')
  const file = configOf(flags, rates.market > 0)
  const fileOf = (part: 'feed' | 'payments') => (file[part] ?? {}) as Settings
  return {
    format: pieceFormatOf(format),
    seed,
    originUs,
    pieceCount: pieceCountOf(isPacedBy(flags), rates.market + rates.payments),
    ...(rates.market > 0 ? { market: marketSpec(flags, kinds, fileOf('feed'), originUs, rates.market) } : {}),
    ...(rates.payments > 0 ? { payments: paymentsSpec(flags, seed, fileOf('payments'), originUs, rates) } : {}),
    ...dirtySpec(flags, format),
  }
}

/**
 * The file as it is, once all of it was checked: what is misspelt must not be passed over. The `feed` of `up` may be
 * another one where no market is wanted.
 */
function configOf(flags: SpecFlags, hasMarket: boolean): Settings {
  if (flags.config === undefined) return {}
  const file = readConfigFile(flags.config)
  const simulator: Settings = { type: 'simulator' }
  const feed = hasMarket ? mergeSettings((file.feed ?? {}) as Settings, simulator) : simulator
  checkConfig({ ...file, feed }, sourceOf(flags))
  return file
}

/** Settings of the file that are for flags to say: they may differ from those of a server that uses the file too. */
export function unusedSettings({ config }: SpecFlags): string[] {
  if (config === undefined) return []
  const file = readConfigFile(config) as Readonly<Record<string, Settings | undefined>>
  const parts = ['feed', 'payments']
  const names = ['seed', 'ratePerSecond', 'backfill', 'startTime', 'maxCount']
  return parts.flatMap((part) =>
    names.filter((name) => file[part]?.[name] !== undefined).map((name) => `${part}.${name}`),
  )
}

/** What settings are named after in errors. */
function sourceOf({ config }: SpecFlags): string {
  return config === undefined ? 'settings' : `--config ${config}`
}

function kindsOf({ kind }: SpecFlags): ReadonlySet<Kind> {
  const kinds = new Set(splitList(kind).map((name) => oneOf<Kind>(name, '--kind', KINDS)))
  if (kinds.size > 0) return kinds
  throw new FinPulseError('config-invalid', `--kind: expected any of ${KINDS.join(', ')}, got "${kind}"`)
}

function checkKinds(kinds: ReadonlySet<Kind>, format: GenerateFormat): void {
  const list = [...kinds].join(',')
  if ((format === 'parquet' || format === 'csv') && kinds.size > 1) {
    throw new FinPulseError('config-invalid', `--format ${format}: takes one --kind, got ${list}`)
  }
}

function marketSpec(
  flags: SpecFlags,
  kinds: ReadonlySet<Kind>,
  fromFile: Settings,
  originUs: number,
  ratePerSecond: number,
): MarketSpec {
  const market = marketOf(flags, fromFile, sourceOf(flags), originUs)
  return {
    ...market,
    rate: rateSpec(flags.shape, ratePerSecond, market.rules.hours === 'nyse' ? SESSION_SECONDS : DAY_SECONDS, 1),
    trades: kinds.has('trades'),
    quotes: kinds.has('quotes'),
  }
}

function paymentsSpec(
  flags: SpecFlags,
  seed: number,
  fromFile: Settings,
  originUs: number,
  { market, payments: ratePerSecond }: PartRates,
): PaymentsSpec {
  // The stages of a file are those of the market, where there is one.
  const rate = rateSpec(flags.shape, ratePerSecond, DAY_SECONDS, market > 0 ? ratePerSecond / market : 1)
  const given = mergeSettings({ payments: fromFile }, { payments: settingsFromFlags(flags) })
  // Rate, seed and history of `up` are checked, and then for the other flags to say.
  const { ratePerSecond: _rate, seed: _seed, backfill: _, ...settings } = checkConfig(given, sourceOf(flags)).payments
  const schedule: Schedule =
    'stages' in rate ? new StagedRate(rate.stages, originUs) : new ConstantRate(ratePerSecond, originUs)
  const options = paymentsOptionsFrom(settings, seed, schedule, ratePerSecond)
  checkPaymentsOptions(options)
  const { seed: _world, schedule: _schedule, ...rest } = options
  return { rate, options: rest }
}

function settingsFromFlags({ fraud, labelDelay }: SpecFlags): Settings {
  const settings: Settings = {}
  if (fraud !== undefined) {
    for (const [kind, share] of parseShares(fraud, '--fraud', FRAUD_KINDS)) {
      setAt(settings, `scenarios.${kind}.share`, share)
    }
  }
  if (labelDelay !== undefined) {
    parseDuration(labelDelay, '--label-delay')
    setAt(settings, 'labels.median', labelDelay)
  }
  return settings
}

function dirtySpec({ dirty }: SpecFlags, format: GenerateFormat): Pick<SourceSpec, 'dirty'> {
  if (dirty === undefined) return {}
  if (format === 'ndjson' || format === 'csv') return { dirty: parseDirtyRates(dirty, '--dirty') }
  throw new FinPulseError('config-invalid', `--dirty: spoils lines, of --format ndjson or csv, got ${format}`)
}

/** @param part of the stages of a file that is meant */
function rateSpec(shape: string, ratePerSecond: number, daySeconds: number, part: number): RateSpec {
  if (shape === 'constant') return { ratePerSecond }
  if (Object.hasOwn(RATE_SHAPES, shape)) {
    return { stages: RATE_SHAPES[shape as keyof typeof RATE_SHAPES](ratePerSecond, daySeconds) }
  }
  return {
    stages: stagesFrom(shape).map(({ durationSeconds, fromPerSecond, toPerSecond }) => ({
      durationSeconds,
      fromPerSecond: fromPerSecond * part,
      toPerSecond: toPerSecond * part,
    })),
  }
}

/** Stages from a file: `stages: [{ duration: 10m, from: 100, to: 5000 }, …]`. */
function stagesFrom(path: string): RateStage[] {
  if (/^[\w-]+$/.test(path) && !existsSync(path)) {
    const names = ['constant', ...Object.keys(RATE_SHAPES)].join(', ')
    throw new FinPulseError('config-invalid', `--shape: expected ${names} or a file of stages, got "${path}"`)
  }
  const { stages } = readConfigFile(path, '--shape')
  if (!Array.isArray(stages)) {
    throw new FinPulseError('config-invalid', `--shape ${path}: expected "stages", a list of { duration, from, to }`)
  }
  return stages.map((stage: unknown, index) => stageFrom(stage, `--shape ${path}: stages[${index}]`))
}

function stageFrom(stage: unknown, name: string): RateStage {
  const { duration, from, to = from, ...others } = (stage ?? {}) as Readonly<Record<string, unknown>>
  const [odd] = Object.keys(others)
  if (odd !== undefined) {
    throw new FinPulseError('config-invalid', `${name}.${odd}: no such setting; expected duration, from, to`)
  }
  return {
    durationSeconds: parseDuration(String(duration), `${name}.duration`) / 1000,
    fromPerSecond: stageRate(from, `${name}.from`),
    toPerSecond: stageRate(to, `${name}.to`),
  }
}

function stageRate(value: unknown, name: string): number {
  const rate = numberOf(String(value), name)
  if (rate >= 0 && rate <= RATE_MAX) return rate
  throw new FinPulseError('config-invalid', `${name}: expected 0 to ${RATE_MAX} events/s, got ${rate}`)
}
