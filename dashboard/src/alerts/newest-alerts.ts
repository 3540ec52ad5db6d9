import type { Alert, AlertKind, Severity } from '../../../src/events/alert.ts'

export interface AlertFilter {
  readonly severity?: Severity | undefined
  readonly kind?: AlertKind | undefined
  readonly symbol?: string | undefined
}

/** Several lists as one, each alert once, newest first; of two with one id the later list's counts. */
export function newestAlerts(lists: readonly (readonly Alert[])[]): Alert[] {
  const byId = new Map<string, Alert>()
  for (const list of lists) for (const alert of list) byId.set(alert.id, alert)
  return [...byId.values()].sort((a, b) => b.eventTimeMs - a.eventTimeMs || (a.id < b.id ? 1 : -1))
}

export function matchesFilter(alert: Alert, filter: AlertFilter): boolean {
  return (
    (filter.severity === undefined || alert.severity === filter.severity) &&
    (filter.kind === undefined || alert.kind === filter.kind) &&
    (filter.symbol === undefined || alert.symbol === filter.symbol)
  )
}
