import { parseAnomalyRates } from '../../feeds/simulator/anomalies/anomaly-options.ts'
import {
  type Config,
  checkConfig,
  mergeSettings,
  numberOf,
  readConfigFile,
  type Settings,
  setAt,
  settingsFromEnvironment,
  splitList,
} from '../config.ts'

/** Flags that `up` and `replay --serve` share, as commander gives them. */
export interface ServerFlags {
  readonly dataDir?: string
  readonly port?: string
  readonly host?: string
  readonly config?: string
  readonly logLevel?: string
  readonly venueApi?: boolean
}

export interface UpFlags extends ServerFlags {
  readonly feed?: string
  readonly feedUrl?: string
  readonly symbols?: string
  readonly rate?: string
  readonly seed?: string
  readonly backfill?: string
  readonly startTime?: string
  readonly count?: string
  readonly market?: string
  readonly hours?: string
  readonly anomalies?: string
  readonly paymentsRate?: string
}

/** The server's part of the flags as settings. */
function serverSettings(flags: ServerFlags): Settings {
  const settings: Settings = {}
  if (flags.dataDir !== undefined) settings.dataDir = flags.dataDir
  if (flags.port !== undefined) settings.port = numberOf(flags.port, '--port')
  if (flags.host !== undefined) settings.host = flags.host
  if (flags.logLevel !== undefined) settings.logLevel = flags.logLevel
  if (flags.venueApi !== undefined) setAt(settings, 'venueApi.enabled', flags.venueApi)
  return settings
}

/** Flag before environment before file before default. @throws FinPulseError config-invalid */
export function upConfig(flags: UpFlags, environment: NodeJS.ProcessEnv): Config {
  const settings = serverSettings(flags)
  if (flags.feed !== undefined) setAt(settings, 'feed.type', flags.feed)
  if (flags.feedUrl !== undefined) setAt(settings, 'feed.url', flags.feedUrl)
  if (flags.symbols !== undefined) setAt(settings, 'feed.symbols', splitList(flags.symbols))
  if (flags.rate !== undefined) setAt(settings, 'feed.ratePerSecond', numberOf(flags.rate, '--rate'))
  if (flags.seed !== undefined) setAt(settings, 'feed.seed', numberOf(flags.seed, '--seed'))
  if (flags.backfill !== undefined) setAt(settings, 'feed.backfill', flags.backfill)
  if (flags.startTime !== undefined) setAt(settings, 'feed.startTime', flags.startTime)
  if (flags.count !== undefined) setAt(settings, 'feed.maxCount', numberOf(flags.count, '--count'))
  if (flags.market !== undefined) setAt(settings, 'feed.market', flags.market)
  if (flags.hours !== undefined) setAt(settings, 'feed.hours', flags.hours)
  if (flags.anomalies !== undefined)
    setAt(settings, 'feed.anomalies.ratesPerDay', parseAnomalyRates(flags.anomalies, '--anomalies'))
  if (flags.paymentsRate !== undefined) {
    setAt(settings, 'payments.ratePerSecond', numberOf(flags.paymentsRate, '--payments-rate'))
  }
  const file = flags.config === undefined ? {} : readConfigFile(flags.config)
  const fromEnvironment = settingsFromEnvironment(environment)
  const layered = mergeSettings(mergeSettings(file, fromEnvironment), settings)
  const feed = layered.feed as Settings | undefined
  if (feed !== undefined) feed.type ??= 'simulator'
  // Names such as TRADES_PER_SECOND are the simulator's: set for it, they must not keep another feed from starting.
  if (feed !== undefined && feed.type !== 'simulator') dropSimulatorSettings(feed, fromEnvironment)
  return checkConfig(layered, 'configuration')
}

const SIMULATOR_ENVIRONMENT = ['ratePerSecond', 'seed', 'backfill'] as const

/** Takes out what the environment alone has set for a simulator. */
function dropSimulatorSettings(feed: Settings, fromEnvironment: Settings): void {
  const set = fromEnvironment.feed as Settings | undefined
  for (const key of SIMULATOR_ENVIRONMENT) if (set?.[key] !== undefined && feed[key] === set[key]) delete feed[key]
}

/** The configuration of a replay that is served; `feed` is its replay part. */
export function replayConfig(flags: ServerFlags, feed: Settings, environment: NodeJS.ProcessEnv): Config {
  const fromEnvironment = settingsFromEnvironment(environment)
  // Names such as SYMBOLS are the simulator's.
  delete fromEnvironment.feed
  const file = flags.config === undefined ? {} : readConfigFile(flags.config)
  delete file.feed
  return checkConfig(
    mergeSettings(mergeSettings(file, fromEnvironment), {
      ...serverSettings(flags),
      feed: { type: 'replay', ...feed },
    }),
    'configuration',
  )
}
