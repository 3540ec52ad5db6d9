import { useMemo, useSyncExternalStore } from 'react'
import type { Alert } from '../../../src/events/alert.ts'
import { alertFeed } from '../app/live.ts'
import { ALERTS_PAGE_COUNT, useAlertPages } from '../rest/queries.ts'
import { type AlertFilter, matchesFilter, newestAlerts } from './newest-alerts.ts'

/** Alerts that pass the filter, stored and live, newest first; `pages` reads older ones. */
export function useAlerts(
  filter: AlertFilter,
  pageCount = ALERTS_PAGE_COUNT,
): {
  readonly alerts: readonly Alert[]
  readonly pages: ReturnType<typeof useAlertPages>
} {
  const { severity, kind, symbol } = filter
  const pages = useAlertPages(filter, pageCount)
  const live = useSyncExternalStore(alertFeed.subscribe, alertFeed.snapshot)
  const alerts = useMemo(() => {
    const wanted = { severity, kind, symbol }
    const stored = pages.data?.pages.map((page) => page.data) ?? []
    return newestAlerts([...stored, live]).filter((alert) => matchesFilter(alert, wanted))
  }, [pages.data, live, severity, kind, symbol])
  return { alerts, pages }
}
