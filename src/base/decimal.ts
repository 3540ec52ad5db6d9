/**
 * Exact decimals without an object per number.
 *
 * A decimal is `digits / 10^decimals`; its digits are one non-negative integer, split over two numbers:
 * `digits = high · 2^52 + low` with `low < 2^52` and `high < 2^32`, so below 2^84 (25 decimal digits).
 * Nearly every price and quantity has `high = 0`, and then `low` alone, a plain number, is the exact integer.
 */

/** 2^52: one limb. The sum of two limbs is still an exact double. */
export const LIMB = 2 ** 52
const LIMB_BIG = 1n << 52n
const HALF = 2 ** 26
const HALF_INVERSE = 2 ** -26

/** Most fraction digits that a price or quantity may have. */
export const DECIMALS_MAX = 18
/** Exclusive maximum of a decimal's digits as a whole number. */
export const DIGITS_LIMIT = 2 ** 84

/** 10^n for n from 0 to 22: the powers of ten that a double holds exactly. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)

/** Where the parser leaves its result; one is reused for all calls, so that parsing allocates nothing. */
export interface DecimalDigits {
  low: number
  high: number
  decimals: number
}

const ZERO_CODE = 48
const POINT_CODE = 46

/**
 * Reads decimal notation (`61837.63000000`, `1e-8`) from ASCII bytes, exactly. Trailing zeros count as decimals: venues
 * pad to the instrument's decimals, and results are printed with as many.
 * @returns false for anything else: empty, signed, NaN, more than 18 decimals, 2^84 or above
 */
export function parseDecimalBytes(bytes: Uint8Array, start: number, end: number, into: DecimalDigits): boolean {
  let digits = 0
  let pointAt = -1
  let index = start
  // Fifteen digits always fit in a limb; longer texts take the exact slow way.
  const fastEnd = Math.min(end, start + 16)
  for (; index < fastEnd; index++) {
    const code = bytes[index]!
    if (code === POINT_CODE) {
      if (pointAt >= 0) return false
      pointAt = index
    } else {
      const digit = code - ZERO_CODE
      if (digit < 0 || digit > 9) return parseLongDecimal(bytes, start, end, into)
      digits = digits * 10 + digit
    }
  }
  if (index < end || digits >= LIMB) return parseLongDecimal(bytes, start, end, into)
  const decimals = pointAt < 0 ? 0 : end - pointAt - 1
  if (end - start - (pointAt < 0 ? 0 : 1) < 1) return false
  into.low = digits
  into.high = 0
  into.decimals = decimals
  return true
}

function parseLongDecimal(bytes: Uint8Array, start: number, end: number, into: DecimalDigits): boolean {
  if (end - start > 64) return false
  let text = ''
  for (let index = start; index < end; index++) text += String.fromCharCode(bytes[index]!)
  return parseDecimalText(text, into)
}

const DECIMAL_PATTERN = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/** As `parseDecimalBytes`, from a text. */
export function parseDecimalText(text: string, into: DecimalDigits): boolean {
  if (text.length > 64) return false
  const match = DECIMAL_PATTERN.exec(text)
  if (match === null) return false
  const fraction = match[2] ?? ''
  const all = (match[1] ?? '') + fraction
  const decimals = fraction.length - Number(match[3] ?? 0)
  if (all === '' || decimals > DECIMALS_MAX || decimals < -POWERS_OF_TEN.length) return false
  const digits = BigInt(all) * 10n ** BigInt(Math.max(0, -decimals))
  if (digits >= LIMB_BIG << 32n) return false
  into.low = Number(digits % LIMB_BIG)
  into.high = Number(digits / LIMB_BIG)
  into.decimals = Math.max(0, decimals)
  return true
}

/** Multiplies the digits by 10^places in place. @returns false when they reach 2^84 */
export function scaleDigits(value: DecimalDigits, places: number): boolean {
  if (places === 0) return true
  const scaled = value.low * POWERS_OF_TEN[places]!
  if (value.high === 0 && scaled < LIMB) {
    value.low = scaled
  } else {
    const digits = digitsToBigInt(value.low, value.high) * 10n ** BigInt(places)
    if (digits >= LIMB_BIG << 32n) return false
    value.low = Number(digits % LIMB_BIG)
    value.high = Number(digits / LIMB_BIG)
  }
  value.decimals += places
  return true
}

/** Limbs (lowest first, base 2^52) as one whole number. */
export function digitsToBigInt(low: number, high = 0, higher = 0): bigint {
  if (high === 0 && higher === 0) return BigInt(low)
  return (BigInt(higher) * LIMB_BIG + BigInt(high)) * LIMB_BIG + BigInt(low)
}

/** Limbs as the nearest double of the decimal's value, for statistics and screens, never for sums. */
export function digitsToNumber(low: number, high: number, decimals: number): number {
  return (high === 0 ? low : high * LIMB + low) / POWERS_OF_TEN[decimals]!
}

/** Plain notation with exactly `decimals` fraction digits. */
export function formatDecimal(digits: bigint | number, decimals: number): string {
  const text = digits.toString()
  if (decimals === 0) return text
  const negative = text.startsWith('-')
  const padded = (negative ? text.slice(1) : text).padStart(decimals + 1, '0')
  const point = padded.length - decimals
  return `${negative ? '-' : ''}${padded.slice(0, point)}.${padded.slice(point)}`
}

/** `numerator / denominator` rounded half to even. Both non-negative, the denominator positive. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twiceRest = (numerator % denominator) * 2n
  const roundsUp = twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n)
  return roundsUp ? quotient + 1n : quotient
}

/**
 * Adds `a · b` to the three-limb sum at `sums[at]`, `sums[at + 1]`, `sums[at + 2]`. Both factors are below 2^52.
 * The factors are split into halves of 26 bits, so that every partial product is an exact double.
 */
export function addProduct(sums: Float64Array, at: number, a: number, b: number): void {
  const product = a * b
  if (product < LIMB) {
    const low = sums[at]! + product
    if (low < LIMB) sums[at] = low
    else carry(sums, at, low)
    return
  }
  const aHigh = Math.floor(a * HALF_INVERSE)
  const aLow = a - aHigh * HALF
  const bHigh = Math.floor(b * HALF_INVERSE)
  const bLow = b - bHigh * HALF
  const middle = aHigh * bLow + aLow * bHigh
  const middleHigh = Math.floor(middle * HALF_INVERSE)
  const middleLow = middle - middleHigh * HALF
  addLimbs(sums, at, aLow * bLow, aHigh * bHigh + middleHigh, 0)
  addLimbs(sums, at, middleLow * HALF, 0, 0)
}

/** Adds three limbs, each below 2^52, to a three-limb sum. */
export function addLimbs(sums: Float64Array, at: number, low: number, high: number, higher: number): void {
  const nextLow = sums[at]! + low
  const carryLow = nextLow >= LIMB ? 1 : 0
  const nextHigh = sums[at + 1]! + high + carryLow
  const carryHigh = nextHigh >= LIMB ? 1 : 0
  sums[at] = nextLow - carryLow * LIMB
  sums[at + 1] = nextHigh - carryHigh * LIMB
  sums[at + 2] = sums[at + 2]! + higher + carryHigh
}

/** Adds a whole number of any size to a three-limb sum. */
export function addBigInt(sums: Float64Array, at: number, value: bigint): void {
  const rest = value / LIMB_BIG
  addLimbs(sums, at, Number(value % LIMB_BIG), Number(rest % LIMB_BIG), Number(rest / LIMB_BIG))
}

function carry(sums: Float64Array, at: number, low: number): void {
  sums[at] = low - LIMB
  const high = sums[at + 1]! + 1
  if (high < LIMB) {
    sums[at + 1] = high
    return
  }
  sums[at + 1] = high - LIMB
  sums[at + 2]! += 1
}
