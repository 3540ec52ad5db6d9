import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newYorkDay, newYorkTimeUs } from '../calendar/new-york-time.ts'
import { QuotaBudget, type QuotaSettings } from './quota-budget.ts'

const MINUTE_US = 60_000_000
const SETTINGS: QuotaSettings = {
  pollEveryMs: 60_000,
  requestsPerDay: 25,
  requestsPerMinute: 5,
  hours: 'nyse',
  holidays: new Set(['2026-11-27']),
}

/** Times of the requests that a poller makes in turn, restarted after each of them. */
function polled(settings: QuotaSettings, startUs: number, count: number, symbolCount = 1): number[] {
  const times: number[] = []
  let budget = new QuotaBudget(settings)
  let nowUs = startUs
  for (let index = 0; index < count; index++) {
    nowUs = budget.dueUs(nowUs, symbolCount)
    budget.spend(nowUs)
    times.push(nowUs)
    const saved = structuredClone(budget.save())
    budget = new QuotaBudget(settings)
    budget.restore(saved)
  }
  return times
}

describe('the quota', () => {
  it('of a day is spread over the hours of trading, and the next request is of the next trading day', () => {
    const openUs = newYorkTimeUs('2026-11-25 09:30:00')
    const times = polled(SETTINGS, openUs - 30 * MINUTE_US, 26)
    expect(times[0]).toBe(openUs)
    for (let index = 1; index < 25; index++) {
      expect(times[index]! - times[index - 1]!).toBeCloseTo((390 / 25) * MINUTE_US, -1)
    }
    // Thanksgiving, the holiday of the settings and a weekend lie between.
    expect(times[25]).toBe(newYorkTimeUs('2026-11-30 09:30:00'))
  })

  it('large enough, it lets each symbol be asked for every minute, and never on a weekend', () => {
    const settings = { ...SETTINGS, requestsPerDay: 100_000 }
    const fridayUs = newYorkTimeUs('2026-11-20 15:59:00')
    const times = polled(settings, fridayUs, 3, 2)
    expect(times).toEqual([fridayUs, fridayUs + MINUTE_US / 2, newYorkTimeUs('2026-11-23 09:30:00')])
  })

  it('is kept over any day and any minute, whenever the feed is started again', () => {
    const symbolCounts = fc.constantFrom(1, 3)
    const settingsOf = fc.record({
      pollEveryMs: fc.constantFrom(1000, 60_000, 3_600_000),
      requestsPerDay: fc.integer({ min: 1, max: 40 }),
      requestsPerMinute: fc.integer({ min: 1, max: 6 }),
      hours: fc.constantFrom('nyse' as const, 'always' as const),
      holidays: fc.constant(SETTINGS.holidays),
    })
    const startUs = newYorkTimeUs('2026-10-30 00:00:00')
    fc.assert(
      fc.property(
        settingsOf,
        symbolCounts,
        fc.integer({ min: 0, max: 10 * 24 * 60 }),
        (settings, symbolCount, minute) => {
          const times = polled(settings, startUs + minute * MINUTE_US, 60, symbolCount)
          const perDay = Object.groupBy(times, newYorkDay)
          for (const day of Object.values(perDay)) expect(day!.length).toBeLessThanOrEqual(settings.requestsPerDay)
          for (const [index, timeUs] of times.entries()) {
            const before = times[index - settings.requestsPerMinute]
            if (before !== undefined) expect(timeUs - before).toBeGreaterThanOrEqual(MINUTE_US)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('stops until the next day where the vendor says so, and waits where it is told to', () => {
    const budget = new QuotaBudget({ ...SETTINGS, hours: 'always' })
    const nowUs = newYorkTimeUs('2026-11-20 10:00:00')
    budget.block(nowUs + MINUTE_US)
    expect(budget.dueUs(nowUs, 1)).toBe(nowUs + MINUTE_US)
    budget.stopDay(nowUs)
    expect(budget.isStopped(nowUs)).toBe(true)
    expect(budget.dueUs(nowUs, 1)).toBe(newYorkTimeUs('2026-11-21 00:00:00'))
  })

  it('does not wait for the time that a clock had before it was set back', () => {
    const budget = new QuotaBudget({ ...SETTINGS, requestsPerDay: 100_000 })
    const nowUs = newYorkTimeUs('2026-11-20 10:00:00')
    budget.spend(nowUs + 120 * MINUTE_US)
    expect(budget.dueUs(nowUs, 1)).toBe(nowUs + MINUTE_US)
  })
})
