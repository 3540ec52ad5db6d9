import { FinPulseError } from '../../base/errors.ts'
import { NAME_PATTERN } from '../../events/limits.ts'
import { parseAnomalyRates, settledAnomalies } from '../../feeds/simulator/anomalies/anomaly-options.ts'
import { marketRules } from '../../feeds/simulator/simulator-market.ts'
import { presetSymbols } from '../../feeds/simulator/symbol-presets.ts'
import { checkConfig, mergeSettings, type Settings, type SimulatorConfig, setAt, splitList } from '../config.ts'
import type { MarketSpec } from '../generate/source-spec.ts'
import { anomaliesOf } from '../settings/anomaly-settings.ts'
import { oneOf, wholeNumber } from './flag-values.ts'
import { SYMBOLS_MAX_COUNT } from './generate-limits.ts'

/** The flags that say what the market is. They come before the `feed` of a `--config` file. */
export interface MarketFlags {
  readonly symbols?: string
  readonly market?: string
  readonly hours?: string
  readonly anomalies?: string
}

const MARKETS = ['equity', 'crypto'] as const
const HOURS = ['always', 'nyse'] as const

/**
 * @param source names the file in errors
 * @param fromFile `feed` of a configuration file; its rate, seed and times are for the other flags to say
 * @throws FinPulseError config-invalid
 */
export function marketOf(
  flags: MarketFlags,
  fromFile: Settings,
  source: string,
  originUs: number,
): Pick<MarketSpec, 'symbols' | 'rules' | 'anomalies'> {
  const feed = feedOf(flags, fromFile, source)
  const symbols = flags.symbols === undefined ? feed.symbols : symbolsFrom(flags.symbols, presetSymbols(feed.market))
  const names = symbols ?? presetSymbols(feed.market)
  const { ratesPerDay, schedule, labelDelayMs } = settledAnomalies(anomaliesOf(feed.anomalies), originUs)
  const hasAnomalies = Object.keys(ratesPerDay).length > 0 || schedule.length > 0
  return {
    symbols: names,
    rules: marketRules(feed, names),
    ...(hasAnomalies ? { anomalies: { ratesPerDay, schedule, labelDelayMs } } : {}),
  }
}

function feedOf({ market, hours, anomalies }: MarketFlags, fromFile: Settings, source: string): SimulatorConfig {
  const own: Settings = { type: 'simulator' }
  if (market !== undefined) own.market = oneOf(market, '--market', MARKETS)
  if (hours !== undefined) own.hours = oneOf(hours, '--hours', HOURS)
  if (anomalies !== undefined) setAt(own, 'anomalies.ratesPerDay', parseAnomalyRates(anomalies, '--anomalies'))
  const { feed } = checkConfig({ feed: mergeSettings(fromFile, own) }, source)
  return feed as SimulatorConfig
}

/** A list as it is; a number is so many, the well-known ones first. */
function symbolsFrom(text: string, presets: readonly string[]): string[] {
  if (/^\d+$/.test(text)) {
    const wanted = wholeNumber(text, '--symbols', 1, SYMBOLS_MAX_COUNT)
    return Array.from({ length: wanted }, (_, index) => presets[index] ?? `S${String(index).padStart(4, '0')}`)
  }
  const names = splitList(text)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw new FinPulseError('config-invalid', `--symbols: ${twice} is there twice`)
  const odd = names.find((name) => !NAME_PATTERN.test(name))
  if (odd !== undefined) throw new FinPulseError('config-invalid', `--symbols: "${odd}" is no symbol`)
  if (names.length >= 1 && names.length <= SYMBOLS_MAX_COUNT) return names
  throw new FinPulseError('config-invalid', `--symbols: expected 1 to ${SYMBOLS_MAX_COUNT}, got ${names.length}`)
}
