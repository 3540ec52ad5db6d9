import type { Unit } from './measurement.ts'

const PREFIXES = [
  { factor: 1e9, sign: ' G' },
  { factor: 1e6, sign: ' M' },
  { factor: 1e3, sign: ' k' },
] as const

/** Three significant digits: `7.92 M/s`, `12.4 ms`, `0.02 B`. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === 'per-second') return `${withPrefix(value)}/s`
  if (unit === 'milliseconds') return value >= 10_000 ? `${significant(value / 1000)} s` : `${significant(value)} ms`
  if (unit === 'bytes') return `${significant(value)} B`
  if (unit === 'megabytes') return `${significant(value)} MB`
  if (unit === 'cores') return `${significant(value)} cores`
  return value.toLocaleString('en')
}

function withPrefix(value: number): string {
  const prefix = PREFIXES.find(({ factor }) => value >= factor)
  return prefix === undefined ? significant(value) : `${significant(value / prefix.factor)}${prefix.sign}`
}

export function significant(value: number): string {
  if (value === 0) return '0'
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(places, 3))
}
