import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addBigInt,
  addLimbs,
  addProduct,
  type DecimalDigits,
  digitsToBigInt,
  digitsToNumber,
  divideRounded,
  formatDecimal,
  LIMB,
  parseDecimalBytes,
  parseDecimalText,
  scaleDigits,
} from './decimal.ts'

const LIMIT = 1n << 84n
const digitsBelowLimit = fc.oneof(
  fc.bigInt({ min: 0n, max: LIMIT - 1n }),
  fc.bigInt({ min: 0n, max: 1n << 54n }),
  fc.bigInt({ min: (1n << 52n) - 3n, max: (1n << 52n) + 3n }),
  fc.bigInt({ min: LIMIT - 3n, max: LIMIT - 1n }),
)
const factor = fc.oneof(fc.integer({ min: 0, max: LIMB - 1 }), fc.integer({ min: LIMB - 3, max: LIMB - 1 }), fc.nat(9))

function parseText(text: string): DecimalDigits | undefined {
  const into = { low: -1, high: -1, decimals: -1 }
  return parseDecimalText(text, into) ? into : undefined
}

function parseBytes(text: string): DecimalDigits | undefined {
  const bytes = Buffer.from(`x${text}y`)
  const into = { low: -1, high: -1, decimals: -1 }
  return parseDecimalBytes(bytes, 1, bytes.length - 1, into) ? into : undefined
}

function sumOf(sums: Float64Array): bigint {
  return digitsToBigInt(sums[0]!, sums[1]!, sums[2]!)
}

describe('reading decimals', () => {
  it('what was printed is read again, digit for digit, from text and from bytes', () => {
    fc.assert(
      fc.property(digitsBelowLimit, fc.nat(18), (digits, decimals) => {
        const text = formatDecimal(digits, decimals)
        for (const read of [parseText(text), parseBytes(text)]) {
          expect(read?.decimals).toBe(decimals)
          expect(digitsToBigInt(read!.low, read!.high)).toBe(digits)
        }
      }),
    )
  })

  it('bytes and text are read alike, whatever they say', () => {
    const pieces = fc.constantFrom('0', '1', '9', '.', 'e', '-', '+', '00', '12345678', ' ', 'E7', 'x')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
        expect(parseBytes(parts.join(''))).toEqual(parseText(parts.join('')))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['1e-8', 1n, 8],
    ['1.5E3', 1500n, 0],
    ['12.50e1', 1250n, 1],
    ['0.00000000', 0n, 8],
    ['007', 7n, 0],
    ['.5', 5n, 1],
    ['5.', 5n, 0],
    ['0e22', 0n, 0],
    ['19342813113834066795298815', LIMIT - 1n, 0],
  ])('%s is read exactly', (text, digits, decimals) => {
    const read = parseText(text)!
    expect([digitsToBigInt(read.low, read.high), read.decimals]).toEqual([digits, decimals])
    expect(parseBytes(text)).toEqual(read)
  })

  it.each([
    '',
    '.',
    '-1',
    '+1',
    'NaN',
    'Infinity',
    '1,5',
    '1.2.3',
    '0x10',
    '1e',
    ' 1',
    '1e-19',
    '0.0000000000000000001',
    '19342813113834066795298816',
    '1e26',
    '9'.repeat(65),
  ])('"%s" is refused', (text) => {
    expect(parseText(text)).toBeUndefined()
    expect(parseBytes(text)).toBeUndefined()
  })
})

describe('arithmetic on limbs', () => {
  it('products add up as whole numbers of any size do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(factor, factor), { maxLength: 30 }), (pairs) => {
        const sums = new Float64Array(5).fill(7)
        sums.fill(0, 1, 4)
        for (const [a, b] of pairs) addProduct(sums, 1, a, b)
        expect(sumOf(sums.subarray(1, 4))).toBe(pairs.reduce((sum, [a, b]) => sum + BigInt(a) * BigInt(b), 0n))
        expect([sums[0], sums[4]]).toEqual([7, 7])
        expect(sums[1]! < LIMB && sums[2]! < LIMB).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('limbs and large numbers add up with their carries', () => {
    const addend = fc.bigInt({ min: 0n, max: (1n << 150n) - 1n })
    fc.assert(
      fc.property(fc.array(addend, { maxLength: 20 }), fc.array(fc.tuple(factor, factor)), (values, limbs) => {
        const sums = new Float64Array(3)
        for (const value of values) addBigInt(sums, 0, value)
        for (const [low, high] of limbs) addLimbs(sums, 0, low, high, 1)
        const ofLimbs = limbs.reduce((sum, [low, high]) => sum + digitsToBigInt(low, high, 1), 0n)
        expect(sumOf(sums)).toBe(values.reduce((sum, value) => sum + value, 0n) + ofLimbs)
      }),
    )
  })

  it('more decimals leave the value as it is, or are refused where it no longer fits', () => {
    fc.assert(
      fc.property(digitsBelowLimit, fc.nat(18), (digits, places) => {
        const value = { low: Number(digits % BigInt(LIMB)), high: Number(digits / BigInt(LIMB)), decimals: 2 }
        const scaled = digits * 10n ** BigInt(places)
        expect(scaleDigits(value, places)).toBe(scaled < LIMIT)
        expect(digitsToBigInt(value.low, value.high)).toBe(scaled < LIMIT ? scaled : digits)
        expect(value.decimals).toBe(scaled < LIMIT ? 2 + places : 2)
      }),
    )
  })

  it('a quotient is rounded half to even', () => {
    const cases = [
      [5n, 2n, 2n],
      [7n, 2n, 4n],
      [1n, 3n, 0n],
      [2n, 3n, 1n],
      [0n, 9n, 0n],
      [9n, 9n, 1n],
    ] as const
    for (const [numerator, denominator, quotient] of cases) expect(divideRounded(numerator, denominator)).toBe(quotient)
  })

  it('digits become the nearest double', () => {
    expect(digitsToNumber(6_183_763, 0, 2)).toBe(61_837.63)
    expect(digitsToNumber(0, 1, 0)).toBe(LIMB)
  })
})

it('negative results are printed with their sign in front', () => {
  expect([formatDecimal(-5, 2), formatDecimal(-1234n, 2), formatDecimal(-7, 0)]).toEqual(['-0.05', '-12.34', '-7'])
})
