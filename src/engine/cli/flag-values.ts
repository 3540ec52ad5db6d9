import { FinPulseError } from '../../base/errors.ts'
import { numberOf, suggest } from '../config.ts'

/* Values of flags, each named in what is thrown: FinPulseError config-invalid. */

export function wholeNumber(text: string, flag: string, minimum: number, maximum = Number.MAX_SAFE_INTEGER): number {
  const value = numberOf(text, flag)
  if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value
  const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
  throw new FinPulseError('config-invalid', `${flag}: expected a whole number ${range}, got "${text}"`)
}

/** Events per second, at most. */
export const RATE_MAX = 1e8

export function rateNumber(text: string, flag: string): number {
  const value = numberOf(text, flag)
  if (value > 0 && value <= RATE_MAX) return value
  throw new FinPulseError('config-invalid', `${flag}: expected more than 0 and at most 1e8, got ${text}`)
}

export function oneOf<T extends string>(text: string, flag: string, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === text)
  if (found !== undefined) return found
  throw new FinPulseError('config-invalid', `${flag}: "${text}" is none of them${suggest(text, allowed)}`)
}

/** ISO 8601 as µs. */
export function timeUsOf(text: string, flag: string): number {
  const timeMs = Date.parse(text)
  if (Number.isFinite(timeMs) && timeMs >= 0 && timeMs < 4_102_444_800_000) return timeMs * 1000
  throw new FinPulseError('config-invalid', `${flag}: expected ISO 8601 from 1970 to 2100, got "${text}"`)
}
