import { describe, expect, it } from 'vitest'
import {
  formatCompact,
  formatFixed,
  formatPercent,
  groupDigits,
  signedDigits,
  unchangedPrefixLength,
} from './number.ts'

describe('figures on screen', () => {
  it('groups thousands and leaves every digit of an exact price as it came', () => {
    expect(groupDigits('61837.63000000')).toBe('61,837.63000000')
    expect(groupDigits('0.00000001')).toBe('0.00000001')
    expect(groupDigits('12345678901234567890')).toBe('12,345,678,901,234,567,890')
    expect(groupDigits('-1234.5')).toBe('−1,234.5')
    expect(groupDigits('999')).toBe('999')
  })

  it('signs a change, but not a zero', () => {
    expect(signedDigits('4.86')).toBe('+4.86')
    expect(signedDigits('-24.11')).toBe('−24.11')
    expect(signedDigits('0.00')).toBe('0.00')
    expect(signedDigits('-0.00')).toBe('0.00')
  })

  it('shortens large figures without ever printing 1000.0K', () => {
    expect(formatCompact(0)).toBe('0')
    expect(formatCompact(999)).toBe('999')
    expect(formatCompact(12.5)).toBe('12.50')
    expect(formatCompact(1234)).toBe('1.23K')
    expect(formatCompact(310_640)).toBe('310.6K')
    expect(formatCompact(999_960)).toBe('1.00M')
    expect(formatCompact(17_304_221)).toBe('17.30M')
    expect(formatCompact(1e12)).toBe('1.00T')
    expect(formatCompact(0.00001234)).toBe('0.000012')
    expect(formatCompact(Number.NaN)).toBe('–')
  })

  it('prints percentages and spreads with a fixed number of decimals', () => {
    expect(formatPercent(2.064)).toBe('+2.06%')
    expect(formatPercent(-0.001)).toBe('0.00%')
    expect(formatPercent(Number.NaN)).toBe('–')
    expect(formatFixed(1.335, 1)).toBe('1.3')
    expect(formatFixed(null, 2)).toBe('–')
  })
})

describe('unchangedPrefixLength', () => {
  it('counts the leading digits that stayed', () => {
    expect(unchangedPrefixLength('224.90', '224.96')).toBe(5)
    expect(unchangedPrefixLength('224.90', '225.90')).toBe(2)
  })

  it('is 0 where the number of digits changed, since then every digit moved', () => {
    expect(unchangedPrefixLength('99.99', '100.00')).toBe(0)
  })

  it('is 0 where nothing changed: there is no change to point out', () => {
    expect(unchangedPrefixLength('1.00', '1.00')).toBe(0)
  })
})
