import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decimalsOf, roundDecimal, subtractDecimals } from './decimal.ts'

describe('decimal texts', () => {
  it('subtracts exactly where doubles would not', () => {
    expect(subtractDecimals('0.3', '0.1')).toBe('0.2')
    expect(subtractDecimals('1.00', '1.25')).toBe('-0.25')
    expect(subtractDecimals('10000000000000000000.00000001', '1')).toBe('9999999999999999999.00000001')
    expect(subtractDecimals('5', '-2.5')).toBe('7.5')
  })

  it('takes back what it subtracted', () => {
    const decimal = fc.tuple(fc.bigInt(-(10n ** 24n), 10n ** 24n), fc.integer({ min: 0, max: 12 })).map(textOf)
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const back = subtractDecimals(a, subtractDecimals(a, b))
        expect(subtractDecimals(back, b)).toMatch(/^0(\.0+)?$/)
      }),
    )
  })

  it('rounds half to even and fills up with zeros', () => {
    expect(roundDecimal('141.256450', 2)).toBe('141.26')
    expect(roundDecimal('0.125', 2)).toBe('0.12')
    expect(roundDecimal('0.135', 2)).toBe('0.14')
    expect(roundDecimal('-0.125', 2)).toBe('-0.12')
    expect(roundDecimal('9.99', 1)).toBe('10.0')
    expect(roundDecimal('7', 3)).toBe('7.000')
    expect(roundDecimal('7.5', 0)).toBe('8')
  })

  it('refuses what is no plain decimal, by name', () => {
    expect(() => subtractDecimals('1e5', '1')).toThrow('decimal "1e5": expected plain notation')
    expect(() => roundDecimal('', 2)).toThrow(RangeError)
  })

  it('counts digits after the point', () => {
    expect(decimalsOf('61837.63')).toBe(2)
    expect(decimalsOf('5')).toBe(0)
  })
})

function textOf([digits, decimals]: [bigint, number]): string {
  const sign = digits < 0n ? '-' : ''
  const all = (digits < 0n ? -digits : digits).toString().padStart(decimals + 1, '0')
  return decimals === 0 ? sign + all : `${sign}${all.slice(0, -decimals)}.${all.slice(-decimals)}`
}
