import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConstantRate } from '../../feeds/schedule.ts'
import { LagMeter } from './lag-meter.ts'

const RATE = 1000
const schedule = new ConstantRate(RATE, 0)
const ranked = (sorted: readonly number[], part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!

describe('the lag of a run', () => {
  it('is that of every event, those that wait included, to 2 %', () => {
    // Stretches of at most 32 events, of which each is looked at.
    const stretches = fc.array(fc.record({ count: fc.integer({ min: 1, max: 32 }), lateMs: fc.nat(5000) }), {
      minLength: 1,
      maxLength: 20,
    })
    fc.assert(
      fc.property(stretches, fc.nat(31), (taken, waitingCount) => {
        const meter = new LagMeter(schedule)
        const lagsMs: number[] = []
        let [index, nowUs] = [0, 0]
        for (const { count, lateMs } of taken) {
          nowUs = Math.max(nowUs, schedule.dueUs(index + count) + lateMs * 1000)
          meter.took(index, index + count, nowUs)
          for (const end = index + count; index < end; index++) lagsMs.push((nowUs - schedule.dueUs(index)) / 1000)
        }
        const endUs = Math.max(nowUs, schedule.dueUs(index + waitingCount))
        for (let waiting = index; waiting < index + waitingCount; waiting++) {
          lagsMs.push((endUs - schedule.dueUs(waiting)) / 1000)
        }
        lagsMs.sort((a, b) => a - b)
        const { p50, p99, max } = meter.figures(index, index + waitingCount, endUs)!
        expect(max).toBeCloseTo(lagsMs.at(-1)!, 2)
        for (const [figure, part] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          expect(Math.abs(figure - ranked(lagsMs, part))).toBeLessThanOrEqual(ranked(lagsMs, part) * 0.02 + 0.01)
        }
      }),
    )
  })

  it('grows while nothing is taken', () => {
    const meter = new LagMeter(schedule)
    meter.took(0, 1000, schedule.dueUs(1000))
    const figuresAfter = (seconds: number) => meter.figures(1000, 60_000, schedule.dueUs(1000) + seconds * 1e6)!
    expect(figuresAfter(0).max).toBe(1000)
    expect(figuresAfter(10).max).toBe(10_000)
    expect(figuresAfter(30).p50).toBeGreaterThan(10_000)
    expect(figuresAfter(30).p99).toBeGreaterThan(29_000)
  })

  it('is none before an event is due', () => {
    expect(new LagMeter(schedule).figures(0, 100, 0)).toBeUndefined()
  })
})
