import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hashText, Random } from './random.ts'

it('gives the numbers of the published algorithm', () => {
  // xoshiro128** of the state 1, 2, 3, 4, as the reference implementation by Blackman and Vigna gives them.
  const random = new Random(0)
  random.restore([1, 2, 3, 4, null])
  const numbers = Array.from({ length: 10 }, () => random.nextUint32())
  expect(numbers).toEqual([
    11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492, 1_287_239_034, 3_734_860_849, 3_729_100_597,
    4_258_142_804,
  ])
})

it('goes on where it was saved, in the middle of a pair of normal numbers too, and through JSON', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(9), (seed, count) => {
      const random = new Random(seed)
      for (let n = 0; n < count; n++) random.nextNormal()
      const copy = new Random(seed + 1)
      copy.restore(JSON.parse(JSON.stringify(random.save())))
      const draw = (from: Random) => [from.nextNormal(), from.next(), from.nextInt(1000), from.nextNormal()]
      expect(draw(copy)).toEqual(draw(random))
    }),
  )
})

it('seeds and streams are told apart, large seeds by all of their bits', () => {
  const first = (seed: number, stream?: number) => new Random(seed, stream).nextUint32()
  const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]
  expect(new Set(seeds.map((seed) => first(seed))).size).toBe(seeds.length)
  expect(new Set([0, 1, 2, 3].map((stream) => first(7, stream))).size).toBe(4)
  expect(first(7, 3)).toBe(first(7, 3))
})

it('whole numbers stay below their bound, and numbers below one', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, bound) => {
      const random = new Random(seed)
      const value = random.nextInt(bound)
      expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true)
      expect(random.next()).toBeLessThan(1)
    }),
  )
})

it('normal numbers have the mean 0 and the deviation 1', () => {
  const random = new Random(1)
  const numbers = Array.from({ length: 20_000 }, () => random.nextNormal())
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length
  const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length
  expect(Math.abs(mean)).toBeLessThan(0.03)
  expect(Math.abs(variance - 1)).toBeLessThan(0.05)
})

it('a text has the same hash on every machine', () => {
  expect(['', 'AAPL', 'BTCUSDT'].map(hashText)).toMatchInlineSnapshot(`
    [
      2872998923,
      2272979962,
      118853083,
    ]
  `)
})
