import fc from 'fast-check'
import { expect, it } from 'vitest'
import { treemap } from './treemap.ts'

it('fills the whole with areas in proportion to the weights, nothing outside', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(weights, fc.double({ min: 0.2, max: 8, noNaN: true }), (unsorted, aspect) => {
      const items = unsorted.toSorted((a, b) => b - a)
      const total = items.reduce((sum, weight) => sum + weight, 0)
      const tiles = treemap(items, (weight) => weight, aspect)
      expect(tiles).toHaveLength(items.length)
      for (const { item, left, top, width, height } of tiles) {
        expect((width * height) / 10_000).toBeCloseTo(item / total, 6)
        expect(Math.min(left, top)).toBeGreaterThan(-1e-6)
        expect(Math.max(left + width, top + height)).toBeLessThan(100 + 1e-6)
      }
    }),
  )
})

it('has no tiles for no items', () => {
  expect(treemap([], () => 1, 2)).toEqual([])
})
