import { parseDuration } from '../../base/duration.ts'
import { FinPulseError } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { FRAUD_KINDS } from '../../events/payment.ts'
import { checkPaymentsOptions } from '../../feeds/payments/payments-options.ts'
import { ConstantRate, type Schedule } from '../../feeds/schedule.ts'
import { marketRules } from '../../feeds/simulator/simulator-market.ts'
import { CRYPTO_SYMBOLS, DEFAULT_SYMBOLS } from '../../feeds/simulator/symbol-presets.ts'
import { RATE_SHAPES, type RateStage, StagedRate } from '../../feeds/simulator/world/staged-rate.ts'
import { checkSettings, mergeSettings, numberOf, readConfigFile, type Settings, setAt, splitList } from '../config.ts'
import { parseDirtyRates, parseShares } from '../generate/dirty-rates.ts'
import { pieceCountOf } from '../generate/piece-bounds.ts'
import type { MarketSpec, PaymentsSpec, RateSpec, SourceSpec } from '../generate/source-spec.ts'
import { paymentsOptionsFrom, paymentsSchema } from '../settings/payments-settings.ts'
import { oneOf, rateNumber, timeUsOf, wholeNumber } from './flag-values.ts'
import { type GenerateFormat, pieceFormatOf } from './generate-place.ts'

/** The flags that the events follow from, as they are given. */
export interface SpecFlags {
  readonly kind: string
  readonly rate?: string
  readonly paymentsRate?: string
  readonly pace: boolean
  readonly shape: string
  readonly seed: string
  readonly startTime: string
  readonly symbols?: string
  readonly market: string
  readonly payments?: string
  readonly fraud?: string
  readonly labelDelay?: string
  readonly dirty?: string
}

const KINDS = ['trades', 'quotes', 'payments'] as const
type Kind = (typeof KINDS)[number]
const MARKETS = ['equity', 'crypto'] as const
const UNPACED_RATE = 1000
/** Payments to events of the market, where both are wanted and nothing is said. */
const PAYMENTS_PART = 0.1
const PAYMENT_FLAGS = [
  ['paymentsRate', '--payments-rate'],
  ['payments', '--payments'],
  ['fraud', '--fraud'],
  ['labelDelay', '--label-delay'],
] as const
export const SYMBOLS_MAX_COUNT = 10_000

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
  if (!hasMarket) return { market: 0, payments: given ?? rate }
  return { market: rate, payments: given ?? rate * PAYMENTS_PART }
}

/** @throws FinPulseError config-invalid */
export function specOf(flags: SpecFlags, format: GenerateFormat): SourceSpec {
  const kinds = kindsOf(flags)
  checkKinds(kinds, format)
  const rates = partRatesOf(flags)
  const seed = wholeNumber(flags.seed, '--seed', 0)
  const originUs = timeUsOf(flags.startTime, '--start-time')
  return {
    format: pieceFormatOf(format),
    seed,
    originUs,
    pieceCount: pieceCountOf(isPacedBy(flags), rates.market + rates.payments),
    ...(rates.market > 0 ? { market: marketSpec(flags, kinds, rates.market) } : {}),
    ...(rates.payments > 0 ? { payments: paymentsSpec(flags, seed, originUs, rates.payments) } : {}),
    ...dirtySpec(flags, format),
  }
}

function kindsOf({ kind }: SpecFlags): ReadonlySet<Kind> {
  const kinds = new Set(splitList(kind).map((name) => oneOf<Kind>(name, '--kind', KINDS)))
  if (kinds.size > 0) return kinds
  throw new FinPulseError('config-invalid', `--kind: expected any of ${KINDS.join(', ')}, got "${kind}"`)
}

function checkKinds(kinds: ReadonlySet<Kind>, format: GenerateFormat): void {
  const list = [...kinds].join(',')
  if (format === 'parquet' && kinds.size > 1) {
    throw new FinPulseError('config-invalid', `--format parquet: takes one --kind a file, got ${list}`)
  }
  if (format === 'csv' && (kinds.size > 1 || kinds.has('quotes'))) {
    throw new FinPulseError('config-invalid', `--format csv: takes --kind trades or payments alone, got ${list}`)
  }
}

function marketSpec(flags: SpecFlags, kinds: ReadonlySet<Kind>, ratePerSecond: number): MarketSpec {
  const market = oneOf(flags.market, '--market', MARKETS)
  const presets = (market === 'crypto' ? CRYPTO_SYMBOLS : DEFAULT_SYMBOLS).map(({ symbol }) => symbol)
  const symbols = flags.symbols === undefined ? presets : symbolsFrom(flags.symbols, presets)
  return {
    rate: rateSpec(flags.shape, ratePerSecond),
    symbols,
    rules: marketRules({ market }, symbols),
    trades: kinds.has('trades'),
    quotes: kinds.has('quotes'),
  }
}

/** A list as it is; a number is so many, the well-known ones first. */
function symbolsFrom(text: string, presets: readonly string[]): string[] {
  if (/^\d+$/.test(text)) {
    const wanted = wholeNumber(text, '--symbols', 1, SYMBOLS_MAX_COUNT)
    return Array.from({ length: wanted }, (_, index) => presets[index] ?? `S${String(index).padStart(4, '0')}`)
  }
  const names = [...new Set(splitList(text))]
  const odd = names.find((name) => !NAME_PATTERN.test(name))
  if (odd !== undefined) throw new FinPulseError('config-invalid', `--symbols: "${odd}" is no symbol`)
  if (names.length >= 1 && names.length <= SYMBOLS_MAX_COUNT) return names
  throw new FinPulseError('config-invalid', `--symbols: expected 1 to ${SYMBOLS_MAX_COUNT}, got ${names.length}`)
}

function paymentsSpec(flags: SpecFlags, seed: number, originUs: number, ratePerSecond: number): PaymentsSpec {
  const rate = rateSpec(flags.shape, ratePerSecond)
  const source = flags.payments === undefined ? '--fraud, --label-delay' : `--payments ${flags.payments}`
  const file = flags.payments === undefined ? {} : readConfigFile(flags.payments, '--payments')
  const settings = checkSettings(paymentsSchema, mergeSettings(file, settingsFromFlags(flags)), source)
  const schedule: Schedule =
    'stages' in rate ? new StagedRate(rate.stages, originUs) : new ConstantRate(ratePerSecond, originUs)
  const options = paymentsOptionsFrom(settings, seed, schedule, ratePerSecond)
  checkPaymentsOptions(options)
  const { seed: _seed, schedule: _schedule, ...rest } = options
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

function rateSpec(shape: string, ratePerSecond: number): RateSpec {
  if (shape === 'constant') return { ratePerSecond }
  if (Object.hasOwn(RATE_SHAPES, shape)) {
    return { stages: RATE_SHAPES[shape as keyof typeof RATE_SHAPES](ratePerSecond) }
  }
  return { stages: stagesFrom(shape) }
}

/** Stages from a file: `stages: [{ duration: 10m, from: 100, to: 5000 }, …]`. */
function stagesFrom(path: string): RateStage[] {
  const { stages } = readConfigFile(path, '--shape')
  if (!Array.isArray(stages)) {
    throw new FinPulseError('config-invalid', `--shape ${path}: expected "stages", a list of { duration, from, to }`)
  }
  return stages.map((stage: { duration?: unknown; from?: unknown; to?: unknown }, index) => ({
    durationSeconds: parseDuration(String(stage?.duration), `--shape ${path}: stages[${index}].duration`) / 1000,
    fromPerSecond: numberOf(String(stage?.from), `--shape ${path}: stages[${index}].from`),
    toPerSecond: numberOf(String(stage?.to ?? stage?.from), `--shape ${path}: stages[${index}].to`),
  }))
}
