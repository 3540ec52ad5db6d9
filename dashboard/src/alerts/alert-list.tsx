import { ErrorNote } from '../components/error-note.tsx'
import { GridSkeleton } from '../components/grid-skeleton.tsx'
import { StateNote } from '../components/state-note.tsx'
import { AlertItem } from './alert-item.tsx'
import type { AlertFilter } from './newest-alerts.ts'
import { useAlerts } from './use-alerts.ts'

interface AlertListProps {
  readonly filter: AlertFilter
  readonly isNarrow: boolean
  /** Shows only the newest so many, and no way to older ones. */
  readonly maxCount?: number
}

export function AlertList({ filter, isNarrow, maxCount }: AlertListProps) {
  const { alerts, pages } = useAlerts(filter)
  if (alerts.length === 0) {
    if (pages.error !== null) {
      return <ErrorNote title="Alerts could not be read" error={pages.error} onRetry={() => void pages.refetch()} />
    }
    if (pages.isLoading) return <GridSkeleton rowCount={8} />
    const isFiltered = Object.values(filter).some((value) => value !== undefined)
    return (
      <StateNote
        title={isFiltered ? 'No alert passes this filter' : 'No alerts'}
        detail="The detectors are watching. New alerts appear here as they fire."
      />
    )
  }
  return (
    <ul>
      {alerts.slice(0, maxCount).map((alert) => (
        <AlertItem key={alert.id} alert={alert} isNarrow={isNarrow} />
      ))}
      {pages.hasNextPage && maxCount === undefined && (
        <li className="p-3 text-center">
          <button
            type="button"
            className="field hover:bg-raised disabled:text-dim"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            {pages.isFetchingNextPage ? 'Loading' : 'Show older alerts'}
          </button>
        </li>
      )}
    </ul>
  )
}
