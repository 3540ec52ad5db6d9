import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { FinPulseError, messageOf } from '../base/errors.ts'
import { alphaVantageSchema } from './settings/alpha-vantage-settings.ts'
import { binanceSchema } from './settings/binance-settings.ts'
import { duration } from './settings/fields.ts'
import { krakenSchema } from './settings/kraken-settings.ts'
import { paymentsFeedSchema } from './settings/payments-settings.ts'
import { pushFeedSchema, pushSchema } from './settings/push-settings.ts'
import { replaySchema } from './settings/replay-settings.ts'
import { simulatorSchema } from './settings/simulator-settings.ts'
import { thresholdSchema } from './settings/threshold-settings.ts'
import { venueApiSchema } from './settings/venue-settings.ts'

export const configSchema = z.strictObject({
  dataDir: z.string().min(1).default('.finpulse'),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(8000),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  feed: z
    .discriminatedUnion('type', [
      simulatorSchema,
      replaySchema,
      binanceSchema,
      alphaVantageSchema,
      krakenSchema,
      pushFeedSchema,
      thresholdSchema,
    ])
    .prefault({ type: 'simulator' }),
  payments: paymentsFeedSchema.prefault({}),
  push: pushSchema.prefault({}),
  venueApi: venueApiSchema.prefault({}),
  log: z
    .strictObject({
      type: z.literal('embedded').default('embedded'),
      partitions: z.int().min(1).max(64).default(1),
      /** Trades and quotes older than this may be forgotten. */
      retention: duration('log.retention').prefault('7d'),
      /** Payload of trades, and of quotes, beyond which the oldest are forgotten, in MiB. */
      retentionMaxMegabytes: z.number().positive().default(1024),
    })
    .prefault({}),
  store: z
    .strictObject({
      type: z.literal('embedded').default('embedded'),
      memoryLimitMegabytes: z.int().min(64).default(384),
      tradesRetention: duration('store.tradesRetention').prefault('24h'),
      tradesMaxCount: z.int().positive().default(20_000_000),
      candlesRetention: duration('store.candlesRetention').prefault('400d'),
      alertsRetention: duration('store.alertsRetention').prefault('90d'),
    })
    .prefault({}),
  processing: z
    .strictObject({
      /** How far the watermark trails the newest event. */
      allowedLateness: duration('processing.allowedLateness').prefault('2s'),
      snapshotEvery: duration('processing.snapshotEvery').prefault('2s'),
      zScore: z
        .strictObject({
          windowCount: z.int().min(3).max(1000).default(30),
          mediumThreshold: z.number().positive().default(2.5),
          highThreshold: z.number().positive().default(3.5),
          minimumMovePercent: z.number().min(0).max(100).default(0.1),
          pointEvery: duration('processing.zScore.pointEvery').prefault('1s'),
        })
        .prefault({}),
      priceMove: z
        .strictObject({
          thresholdPercent: z.number().positive().default(5),
          window: duration('processing.priceMove.window').prefault('1m'),
        })
        .prefault({}),
      volume: z
        .strictObject({
          windowCount: z.int().min(3).max(10_000).default(60),
          windowMinCount: z.int().min(3).max(10_000).default(20),
          mediumSigma: z.number().positive().default(3),
          highSigma: z.number().positive().default(6),
        })
        .prefault({}),
    })
    .prefault({}),
})

/** What a configuration file may say. */
export type ConfigInput = z.input<typeof configSchema>
/** The checked configuration; durations are in ms. */
export type Config = z.output<typeof configSchema>
export type SimulatorConfig = Extract<Config['feed'], { type: 'simulator' }>
export type BinanceConfig = Extract<Config['feed'], { type: 'binance' }>
export type ThresholdConfig = Extract<Config['feed'], { type: 'threshold' }>
export type KrakenConfig = Extract<Config['feed'], { type: 'kraken' }>
export type AlphaVantageConfig = Extract<Config['feed'], { type: 'alpha-vantage' }>
export type ReplayConfig = Extract<Config['feed'], { type: 'replay' }>

/** A tree of settings before it is checked. */
export type Settings = { [key: string]: unknown }

/** @throws FinPulseError config-invalid naming the setting, its value and what is allowed */
export function checkConfig(settings: Settings, source: string): Config {
  return checkSettings(configSchema, settings, source)
}

/** As `checkConfig`, of a part that has a file of its own. */
export function checkSettings<S extends z.ZodType>(schema: S, settings: Settings, source: string): z.output<S> {
  const result = schema.safeParse(settings)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => describeIssue(issue, settings, schema))
  throw new FinPulseError('config-invalid', `${source}: ${lines.join('; ')}`)
}

function describeIssue(issue: z.core.$ZodIssue, settings: Settings, schema: z.ZodType): string {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysAt(schema, issue.path)
    return issue.keys
      .map((key) => `${path === '' ? '' : `${path}.`}${key}: no such setting${suggest(key, allowed)}`)
      .join('; ')
  }
  if (issue.code === 'invalid_key') return `${path}: ${issue.issues[0]?.message ?? issue.message}`
  // Written by the check itself, with subject and value, unless it says only what it expected.
  if (issue.code === 'custom' && !issue.message.startsWith('expected ')) return issue.message
  const value = issue.path.reduce<unknown>((at, key) => (at as Settings | undefined)?.[key as string], settings)
  return `${path}: ${issue.message}, got ${JSON.stringify(value)}`
}

/** Keys that are allowed at a place of the configuration. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at = schema
  for (const key of path) {
    const next = memberOf(at, String(key))
    if (next === undefined) return []
    at = next
  }
  return Object.keys(shapeOf(at) ?? {})
}

function memberOf(schema: z.ZodType, key: string): z.ZodType | undefined {
  const inner = unwrap(schema)
  return inner instanceof z.ZodRecord ? (inner.valueType as z.ZodType) : shapeOf(inner)?.[key]
}

function shapeOf(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodObject) return inner.shape as Record<string, z.ZodType>
  if (inner instanceof z.ZodDiscriminatedUnion) {
    return Object.assign({}, ...inner.options.map((option) => shapeOf(option as z.ZodType) ?? {}))
  }
  return undefined
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema
  while ('innerType' in inner.def) inner = inner.def.innerType as z.ZodType
  return inner
}

/** `, did you mean "port"?` for a key that is nearly right. */
export function suggest(word: string, allowed: readonly string[]): string {
  const nearest = allowed
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0]
  if (nearest !== undefined && nearest.distance <= Math.max(2, word.length / 3)) {
    return `, did you mean "${nearest.candidate}"?`
  }
  return allowed.length === 0 ? '' : `; allowed: ${allowed.join(', ')}`
}

/** Levenshtein's distance, by one row of the table. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!
    row[0] = i
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!
      row[j] = Math.min(above + 1, row[j - 1]! + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1))
      diagonal = above
    }
  }
  return row[b.length]!
}

/** Reads a YAML or JSON file. @throws FinPulseError config-invalid */
export function readConfigFile(path: string, flag = '--config'): Settings {
  let settings: unknown
  try {
    settings = parseYaml(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new FinPulseError('config-invalid', `${flag} ${path}: ${messageOf(error)}`, { cause: error })
  }
  if (settings === null || settings === undefined) return {}
  if (typeof settings !== 'object' || Array.isArray(settings)) {
    throw new FinPulseError('config-invalid', `${flag} ${path}: expected a mapping of settings`)
  }
  return settings as Settings
}

/** Environment names and the settings that they set. The short ones are those that users of such systems know. */
export const ENVIRONMENT: Readonly<
  Record<string, { readonly path: string; readonly kind: 'text' | 'number' | 'list' }>
> = {
  FINPULSE_DATA_DIR: { path: 'dataDir', kind: 'text' },
  FINPULSE_HOST: { path: 'host', kind: 'text' },
  PORT: { path: 'port', kind: 'number' },
  FINPULSE_PORT: { path: 'port', kind: 'number' },
  FINPULSE_LOG_LEVEL: { path: 'logLevel', kind: 'text' },
  SYMBOLS: { path: 'feed.symbols', kind: 'list' },
  FINPULSE_FEED: { path: 'feed.type', kind: 'text' },
  FINPULSE_FEED_URL: { path: 'feed.url', kind: 'text' },
  FINPULSE_SYMBOLS: { path: 'feed.symbols', kind: 'list' },
  TRADES_PER_SECOND: { path: 'feed.ratePerSecond', kind: 'number' },
  FINPULSE_RATE: { path: 'feed.ratePerSecond', kind: 'number' },
  FINPULSE_SEED: { path: 'feed.seed', kind: 'number' },
  FINPULSE_BACKFILL: { path: 'feed.backfill', kind: 'text' },
}

/** Settings from the environment. An empty variable counts as unset. */
export function settingsFromEnvironment(environment: NodeJS.ProcessEnv): Settings {
  const settings: Settings = {}
  for (const [name, { path, kind }] of Object.entries(ENVIRONMENT)) {
    const text = environment[name]?.trim()
    if (text === undefined || text === '') continue
    if (kind === 'text') setAt(settings, path, text)
    else if (kind === 'list') setAt(settings, path, splitList(text))
    else setAt(settings, path, numberOf(text, name))
  }
  return settings
}

export function splitList(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** @throws FinPulseError config-invalid */
export function numberOf(text: string, subject: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new FinPulseError('config-invalid', `${subject}: expected a number, got "${text}"`)
  }
  return value
}

export function setAt(settings: Settings, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop()!
  let at = settings
  for (const key of keys) {
    at[key] ??= {}
    at = at[key] as Settings
  }
  at[last] = value
}

/** Lays `over` on `under`, mapping by mapping. Lists replace lists. */
export function mergeSettings(under: Settings, over: Settings): Settings {
  const merged: Settings = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const isMapping = (part: unknown): part is Settings =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
    const below = merged[key]
    merged[key] = isMapping(below) && isMapping(value) ? mergeSettings(below, value) : value
  }
  return merged
}
