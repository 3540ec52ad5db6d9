import { EVENT_TIME_MAX_US } from '../../events/limits.ts'

const ZERO_CODE = 48
const POINT_CODE = 46

/**
 * Reads a time since the Unix epoch from ASCII digits, with or without a fraction, in s, ms, µs or ns told apart by its
 * number of digits: up to 10 are seconds, 13 ms, 16 µs, 19 ns. So ms, µs and ns reach from 2001-09-09 to 2099; a time
 * outside (year 9999 in ms has 15 digits) falls between the units and is refused rather than misread.
 * @returns µs, the finer part cut off, or NaN for anything else
 */
export function epochUsFromBytes(bytes: Uint8Array, start: number, end: number): number {
  let whole = 0
  let index = start
  for (; index < end; index++) {
    const digit = bytes[index]! - ZERO_CODE
    if (digit < 0 || digit > 9) break
    // Sixteen digits are µs; what follows in a time in ns is finer.
    if (index - start < 16) whole = whole * 10 + digit
  }
  const digitCount = index - start
  if (index === end) return scaleToUs(whole, digitCount)
  if (bytes[index] !== POINT_CODE) return Number.NaN
  const fractionDigits = fractionDigitsToUs(digitCount)
  let fraction = 0
  let place = 0
  for (index += 1; index < end; index++, place++) {
    const digit = bytes[index]! - ZERO_CODE
    if (digit < 0 || digit > 9) return Number.NaN
    if (place < fractionDigits) fraction = fraction * 10 + digit
  }
  for (; place < fractionDigits; place++) fraction *= 10
  const wholeUs = scaleToUs(whole, digitCount)
  return wholeUs + fraction < EVENT_TIME_MAX_US ? wholeUs + fraction : Number.NaN
}

function fractionDigitsToUs(digitCount: number): number {
  if (digitCount <= 10) return 6
  return digitCount === 13 ? 3 : 0
}

function scaleToUs(whole: number, digitCount: number): number {
  let timeUs = Number.NaN
  if (digitCount >= 1 && digitCount <= 10) timeUs = whole * 1e6
  else if (digitCount === 13) timeUs = whole >= 1e12 ? whole * 1000 : Number.NaN
  else if (digitCount === 16 || digitCount === 19) timeUs = whole >= 1e15 ? whole : Number.NaN
  return timeUs < EVENT_TIME_MAX_US ? timeUs : Number.NaN
}

const textEncoder = new TextEncoder()
const ISO_PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i

/**
 * Reads ISO 8601 (µs kept, finer cut off; no zone means UTC) or a time since the epoch as `epochUsFromBytes` does.
 * @returns µs in [1970, 2100), or NaN
 */
export function eventTimeUsFromText(text: string): number {
  if (text.length > 48) return Number.NaN
  const match = ISO_PATTERN.exec(text)
  if (match === null) return epochUsFromBytes(textEncoder.encode(text), 0, text.length)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0))
  if (hour! > 23 || minute! > 59 || second! > 59) return Number.NaN
  const dayMs = Date.UTC(year!, month! - 1, day!)
  // Date.UTC turns 31 February into March and years below 100 into the 1900s.
  const date = new Date(dayMs)
  if (date.getUTCDate() !== day || date.getUTCMonth() + 1 !== month || date.getUTCFullYear() !== year) return Number.NaN
  const secondOfDay = hour! * 3600 + minute! * 60 + second! - zoneSeconds(match[8])
  const fractionUs = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'))
  const timeUs = dayMs * 1000 + secondOfDay * 1e6 + fractionUs
  return timeUs >= 0 && timeUs < EVENT_TIME_MAX_US ? timeUs : Number.NaN
}

function zoneSeconds(zone: string | undefined): number {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? '')
  if (match === null) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60)
}
