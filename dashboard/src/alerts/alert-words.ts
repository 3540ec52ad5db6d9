import type { Alert, AlertKind, Severity } from '../../../src/events/alert.ts'
import { formatClock } from '../format/time.ts'

export const KIND_NAMES: Readonly<Record<AlertKind, string>> = {
  'z-score': 'Z-score',
  'price-move': 'Price move',
  volume: 'Volume',
  'stream-start': 'Stream on',
  'stream-stop': 'Stream off',
}

export const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  HIGH: 'border-down/60 bg-down/15 text-[#ff7b8c]',
  MEDIUM: 'border-accent/50 bg-accent/10 text-accent',
  LOW: 'border-info/50 bg-info/10 text-info',
}

const UNIT_SIGNS: ReadonlyMap<string, string> = new Map([
  ['standard deviations', 'σ'],
  ['percent', '%'],
])

/** `3.82 vs 2.5 σ`, in the unit that the evidence names. */
export function alertFigures(alert: Alert): string {
  const { unit } = alert.evidence
  const sign = typeof unit === 'string' ? ` ${UNIT_SIGNS.get(unit) ?? unit}` : ''
  return `${shortNumber(alert.value)} vs ${shortNumber(alert.threshold)}${sign}`
}

/** A figure of the evidence as people read it: times as times, decimal texts to the digit. */
export function evidenceText(key: string, value: string | number): string {
  if (typeof value === 'string') return value
  return key.endsWith('TimeMs') ? `${formatClock(value)} UTC` : shortNumber(value)
}

/** Three decimals at most; the exact figure stands in the evidence. */
export function shortNumber(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && magnitude < 0.001) return value.toExponential(2)
  return String(Number(value.toFixed(magnitude < 1 ? 3 : 2))).replace('-', '−')
}

/** `priceBefore` → `price before`, `openTimeMs` → `open time`. */
export function evidenceName(key: string): string {
  const name = key.endsWith('TimeMs') ? key.slice(0, -2) : key
  return name.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
}

/** What it rests on in one line: `price 174.83 · mean 174.66`. */
export function evidenceSummary(alert: Alert): string {
  return Object.entries(alert.evidence)
    .filter(([key]) => key !== 'unit')
    .map(([key, value]) => `${evidenceName(key)} ${evidenceText(key, value)}`)
    .join(' · ')
}
