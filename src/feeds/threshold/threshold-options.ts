import { FinPulseError } from '../../base/errors.ts'
import type { ThresholdRule } from './threshold-state.ts'

/** Thresholds of all symbols, or of one instead of them. Each may be absent, but a symbol needs at least one. */
export type ThresholdOptions = Partial<Omit<ThresholdRule, 'windowMs'>> & { readonly windowMs?: number }

export interface FollowOptions {
  /** As the polled source writes them in its events. */
  readonly symbols: readonly string[]
  readonly thresholds: ThresholdOptions
  /** By symbol; what is absent is as in `thresholds`. */
  readonly bySymbol?: Readonly<Record<string, ThresholdOptions>>
  /** By symbol, its name at the streamed source where that is another. */
  readonly streamAs?: Readonly<Record<string, string>>
  /** Symbols streamed at once; further ones wait. Default: 20. */
  readonly streamedMaxCount?: number
  /** Length of the intervals that volumes are compared over, as that of the polled source. */
  readonly pollEveryMs: number
  /** How often a streamed symbol is compared with its thresholds. Default: 1,000. */
  readonly compareEveryMs?: number
}

const DEFAULTS = {
  windowMs: 300_000,
  hysteresis: 0.5,
  levelBandPercent: 0.5,
  calmMs: 300_000,
  minimumStayMs: 60_000,
} as const

const STREAMED_MAX_COUNT = 20
const STREAMED_LIMIT = 200
/** Each of them is in the position, which is written with every step. */
const SYMBOLS_LIMIT = 500

/** The options with every default in place. */
export interface FollowSettings {
  readonly symbols: readonly string[]
  readonly rules: ReadonlyMap<string, ThresholdRule>
  readonly streamAs: ReadonlyMap<string, string>
  readonly streamedMaxCount: number
  readonly pollEveryMs: number
  readonly compareEveryMs: number
}

/** @throws FinPulseError config-invalid */
export function followSettings(options: FollowOptions): FollowSettings {
  const { symbols, bySymbol = {}, streamAs = {}, thresholds } = options
  const streamedMaxCount = options.streamedMaxCount ?? STREAMED_MAX_COUNT
  if (!(Number.isInteger(streamedMaxCount) && streamedMaxCount >= 1 && streamedMaxCount <= STREAMED_LIMIT)) {
    throw invalid(`streamed symbols: expected an integer from 1 to ${STREAMED_LIMIT}, got ${streamedMaxCount}`)
  }
  if (symbols.length === 0 || symbols.length > SYMBOLS_LIMIT) {
    throw invalid(`symbols: expected 1 to ${SYMBOLS_LIMIT}, got ${symbols.length}`)
  }
  for (const symbol of [...Object.keys(bySymbol), ...Object.keys(streamAs)]) {
    if (!symbols.includes(symbol)) throw invalid(`thresholds: ${symbol} is none of the symbols ${symbols.join(', ')}`)
  }
  const names = symbols.map((symbol) => streamAs[symbol] ?? symbol)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw invalid(`symbols: ${twice} would be streamed for two of them`)
  return {
    symbols,
    rules: new Map(symbols.map((symbol) => [symbol, ruleOf(symbol, { ...thresholds, ...bySymbol[symbol] })])),
    streamAs: new Map(symbols.map((symbol, index) => [symbol, names[index]!])),
    streamedMaxCount,
    pollEveryMs: options.pollEveryMs,
    compareEveryMs: options.compareEveryMs ?? 1000,
  }
}

function ruleOf(symbol: string, options: ThresholdOptions): ThresholdRule {
  const rule: ThresholdRule = { ...DEFAULTS, ...options }
  const { changePercent, above, below, volumeFactor, hysteresis, levelBandPercent } = rule
  if (changePercent === undefined && above === undefined && below === undefined && volumeFactor === undefined) {
    throw invalid(`thresholds of ${symbol}: expected one of changePercent, above, below, volumeFactor, got none`)
  }
  inRange(symbol, 'changePercent', changePercent, Number.MIN_VALUE, 1e6)
  inRange(symbol, 'above', above, Number.MIN_VALUE, 1e15)
  inRange(symbol, 'below', below, Number.MIN_VALUE, 1e15)
  inRange(symbol, 'volumeFactor', volumeFactor, 1, 1e6)
  inRange(symbol, 'hysteresis', hysteresis, 0.01, 1)
  inRange(symbol, 'levelBandPercent', levelBandPercent, 0, 50)
  for (const name of ['windowMs', 'calmMs', 'minimumStayMs'] as const) inRange(symbol, name, rule[name], 1, 86_400_000)
  if (above !== undefined && below !== undefined && above <= below) {
    throw invalid(`thresholds of ${symbol}: expected above > below, got ${above} and ${below}`)
  }
  return rule
}

function inRange(symbol: string, name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (value >= min && value <= max)) return
  throw invalid(
    `thresholds of ${symbol}: ${name}: expected ${min === Number.MIN_VALUE ? 'above 0' : `${min} to ${max}`}, got ${value}`,
  )
}

function invalid(message: string): FinPulseError {
  return new FinPulseError('config-invalid', message)
}
