/** Shown for what is not known. */
export const UNKNOWN = '–'
/** A real minus sign: as wide as a digit, so that columns stay aligned. */
const MINUS = '−'

/** `-61837.63` → `−61,837.63`. The digits stay exactly as they came. */
export function groupDigits(text: string): string {
  const isNegative = text.startsWith('-')
  const [whole = '', fraction] = (isNegative ? text.slice(1) : text).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return (isNegative ? MINUS : '') + grouped + (fraction === undefined ? '' : `.${fraction}`)
}

/** As `groupDigits` with a plus sign above zero: direction is never told by colour alone. */
export function signedDigits(text: string): string {
  const isZero = !/[1-9]/.test(text)
  if (isZero) return groupDigits(text.replace('-', ''))
  return text.startsWith('-') ? groupDigits(text) : `+${groupDigits(text)}`
}

/** `1.2345` → `+1.23%`. */
export function formatPercent(percent: number, decimals = 2): string {
  if (!Number.isFinite(percent)) return UNKNOWN
  return `${signedDigits(percent.toFixed(decimals))}%`
}

export function formatFixed(value: number | null, decimals: number): string {
  return value === null || !Number.isFinite(value) ? UNKNOWN : groupDigits(value.toFixed(decimals))
}

const SUFFIXES = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
] as const

/** Three to four digits and a suffix: `1234567` → `1.23M`; below one thousand, as many decimals as help. */
export function formatCompact(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN
  const magnitude = Math.abs(value)
  // 999,950 would print as 1000.0K: the next suffix starts where rounding would reach it.
  for (const [size, suffix] of SUFFIXES) {
    if (magnitude >= size * 0.99995) return threeDigits(value / size) + suffix
  }
  return Number.isInteger(value) ? String(value) : threeDigits(value)
}

function threeDigits(value: number): string {
  const magnitude = Math.abs(value)
  return value.toFixed(magnitude >= 99.95 ? 1 : magnitude >= 0.01 || magnitude === 0 ? 2 : 6)
}

export function formatCount(value: number): string {
  return groupDigits(Math.round(value).toFixed(0))
}

/** `1 symbol`, `2,000 symbols`. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** How many leading characters did not change; 0 where the width did, since then every place value moved. */
export function unchangedPrefixLength(previous: string, next: string): number {
  if (previous.length !== next.length) return 0
  let length = 0
  while (length < next.length && previous[length] === next[length]) length += 1
  return length === next.length ? 0 : length
}
