import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdRanges } from './id-ranges.ts'

const range = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 6 })).map(([from, length]) => [from, from + length] as const)

function idsOf([from, to]: readonly [number, number]): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

describe('a set of ids', () => {
  it('holds what was added, in as few ranges as there are', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), range, (added, asked) => {
        const ranges = new IdRanges()
        const ids = new Set<number>()
        for (const [from, to] of added) {
          ranges.add(from, to)
          for (const id of idsOf([from, to])) ids.add(id)
        }
        expect(ranges.overlaps(...asked)).toBe(idsOf(asked).some((id) => ids.has(id)))
        expect(ranges.count).toBe([...ids].filter((id) => !ids.has(id - 1)).length)
        for (let index = 0; index < ranges.count; index++) {
          expect(idsOf([ranges.fromAt(index), ranges.toAt(index)]).every((id) => ids.has(id))).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('forgets its lowest ranges, or takes them as one', () => {
    const of = () => {
      const ranges = new IdRanges()
      for (const id of [1, 5, 9, 13]) ranges.add(id, id)
      return ranges
    }
    const dropped = of()
    dropped.dropLowest(2)
    expect([1, 3, 5, 9, 13].map((id) => dropped.overlaps(id, id))).toEqual([false, false, false, true, true])
    const merged = of()
    merged.mergeLowest(2)
    expect([1, 3, 5, 9, 11, 13].map((id) => merged.overlaps(id, id))).toEqual([true, true, true, true, false, true])
    expect(merged.count).toBe(2)
  })
})
