import { expect, it } from 'vitest'
import type { Alert } from '../../../src/events/alert.ts'
import { alertFigures, evidenceName, evidenceText } from './alert-words.ts'
import { matchesFilter, newestAlerts } from './newest-alerts.ts'

const alert = (id: string, eventTimeMs: number, part: Partial<Alert> = {}): Alert => ({
  type: 'alert',
  id,
  kind: 'z-score',
  venue: 'sim',
  symbol: 'V',
  severity: 'HIGH',
  direction: 'SPIKE',
  eventTimeMs,
  value: 3.8219,
  threshold: 3.5,
  evidence: { unit: 'σ' },
  ...part,
})

it('shows each alert once, the newest first', () => {
  const stored = [alert('b', 2), alert('a', 1)]
  const live = [alert('c', 3), alert('b', 2, { value: 9 })]
  const list = newestAlerts([stored, live])
  expect(list.map(({ id }) => id)).toEqual(['c', 'b', 'a'])
  expect(list[1]!.value).toBe(9)
})

it('filters by every condition given', () => {
  expect(matchesFilter(alert('a', 1), {})).toBe(true)
  expect(matchesFilter(alert('a', 1), { severity: 'HIGH', kind: 'z-score', symbol: 'V' })).toBe(true)
  expect(matchesFilter(alert('a', 1), { severity: 'HIGH', symbol: 'JPM' })).toBe(false)
})

it('says the figure against its threshold in its unit', () => {
  expect(alertFigures(alert('a', 1))).toBe('3.82 vs 3.5 σ')
  expect(alertFigures(alert('a', 1, { value: -5.214, threshold: 5, evidence: { unit: '%' } }))).toBe('−5.21 vs 5 %')
  expect(alertFigures(alert('a', 1, { evidence: { unit: 'standard deviations' } }))).toBe('3.82 vs 3.5 σ')
  expect(evidenceName('openTimeMs')).toBe('open time')
  expect(evidenceText('openTimeMs', 60_000)).toBe('00:01:00 UTC')
  expect(evidenceText('price', '174.830')).toBe('174.830')
  expect(evidenceName('standardDeviation')).toBe('standard deviation')
})
