import { dayAfter } from './new-york-time.ts'

const DAY_MS = 86_400_000
const SUNDAY = 0
const MONDAY = 1
const THURSDAY = 4
const SATURDAY = 6
/** Years in which a holiday was first kept. */
const KING_SINCE_YEAR = 1998
const JUNETEENTH_SINCE_YEAR = 2022

/** Days on which the exchange was closed by no rule. */
export const SPECIAL_CLOSINGS: Readonly<Record<string, string>> = {
  '2001-09-11': 'attacks of 11 September',
  '2001-09-12': 'attacks of 11 September',
  '2001-09-13': 'attacks of 11 September',
  '2001-09-14': 'attacks of 11 September',
  '2004-06-11': 'mourning for Ronald Reagan',
  '2007-01-02': 'mourning for Gerald Ford',
  '2012-10-29': 'Hurricane Sandy',
  '2012-10-30': 'Hurricane Sandy',
  '2018-12-05': 'mourning for George H. W. Bush',
  '2025-01-09': 'mourning for Jimmy Carter',
}

/**
 * Days of a year on which the New York Stock Exchange is closed although they are weekdays: the holidays of its rule 7.2
 * and its special closings. True of 1998 and later; an earlier year gets the same rules, as far as they were kept then.
 */
export function nyseHolidays(year: number): ReadonlySet<string> {
  const martinLutherKingDay = nthWeekday(year, 1, MONDAY, 3)
  const washingtonsBirthday = nthWeekday(year, 2, MONDAY, 3)
  const goodFriday = dayFrom(easter(year), -2)
  const memorialDay = dayFrom(nthWeekday(year, 6, MONDAY, 1), -7)
  const juneteenth = observed(dayOf(year, 6, 19))
  const independenceDay = observed(dayOf(year, 7, 4))
  const laborDay = nthWeekday(year, 9, MONDAY, 1)
  const christmas = observed(dayOf(year, 12, 25))
  return new Set([
    ...newYear(year),
    ...(year >= KING_SINCE_YEAR ? [martinLutherKingDay] : []),
    ...[washingtonsBirthday, goodFriday, memorialDay],
    ...(year >= JUNETEENTH_SINCE_YEAR ? [juneteenth] : []),
    ...[independenceDay, laborDay, thanksgiving(year), christmas],
    ...Object.keys(SPECIAL_CLOSINGS).filter((day) => day.startsWith(`${year}-`)),
  ])
}

/**
 * Days of a year on which trading ends at 13:00: the day after Thanksgiving, and the days before Independence Day and
 * Christmas where both they and the holiday are weekdays. The rule of 2013 and later.
 */
export function nyseEarlyCloses(year: number): ReadonlySet<string> {
  const eves = [dayOf(year, 7, 3), dayOf(year, 12, 24)].filter((eve) => {
    const weekday = weekdayOf(eve)
    return weekday >= MONDAY && weekday <= THURSDAY
  })
  return new Set([...eves, dayAfter(thanksgiving(year))])
}

/** 0 is Sunday. */
export function weekdayOf(day: string): number {
  return new Date(day).getUTCDay()
}

/** A Saturday's holiday is kept on the Friday before, a Sunday's on the Monday after. */
function observed(day: string): string {
  const weekday = weekdayOf(day)
  if (weekday === SATURDAY) return dayFrom(day, -1)
  return weekday === SUNDAY ? dayFrom(day, 1) : day
}

/** A Saturday's is not kept: the Friday before is the last day of a year, on which the exchange is open. */
function newYear(year: number): string[] {
  const day = dayOf(year, 1, 1)
  return weekdayOf(day) === SATURDAY ? [] : [observed(day)]
}

function thanksgiving(year: number): string {
  return nthWeekday(year, 11, THURSDAY, 4)
}

/** The first, second, … such weekday of a month; months count from 1. */
function nthWeekday(year: number, month: number, weekday: number, nth: number): string {
  const first = dayOf(year, month, 1)
  return dayFrom(first, ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1))
}

/** Easter Sunday of the Gregorian calendar: the "anonymous" algorithm (Nature, 20 April 1876; Meeus, 1991, chapter 8). */
function easter(year: number): string {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const ofCentury = year % 100
  const moonCorrection = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  const epact = (19 * golden + century - Math.floor(century / 4) - moonCorrection + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451)
  const day = epact + toSunday - 7 * late + 114
  return dayOf(year, Math.floor(day / 31), (day % 31) + 1)
}

function dayOf(year: number, month: number, day: number): string {
  return isoDay(Date.UTC(year, month - 1, day))
}

function dayFrom(day: string, days: number): string {
  return isoDay(Date.parse(day) + days * DAY_MS)
}

function isoDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
