import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RATE_SHAPES, StagedRate } from './staged-rate.ts'

const ORIGIN_US = 1.7e15
const rate = fc.double({ min: 0.5, max: 1e5, noNaN: true })
const stage = fc.record({
  durationSeconds: fc.double({ min: 0.5, max: 5000, noNaN: true }),
  fromPerSecond: rate,
  toPerSecond: rate,
})

describe('StagedRate', () => {
  it('counts the events due before a time as their due times say, which never fall', () => {
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 5 }), fc.nat(10_000_000), (stages, index) => {
        const schedule = new StagedRate(
          [{ durationSeconds: 10, fromPerSecond: 1, toPerSecond: 1 }, ...stages],
          ORIGIN_US,
        )
        const dueUs = schedule.dueUs(index)
        expect(schedule.dueUs(index + 1)).toBeGreaterThanOrEqual(dueUs)
        expect(schedule.countBefore(dueUs)).toBeLessThanOrEqual(index)
        expect(schedule.countBefore(dueUs + 1)).toBeGreaterThan(index)
      }),
    )
  })

  it('has as many events in a cycle as the integral of the rate', () => {
    const schedule = new StagedRate([{ durationSeconds: 10, fromPerSecond: 0, toPerSecond: 100 }], ORIGIN_US)
    expect(schedule.countBefore(ORIGIN_US + 10e6)).toBe(500)
    expect(schedule.countBefore(ORIGIN_US + 5e6)).toBe(125)
    expect(schedule.countBefore(ORIGIN_US + 25e6)).toBe(1125)
  })

  it('keeps the mean rate in every named shape', () => {
    for (const [name, seconds] of [
      ['ramp', 1200],
      ['burst', 60],
      ['diurnal', 23_400],
    ] as const) {
      const schedule = new StagedRate(RATE_SHAPES[name](100, 6.5 * 3600), ORIGIN_US)
      expect(Math.abs(schedule.countBefore(ORIGIN_US + seconds * 1e6) - 100 * seconds), name).toBeLessThan(2)
    }
  })

  it('ends a cycle of a whole number of events with its last one, though the parts add up to a little less or more', () => {
    for (const [rate, daySeconds] of [
      [10, 24 * 3600],
      [100, 24 * 3600],
      [7, 6.5 * 3600],
    ] as const) {
      const schedule = new StagedRate(RATE_SHAPES.diurnal(rate, daySeconds), ORIGIN_US)
      expect(schedule.countBefore(ORIGIN_US + daySeconds * 1e6), `${rate}`).toBe(rate * daySeconds)
      expect(schedule.dueUs(rate * daySeconds)).toBe(ORIGIN_US + daySeconds * 1e6)
    }
  })

  it('refuses a shape without events', () => {
    const nothing = [{ durationSeconds: 10, fromPerSecond: 0, toPerSecond: 0 }]
    expect(() => new StagedRate(nothing, ORIGIN_US)).toThrow('at least one event')
  })
})
