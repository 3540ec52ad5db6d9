import { type Interval, intervalMs, isInterval } from '../../events/interval.ts'

/**
 * The venue's kline intervals, shortest first (rest-api.md of its documentation). The engine keeps six of them; longer
 * ones are rolled up from those, and seconds are made of trades.
 */
export const VENUE_INTERVALS = [
  ...['1s', '1m', '3m', '5m', '15m', '30m', '1h', '2h'],
  ...['4h', '6h', '8h', '12h', '1d', '3d', '1w', '1M'],
] as VenueInterval[]
export type RolledInterval = '3m' | '30m' | '2h' | '6h' | '8h' | '12h' | '3d' | '1w' | '1M'
export type VenueInterval = '1s' | Interval | RolledInterval

interface RollUp {
  /** The longest kept interval that divides it. */
  readonly base: Interval
  /** How many base candles it has, at most. */
  readonly partMaxCount: number
}

const ROLL_UPS: Readonly<Record<RolledInterval, RollUp>> = {
  '3m': { base: '1m', partMaxCount: 3 },
  '30m': { base: '15m', partMaxCount: 2 },
  '2h': { base: '1h', partMaxCount: 2 },
  '6h': { base: '1h', partMaxCount: 6 },
  '8h': { base: '4h', partMaxCount: 2 },
  '12h': { base: '4h', partMaxCount: 3 },
  '3d': { base: '1d', partMaxCount: 3 },
  '1w': { base: '1d', partMaxCount: 7 },
  '1M': { base: '1d', partMaxCount: 31 },
}

const SECOND_MS = 1000
const DAY_MS = intervalMs('1d')
/** The epoch was a Thursday, and weeks begin on Mondays. */
const FIRST_MONDAY_MS = 4 * DAY_MS

export function isVenueInterval(text: string): text is VenueInterval {
  return text === '1s' || isInterval(text) || Object.hasOwn(ROLL_UPS, text)
}

export function isRolled(interval: VenueInterval): interval is RolledInterval {
  return Object.hasOwn(ROLL_UPS, interval)
}

/** What its klines are made of; a kept interval is its own base. */
export function baseOf(interval: Exclude<VenueInterval, '1s'>): RollUp {
  return isRolled(interval) ? ROLL_UPS[interval] : { base: interval, partMaxCount: 1 }
}

/** Those that are rolled up from a kept interval. */
export function rolledFrom(base: Interval): readonly RolledInterval[] {
  return VENUE_INTERVALS.filter(
    (interval) => isRolled(interval) && ROLL_UPS[interval].base === base,
  ) as RolledInterval[]
}

/**
 * Open time of the kline that a time lies in, all in UTC: three days are counted from the epoch, weeks begin on Mondays,
 * months are those of the calendar.
 */
export function openTimeOf(interval: VenueInterval, timeMs: number): number {
  if (interval === '1M') return monthAfter(timeMs, 0)
  const shiftMs = interval === '1w' ? FIRST_MONDAY_MS : 0
  const lengthMs = lengthOf(interval)
  return Math.floor((timeMs - shiftMs) / lengthMs) * lengthMs + shiftMs
}

/** Open time of the first kline that opens at this time or later. */
export function nextOpenTime(interval: VenueInterval, timeMs: number): number {
  const openTimeMs = openTimeOf(interval, timeMs)
  return openTimeMs === timeMs ? timeMs : openTimeAfter(interval, openTimeMs, 1)
}

/** Open time of the kline that comes `count` klines after the one with this open time. */
export function openTimeAfter(interval: VenueInterval, openTimeMs: number, count: number): number {
  return interval === '1M' ? monthAfter(openTimeMs, count) : openTimeMs + count * lengthOf(interval)
}

function lengthOf(interval: Exclude<VenueInterval, '1M'>): number {
  if (interval === '1s') return SECOND_MS
  const { base, partMaxCount } = baseOf(interval)
  return intervalMs(base) * partMaxCount
}

function monthAfter(timeMs: number, count: number): number {
  const date = new Date(timeMs)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1)
}
