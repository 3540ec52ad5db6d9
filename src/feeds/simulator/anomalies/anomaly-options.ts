import { FinPulseError } from '../../../base/errors.ts'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind } from '../../../events/label.ts'
import { type AskedStrength, checkKind, checkStrength, STRETCH_MAX_MS } from './anomaly-kinds.ts'

/** An anomaly at a set time. Exactly one of `atMs` and `afterMs` is given. */
export interface ScheduledAnomaly extends AskedStrength {
  readonly symbol: string
  /** Event time, ms since the epoch. */
  readonly atMs?: number | undefined
  /** From the event time of the market's first event, ms. */
  readonly afterMs?: number | undefined
}

/** What is to go wrong in a market, and how often. */
export interface MarketAnomalies {
  /** Stretches per symbol and day of event time, by kind; none of those left out. */
  readonly ratesPerDay: Readonly<Partial<Record<MarketAnomalyKind, number>>>
  readonly schedule: readonly ScheduledAnomaly[]
  /** From the end of a stretch to the event time of its label, ms. */
  readonly labelDelayMs: number
}

export const NO_ANOMALIES: MarketAnomalies = { ratesPerDay: {}, schedule: [], labelDelayMs: 0 }

/** Slots of a day: each has room for one drawn stretch of a symbol. */
export const SLOTS_PER_DAY = 86_400_000 / STRETCH_MAX_MS
/** All of it is part of a feed's position. */
export const SCHEDULE_MAX_COUNT = 200
const LABEL_DELAY_MAX_MS = 30 * 86_400_000

/** @throws FinPulseError config-invalid naming the first thing that is not possible */
export function checkAnomalies(anomalies: MarketAnomalies, symbols: readonly string[], subject: string): void {
  const { ratesPerDay, schedule, labelDelayMs } = anomalies
  checkRates(ratesPerDay, `${subject}.ratesPerDay`)
  if (schedule.length > SCHEDULE_MAX_COUNT) {
    throw invalid(`${subject}.schedule: expected at most ${SCHEDULE_MAX_COUNT} anomalies, got ${schedule.length}`)
  }
  schedule.forEach((entry, index) => {
    checkScheduled(entry, symbols, `${subject}.schedule[${index}]`)
  })
  if (!(labelDelayMs >= 0 && labelDelayMs <= LABEL_DELAY_MAX_MS)) {
    throw invalid(`${subject}.labelDelay: expected 0 to ${LABEL_DELAY_MAX_MS} ms, got ${labelDelayMs}`)
  }
}

function checkRates(rates: MarketAnomalies['ratesPerDay'], subject: string): void {
  let sum = 0
  for (const [kind, rate] of Object.entries(rates)) {
    checkKind(kind, subject, 'config-invalid')
    if (!(rate >= 0)) throw invalid(`${subject}.${kind}: expected 0 or more a day, got ${rate}`)
    sum += rate
  }
  if (sum <= SLOTS_PER_DAY) return
  throw invalid(`${subject}: expected at most ${SLOTS_PER_DAY} a day for each symbol, all kinds together, got ${sum}`)
}

function checkScheduled(entry: ScheduledAnomaly, symbols: readonly string[], subject: string): void {
  checkKind(entry.kind, `${subject}.kind`, 'config-invalid')
  checkStrength(entry, `${subject}.`, 'config-invalid')
  if (!symbols.includes(entry.symbol)) {
    throw invalid(`${subject}.symbol: expected one of ${shortList(symbols)}, got "${entry.symbol}"`)
  }
  const { atMs, afterMs } = entry
  const timeMs = atMs ?? afterMs
  if ((atMs === undefined) === (afterMs === undefined) || !(timeMs! >= 0)) {
    throw invalid(`${subject}: expected either at or after, 0 or more, got ${JSON.stringify({ atMs, afterMs })}`)
  }
}

/** The same in one form: every time set, also where the market's first event is long ago, and rates in order. */
export function settledAnomalies(given: Partial<MarketAnomalies>, marketStartUs: number): MarketAnomalies {
  const { ratesPerDay = {}, schedule = [], labelDelayMs = 0 } = given
  const rates = MARKET_ANOMALY_KINDS.map((kind) => [kind, ratesPerDay[kind] ?? 0] as const)
  return {
    ratesPerDay: Object.fromEntries(rates.filter(([, rate]) => rate > 0)),
    schedule: schedule.map(({ afterMs, ...entry }) =>
      afterMs === undefined ? entry : { ...entry, atMs: marketStartUs / 1000 + afterMs },
    ),
    labelDelayMs,
  }
}

/** Names for a text, as many as can be read. */
export function shortList(names: readonly string[]): string {
  return names.length <= 20 ? names.join(', ') : `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
}

/**
 * Rates as a flag gives them: `flash-crash=2,stale-feed=0.5` a day for each symbol; a kind alone is 1 a day, `all=2`
 * all kinds.
 * @throws FinPulseError config-invalid naming the kinds there are
 */
export function parseAnomalyRates(text: string, flag: string): MarketAnomalies['ratesPerDay'] {
  const rates: Partial<Record<MarketAnomalyKind, number>> = {}
  for (const part of text.split(',')) {
    const [name = '', value = '1'] = part.trim().split('=')
    const rate = value.trim() === '' ? Number.NaN : Number(value)
    const kinds = name === 'all' ? MARKET_ANOMALY_KINDS : MARKET_ANOMALY_KINDS.filter((kind) => kind === name)
    if (kinds.length === 0 || !Number.isFinite(rate)) {
      const known = ['all', ...MARKET_ANOMALY_KINDS].join(', ')
      throw invalid(`${flag}: expected ${known}, as in flash-crash=2,stale-feed=0.5, got "${part}"`)
    }
    for (const kind of kinds) rates[kind] = rate
  }
  checkRates(rates, flag)
  return rates
}

function invalid(text: string): FinPulseError {
  return new FinPulseError('config-invalid', text)
}
