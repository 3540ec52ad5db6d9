import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dayAfter } from './new-york-time.ts'
import { NyseCalendar, type Session } from './nyse-calendar.ts'
import { SPECIAL_CLOSINGS, weekdayOf } from './nyse-holidays.ts'

const HOUR_US = 3_600_000_000
/** Daily prices of SPY, 2017 and 2018. */
const DAILY = new URL('../../../../shared/data/indicators/default.csv', import.meta.url)

/** Days of a year that are not weekends, in two lists: no session, and a session of 3.5 hours. */
function oddDays(year: number) {
  const calendar = new NyseCalendar()
  const closed: string[] = []
  const early: string[] = []
  for (let day = `${year}-01-01`; day.startsWith(String(year)); day = dayAfter(day)) {
    if (weekdayOf(day) === 0 || weekdayOf(day) === 6) continue
    const session = calendar.sessionOn(day)
    if (session === undefined) closed.push(day.slice(5))
    else if (session.closeUs - session.openUs === 3.5 * HOUR_US) early.push(day.slice(5))
    else expect(session.closeUs - session.openUs, day).toBe(6.5 * HOUR_US)
  }
  return { closed: closed.join(' '), early: early.join(' ') }
}

function sessionsOf(from: string, to: string): Session[] {
  const calendar = new NyseCalendar()
  const sessions: Session[] = []
  for (let day = from; day <= to; day = dayAfter(day)) {
    const session = calendar.sessionOn(day)
    if (session !== undefined) sessions.push(session)
  }
  return sessions
}

describe('the calendar of the New York Stock Exchange', () => {
  /*
   * Published: 2014 and 2015 by the exchange in 2013; 2021 to 2023 in its release of 28 December 2020 (Juneteenth was
   * added in 2021); 2025 in that of 8 November 2024 (the closing of 9 January came after it), 2026 to 2028 in that of 23
   * December 2025.
   */
  it.each([
    [2014, '01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25', '07-03 11-28 12-24'],
    [2015, '01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25', '11-27 12-24'],
    [2021, '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24', '11-26'],
    [2022, '01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26', '11-25'],
    [2023, '01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25', '07-03 11-24'],
    [2025, '01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25', '07-03 11-28 12-24'],
    [2026, '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25', '11-27 12-24'],
    [2027, '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24', '11-26'],
    [2028, '01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25', '07-03 11-24'],
  ])('is that which was published for %i', (year, closed, early) => {
    expect(oddDays(year)).toEqual({ closed, early })
  })

  it('is closed on the days of mourning and storms', () => {
    const calendar = new NyseCalendar()
    expect(Object.keys(SPECIAL_CLOSINGS).filter((day) => calendar.sessionOn(day) !== undefined)).toEqual([])
    expect(sessionsOf('2012-10-26', '2012-10-31').map(({ day }) => day)).toEqual(['2012-10-26', '2012-10-31'])
  })

  it('has the number of sessions that each of these years had', () => {
    const counts = [2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025].map(
      (year) => sessionsOf(`${year}-01-01`, `${year}-12-31`).length,
    )
    expect(counts).toEqual([251, 252, 253, 252, 251, 250, 252, 250])
  })

  it.each([
    ['2026-03-06', '14:30'],
    ['2026-03-09', '13:30'],
    ['2026-10-30', '13:30'],
    ['2026-11-02', '14:30'],
    ['2006-04-03', '13:30'],
    ['2006-03-31', '14:30'],
  ])('opens on %s at %s UTC, as daylight saving time goes', (day, time) => {
    expect(new NyseCalendar().sessionOn(day)?.openUs).toBe(Date.parse(`${day}T${time}:00Z`) * 1000)
  })

  it('takes further holidays', () => {
    expect(new NyseCalendar(['2026-11-20']).sessionOn('2026-11-20')).toBeUndefined()
    expect(new NyseCalendar(['2026-11-20']).sessionOn('2026-11-19')).toBeDefined()
  })

  const hasDaily = existsSync(DAILY)
  if (!hasDaily) console.warn(`skipped: ${DAILY.pathname} is not there`)
  it.skipIf(!hasDaily)('has a session on each day of recorded prices, and on no other', () => {
    const days = readFileSync(DAILY, 'utf8').trim().split('\n').slice(1)
    const recorded = days.map((line) => line.split(',')[0]!)
    expect(recorded.length).toBeGreaterThan(500)
    expect(sessionsOf(recorded[0]!, recorded.at(-1)!).map(({ day }) => day)).toEqual(recorded)
  })
})
