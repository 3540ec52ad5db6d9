import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divideRounded, formatDecimal } from './decimal.ts'
import { add, compare, decimalsOf, maxDecimalsOf, multiply, ratio, subtract, sum } from './decimal-text.ts'

const decimal = fc.record({
  digits: fc.bigInt({ min: 0n, max: 10n ** 40n }),
  decimals: fc.integer({ min: 0, max: 18 }),
})
const textOf = ({ digits, decimals }: { digits: bigint; decimals: number }) => formatDecimal(digits, decimals)
/** Everything at 40 decimals: the brute-force definition. */
const wide = ({ digits, decimals }: { digits: bigint; decimals: number }) => digits * 10n ** BigInt(40 - decimals)
const wideText = (text: string) => {
  const digits = BigInt(text.replace('.', ''))
  return digits * 10n ** BigInt(40 - decimalsOf(text))
}

describe('arithmetic on decimal texts', () => {
  it('agrees with whole numbers, also beyond 2^84 and below zero', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        expect(wideText(add(textOf(a), textOf(b)))).toBe(wide(a) + wide(b))
        expect(wideText(subtract(textOf(a), textOf(b)))).toBe(wide(a) - wide(b))
        expect(multiply(textOf(a), textOf(b))).toBe(formatDecimal(a.digits * b.digits, a.decimals + b.decimals))
        expect(Math.sign(compare(textOf(a), textOf(b)))).toBe(wide(a) < wide(b) ? -1 : wide(a) > wide(b) ? 1 : 0)
      }),
    )
  })

  it('sums of many agree with whole numbers, at the most decimals of any', () => {
    fc.assert(
      fc.property(fc.array(decimal, { maxLength: 8 }), (rows) => {
        const texts = rows.map(textOf)
        expect(wideText(sum(texts))).toBe(rows.reduce((total, row) => total + wide(row), 0n))
        expect(decimalsOf(sum(texts))).toBe(Math.max(0, ...rows.map(({ decimals }) => decimals)))
        expect(maxDecimalsOf(texts)).toBe(decimalsOf(sum(texts)))
      }),
    )
    expect(sum([])).toBe('0')
  })

  it('ratios are rounded half to even, the sign kept', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const expected = b.digits === 0n ? 0n : divideRounded(wide(a) * 1000n, wide(b))
        expect(ratio(textOf(a), textOf(b), 3)).toBe(formatDecimal(expected, 3))
        expect(ratio(`-${textOf(a)}`, textOf(b), 3)).toBe(formatDecimal(-expected, 3))
      }),
    )
    expect(ratio('-3.00', '8', 2)).toBe('-0.38')
    expect(ratio('1', '0', 2)).toBe('0.00')
  })

  it('prints the decimals of the wider operand', () => {
    expect(add('1.50', '2')).toBe('3.50')
    expect(subtract('1.5', '2.25')).toBe('-0.75')
    expect(multiply('230.12', '0.5')).toBe('115.060')
  })
})
