import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayAfter, newYorkDay } from '../../calendar/new-york-time.ts'
import { NyseCalendar } from '../../calendar/nyse-calendar.ts'
import { SessionTable } from '../../calendar/session-table.ts'
import { ConstantRate, type Schedule } from '../../schedule.ts'
import { SessionSchedule } from './session-schedule.ts'
import { RATE_SHAPES, StagedRate } from './staged-rate.ts'

const START_US = Date.UTC(2025, 10, 1) * 1000
const DAY_US = 86_400_000_000
const CALENDAR = new NyseCalendar()

/** The definition: go from day to day and use up the open time of each session. */
function dueByHand(originUs: number, openUs: number): number {
  let left = openUs
  for (let day = newYorkDay(originUs); ; day = dayAfter(day)) {
    const session = CALENDAR.sessionOn(day)
    if (session === undefined || session.closeUs <= originUs) continue
    const fromUs = Math.max(originUs, session.openUs)
    if (left < session.closeUs - fromUs) return fromUs + left
    left -= session.closeUs - fromUs
  }
}

function countByHand(schedule: Schedule, timeUs: number, upTo: number): number {
  let count = 0
  while (count < upTo && schedule.dueUs(count) < timeUs) count += 1
  return count
}

const origin = fc.integer({ min: 0, max: 90 * 24 * 60 }).map((minute) => START_US + minute * 60_000_000)

describe('SessionSchedule', () => {
  it('has each event after as much open time as the schedule inside has time, in order', () => {
    const rate = fc.double({ min: 0.001, max: 2000, noNaN: true })
    fc.assert(
      fc.property(origin, rate, fc.array(fc.nat(2_000_000), { maxLength: 8 }), (originUs, ratePerSecond, indexes) => {
        const within = new ConstantRate(Math.max(ratePerSecond, Math.max(...indexes, 1) / 3e7), originUs)
        const schedule = new SessionSchedule(within, new SessionTable(CALENDAR, START_US), originUs)
        for (const index of indexes) {
          const dueUs = schedule.dueUs(index)
          expect(dueUs).toBe(dueByHand(originUs, within.dueUs(index) - originUs))
          expect(schedule.dueUs(index + 1)).toBeGreaterThanOrEqual(dueUs)
          expect(schedule.countBefore(dueUs)).toBeLessThanOrEqual(index)
          expect(schedule.countBefore(dueUs + 1)).toBeGreaterThan(index)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('counts the events before any time, open or not', () => {
    const days = fc.double({ min: -2, max: 12, noNaN: true })
    fc.assert(
      fc.property(origin, days, fc.boolean(), (originUs, afterDays, isShaped) => {
        const within = isShaped
          ? new StagedRate(RATE_SHAPES.diurnal(0.002, 6.5 * 3600), originUs)
          : new ConstantRate(0.002, originUs)
        const schedule = new SessionSchedule(within, new SessionTable(CALENDAR, START_US), originUs)
        const timeUs = Math.floor(originUs + afterDays * DAY_US)
        expect(schedule.countBefore(timeUs)).toBe(countByHand(schedule, timeUs, 5000))
      }),
      { numRuns: 60 },
    )
  })

  it('answers about years ahead and back again alike', () => {
    const sessions = new SessionTable(CALENDAR, START_US)
    const schedule = new SessionSchedule(new ConstantRate(1, START_US), sessions, START_US)
    const first = schedule.dueUs(0)
    // 25 years of 252 sessions, about.
    const far = schedule.dueUs(25 * 252 * 23_400)
    expect(new Date(far / 1000).getUTCFullYear()).toBeGreaterThanOrEqual(2050)
    expect(schedule.countBefore(far)).toBe(25 * 252 * 23_400)
    expect(schedule.dueUs(0)).toBe(first)
    expect(first).toBe(CALENDAR.sessionOn('2025-11-03')!.openUs)
  })

  it('refuses a calendar that never opens', () => {
    const never = { sessionOn: () => undefined }
    expect(() => new SessionTable(never, Date.UTC(2199, 0, 1) * 1000)).toThrow('sessions: expected times up to 2200')
  })
})
