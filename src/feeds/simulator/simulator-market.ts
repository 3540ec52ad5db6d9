import { newYorkDay, newYorkTimeUs } from '../calendar/new-york-time.ts'
import { NyseCalendar } from '../calendar/nyse-calendar.ts'
import { SessionTable } from '../calendar/session-table.ts'
import { ConstantRate, type Schedule } from '../schedule.ts'
import type { MarketHours, SimulatedMarket, SymbolModel } from './symbol-presets.ts'
import { SessionSchedule } from './world/session-schedule.ts'

const DAY_US = 86_400_000_000
/** How far back the last session is looked for. */
const LAST_SESSION_DAYS = 30

/** What kind of market is simulated: all of it that the events depend on, beside seed, symbols and rate. */
export interface MarketRules {
  readonly market: SimulatedMarket
  readonly hours: MarketHours
  /** Days without trading beside those of the exchange, `2026-12-25`. */
  readonly holidays: readonly string[]
  /** By symbol. */
  readonly models: Readonly<Record<string, SymbolModel>>
}

/** The rules with their defaults, in an order of their own; of the models those of these symbols. */
export function marketRules(given: Partial<MarketRules>, symbols: readonly string[]): MarketRules {
  const { market = 'equity', hours = 'always', holidays = [], models = {} } = given
  const wanted = new Set(symbols)
  return {
    market,
    hours,
    // Around the clock there is no holiday.
    holidays: hours === 'always' ? [] : [...new Set(holidays)].toSorted(),
    models: sorted(models, (symbol, model) =>
      wanted.has(symbol) ? sorted({ ...model }, (_, value) => value) : undefined,
    ),
  }
}

/** Both as `marketRules` gives them. */
export function isSameMarket(one: MarketRules, other: MarketRules): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** The entries by name, without those that are mapped to undefined. */
function sorted<T, U>(from: Readonly<Record<string, T>>, map: (name: string, value: T) => U | undefined) {
  const entries = Object.entries(from)
    .map(([name, value]) => [name, map(name, value)] as const)
    .filter((entry): entry is [string, U] => entry[1] !== undefined)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Open hours from a time on; undefined around the clock. */
export function sessionsOf({ hours, holidays }: MarketRules, fromUs: number): SessionTable | undefined {
  return hours === 'always' ? undefined : new SessionTable(new NyseCalendar(holidays), fromUs)
}

/** An even rate while the market is open. */
export function evenRate(
  ratePerSecond: number,
  originUs: number,
  originIndex: number,
  sessions: SessionTable | undefined,
): Schedule {
  const rate = new ConstantRate(ratePerSecond, originUs, originIndex)
  return sessions === undefined ? rate : new SessionSchedule(rate, sessions, originUs)
}

/**
 * Where the history of a market begins that has so much of it, µs: counted back from now, or from the last close where
 * the market is closed, over days with a session alone. So `24h` has all of Friday's session on a Sunday, and on a Monday
 * when the market opens.
 */
export function historyStartUs(rules: MarketRules, nowUs: number, lengthUs: number): number {
  const sessions = sessionsOf(rules, nowUs - LAST_SESSION_DAYS * DAY_US)
  if (sessions === undefined) return nowUs - lengthUs
  const calendar = new NyseCalendar(rules.holidays)
  let endUs = sessions.lastOpenUs(nowUs) ?? nowUs
  let leftUs = lengthUs
  for (let day = newYorkDay(endUs); endUs > 0; day = newYorkDay(endUs - 1)) {
    const startUs = newYorkTimeUs(`${day} 00:00:00`)
    if (calendar.sessionOn(day) !== undefined) {
      if (leftUs <= endUs - startUs) return endUs - leftUs
      leftUs -= endUs - startUs
    }
    endUs = startUs
  }
  return 0
}
