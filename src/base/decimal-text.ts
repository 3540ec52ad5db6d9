import { type DecimalDigits, digitsToBigInt, divideRounded, formatDecimal, parseDecimalText } from './decimal.ts'
import { FinPulseError } from './errors.ts'

/*
 * Exact arithmetic on decimal texts in plain notation, for what leaves the engine: sums of a day, changes, products.
 * Results have the decimals of the operand that has more, unless said otherwise.
 */

const scratch: DecimalDigits = { low: 0, high: 0, decimals: 0 }

/** Decimals that a text in plain notation has. */
export function decimalsOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

export function add(a: string, b: string): string {
  return onDigits(a, b, (x, y) => x + y)
}

/** Of many, with the decimals of the one that has most; `0` of none. */
export function sum(texts: readonly string[]): string {
  const decimals = maxDecimalsOf(texts)
  return formatDecimal(
    texts.reduce((total, text) => total + digitsAt(text, decimals), 0n),
    decimals,
  )
}

/** Most decimals that any of the texts has. */
export function maxDecimalsOf(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, decimalsOf(text)), 0)
}

export function subtract(a: string, b: string): string {
  return onDigits(a, b, (x, y) => x - y)
}

/** With the decimals of both operands together. */
export function multiply(a: string, b: string): string {
  const [places, otherPlaces] = [decimalsOf(a), decimalsOf(b)]
  return formatDecimal(digitsAt(a, places) * digitsAt(b, otherPlaces), places + otherPlaces)
}

export function compare(a: string, b: string): number {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b))
  const difference = digitsAt(a, decimals) - digitsAt(b, decimals)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** `a / b`, rounded half to even at `decimals`; zero where `b` is. `b` must not be negative. */
export function ratio(a: string, b: string, decimals: number): string {
  const places = Math.max(decimalsOf(a), decimalsOf(b))
  const divisor = digitsAt(b, places)
  const dividend = digitsAt(a, places) * 10n ** BigInt(decimals)
  if (divisor === 0n) return formatDecimal(0, decimals)
  if (dividend >= 0n) return formatDecimal(divideRounded(dividend, divisor), decimals)
  return formatDecimal(-divideRounded(-dividend, divisor), decimals)
}

/** Digits of a decimal text at `decimals`, which is at least the text's own. Sums over a day may pass 2^84. */
function digitsAt(text: string, decimals: number): bigint {
  if (text.startsWith('-')) return -digitsAt(text.slice(1), decimals)
  if (parseDecimalText(text, scratch)) {
    return digitsToBigInt(scratch.low, scratch.high) * 10n ** BigInt(decimals - scratch.decimals)
  }
  if (!/^\d+(\.\d+)?$/.test(text)) {
    throw new FinPulseError('internal', `decimal: expected plain notation, got "${text}"`)
  }
  return BigInt(text.replace('.', '')) * 10n ** BigInt(decimals - decimalsOf(text))
}

function onDigits(a: string, b: string, combine: (a: bigint, b: bigint) => bigint): string {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b))
  return formatDecimal(combine(digitsAt(a, decimals), digitsAt(b, decimals)), decimals)
}
