import { divideRounded, formatDecimal } from '../base/decimal.ts'
import { FinPulseError } from '../base/errors.ts'

/** Exclusive maximum of the digits that a store keeps: sums over a day stay below it (see events/limits.ts). */
const DIGITS_MAX = 1n << 127n
/** Most fraction digits that a store keeps; quote volumes have twice those of a price. */
export const STORED_DECIMALS_MAX = 63
/** A VWAP has this many fraction digits more than the price (see events/candle.ts). */
const VWAP_EXTRA_DECIMALS = 4

const PLAIN_NOTATION = /^(?:0|[1-9]\d*)(?:\.\d+)?$/

/** `digits / 10^decimals`, of any size that a candle can have. */
export interface ExactDecimal {
  readonly digits: bigint
  readonly decimals: number
}

/**
 * Reads a decimal as candles carry it, so that `formatDecimal` gives the identical text back.
 * @throws FinPulseError store-failed for any other notation and for digits of 2^127 or above
 */
export function exactDecimal(text: string, subject: string): ExactDecimal {
  if (!PLAIN_NOTATION.test(text)) throw refused(subject, text, 'expected plain decimal notation')
  const point = text.indexOf('.')
  const decimals = point < 0 ? 0 : text.length - point - 1
  const digits = BigInt(point < 0 ? text : text.slice(0, point) + text.slice(point + 1))
  if (decimals > STORED_DECIMALS_MAX) throw refused(subject, text, `expected at most ${STORED_DECIMALS_MAX} decimals`)
  if (digits >= DIGITS_MAX) throw refused(subject, text, 'expected digits below 2^127')
  return { digits, decimals }
}

function refused(subject: string, text: string, expected: string): FinPulseError {
  return new FinPulseError('store-failed', `${subject}: ${expected}, got "${text}"`)
}

export function formatExact(value: ExactDecimal): string {
  return formatDecimal(value.digits, value.decimals)
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareExact(a: ExactDecimal, b: ExactDecimal): number {
  const difference = digitsAt(a, Math.max(a.decimals, b.decimals)) - digitsAt(b, Math.max(a.decimals, b.decimals))
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The sum, with the decimals of the finer of the two. */
export function addExact(a: ExactDecimal, b: ExactDecimal): ExactDecimal {
  const decimals = Math.max(a.decimals, b.decimals)
  return { digits: digitsAt(a, decimals) + digitsAt(b, decimals), decimals }
}

/** `quoteVolume / volume` rounded half to even at the price's decimals plus four; the price itself without volume. */
export function exactVwap(quoteVolume: ExactDecimal, volume: ExactDecimal, price: ExactDecimal): ExactDecimal {
  const decimals = price.decimals + VWAP_EXTRA_DECIMALS
  if (volume.digits === 0n) return { digits: digitsAt(price, decimals), decimals }
  const numerator = quoteVolume.digits * 10n ** BigInt(decimals + volume.decimals)
  return { digits: divideRounded(numerator, volume.digits * 10n ** BigInt(quoteVolume.decimals)), decimals }
}

function digitsAt(value: ExactDecimal, decimals: number): bigint {
  return decimals === value.decimals ? value.digits : value.digits * 10n ** BigInt(decimals - value.decimals)
}
