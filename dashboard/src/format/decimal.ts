/** Exact arithmetic on decimal texts (`61837.63`, `-0.5`), as every public JSON carries them. */

interface Digits {
  readonly value: bigint
  readonly decimals: number
}

const DECIMAL_PATTERN = /^(-?)(\d+)(?:\.(\d+))?$/

function digitsOf(text: string): Digits {
  const match = DECIMAL_PATTERN.exec(text)
  if (match === null) throw new RangeError(`decimal "${text}": expected plain notation such as 61837.63`)
  const fraction = match[3] ?? ''
  const value = BigInt((match[2] ?? '') + fraction)
  return { value: match[1] === '-' ? -value : value, decimals: fraction.length }
}

function textOf(value: bigint, decimals: number): string {
  const sign = value < 0n ? '-' : ''
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0')
  if (decimals === 0) return sign + digits
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** Number of digits after the point. */
export function decimalsOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

/** `left − right`, with as many decimals as the longer of the two. @throws RangeError for anything but plain notation */
export function subtractDecimals(left: string, right: string): string {
  const a = digitsOf(left)
  const b = digitsOf(right)
  const decimals = Math.max(a.decimals, b.decimals)
  const scaled = (digits: Digits) => digits.value * 10n ** BigInt(decimals - digits.decimals)
  return textOf(scaled(a) - scaled(b), decimals)
}

/** Rounded half to even, or filled up with zeros, to exactly `decimals` digits after the point. */
export function roundDecimal(text: string, decimals: number): string {
  const digits = digitsOf(text)
  const surplus = digits.decimals - decimals
  if (surplus <= 0) return textOf(digits.value * 10n ** BigInt(-surplus), decimals)
  const divisor = 10n ** BigInt(surplus)
  const magnitude = digits.value < 0n ? -digits.value : digits.value
  const quotient = magnitude / divisor
  const twice = (magnitude % divisor) * 2n
  const rounded = twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient
  return textOf(digits.value < 0n ? -rounded : rounded, decimals)
}
