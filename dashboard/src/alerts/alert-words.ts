import type { Alert, AlertKind, Severity } from '../../../src/events/alert.ts'

export const KIND_NAMES: Readonly<Record<AlertKind, string>> = {
  'z-score': 'Z-score',
  'price-move': 'Price move',
  volume: 'Volume',
}

export const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  HIGH: 'border-down/60 bg-down/15 text-[#ff7b8c]',
  MEDIUM: 'border-accent/50 bg-accent/10 text-accent',
  LOW: 'border-info/50 bg-info/10 text-info',
}

/** `3.82 vs 2.5`, in the unit that the evidence names. */
export function alertFigures(alert: Alert): string {
  const unit = typeof alert.evidence.unit === 'string' ? ` ${alert.evidence.unit}` : ''
  return `${shortNumber(alert.value)} vs ${shortNumber(alert.threshold)}${unit}`
}

/** Three decimals at most; the exact figure stands in the evidence. */
export function shortNumber(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && magnitude < 0.001) return value.toExponential(2)
  return String(Number(value.toFixed(magnitude < 1 ? 3 : 2))).replace('-', '−')
}

/** `priceBefore` → `price before`. */
export function evidenceName(key: string): string {
  return key.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
}

/** What it rests on in one line: `price 174.83 · mean 174.66`. */
export function evidenceSummary(alert: Alert): string {
  return Object.entries(alert.evidence)
    .filter(([key]) => key !== 'unit')
    .map(([key, value]) => `${evidenceName(key)} ${typeof value === 'number' ? shortNumber(value) : value}`)
    .join(' · ')
}
