import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConstantRate } from '../../feeds/schedule.ts'
import { MergedSchedule } from './merged-schedule.ts'

const rate = fc.constantFrom(0.3, 1, 7, 1000, 3e5, 2e6, 5e7)

describe('a merged schedule', () => {
  it('is the two streams sorted by time, the first one before the other', () => {
    fc.assert(
      fc.property(rate, rate, fc.integer({ min: 0, max: 300 }), (firstRate, secondRate, count) => {
        const first = new ConstantRate(firstRate, 1_000_000)
        const second = new ConstantRate(secondRate, 1_000_000)
        const merged = new MergedSchedule(first, second)
        let [fromFirst, fromSecond] = [0, 0]
        for (let index = 0; index < count; index++) {
          expect(merged.splitAt(index)).toEqual({ first: fromFirst, second: fromSecond })
          const isFirst = first.dueUs(fromFirst) <= second.dueUs(fromSecond)
          const dueUs = isFirst ? first.dueUs(fromFirst) : second.dueUs(fromSecond)
          expect(merged.dueUs(index)).toBe(dueUs)
          expect(merged.countBefore(dueUs)).toBeLessThanOrEqual(index)
          if (isFirst) fromFirst += 1
          else fromSecond += 1
        }
      }),
      { numRuns: 40 },
    )
  })
})
