import { AlertFeedPanel } from '../alerts/alert-feed-panel.tsx'
import { navigate } from '../app/navigation.ts'
import { MARKET, type MarketRoute } from '../app/route.ts'
import { useIsFresh } from '../app/use-is-fresh.ts'
import { useMediaQuery } from '../app/use-value.ts'
import { ErrorNote } from '../components/error-note.tsx'
import { GridSkeleton } from '../components/grid-skeleton.tsx'
import { StateNote } from '../components/state-note.tsx'
import { formatCounted } from '../format/number.ts'
import { HeatMap } from '../market/heat-map.tsx'
import { MarketCards } from '../market/market-cards.tsx'
import { filterRows, sortRows } from '../market/market-columns.ts'
import { MarketGrid } from '../market/market-grid.tsx'
import { useMarketSummary, useStats } from '../rest/queries.ts'

/** Header of the grid and its rows; more rows than fit scroll. */
const GRID_HEAD_PX = 69
const GRID_ROW_PX = 30

export function MarketPage({ route }: { readonly route: MarketRoute }) {
  const isWide = useMediaQuery('(min-width: 768px)')
  const hasFeed = useMediaQuery('(min-width: 1180px)')
  const { data, isError } = useMarketSummary()
  const count = data?.data.length ?? (isError ? 0 : 10)
  // Without rows the note has the whole height.
  const isSized = isWide && count > 0
  return (
    <div className="flex h-full gap-2 md:p-2">
      <h1 className="sr-only">Market</h1>
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <section
          className="panel flex min-h-0 flex-1 flex-col max-md:border-0"
          style={isSized ? { flex: '0 1 auto', height: GRID_HEAD_PX + count * GRID_ROW_PX + 2 } : undefined}
          aria-label="Symbols"
        >
          <FilterBar route={route} />
          <div className="min-h-0 flex-1">
            <MarketRows route={route} isWide={isWide} />
          </div>
        </section>
        {isSized && <HeatPanel />}
      </div>
      {hasFeed && (
        <aside className="panel flex w-[320px] shrink-0 flex-col 2xl:w-[380px]" aria-label="Alerts">
          <AlertFeedPanel />
        </aside>
      )}
    </div>
  )
}

function FilterBar({ route }: { readonly route: MarketRoute }) {
  const summary = useMarketSummary().data
  const shownCount = filterRows(summary?.data ?? [], route.filter).length
  return (
    <div className="panel-title shrink-0">
      <h2>Market</h2>
      <span className="font-mono font-normal text-[11px] text-dim" aria-live="polite">
        {summary &&
          (route.filter ? `${shownCount} of ${summary.data.length}` : formatCounted(summary.data.length, 'symbol'))}
      </span>
      <input
        type="search"
        className="field ml-auto h-[26px] w-36 font-normal text-[12px] sm:w-48"
        placeholder="Filter symbols"
        aria-label="Filter symbols"
        spellCheck={false}
        value={route.filter}
        onChange={(event) => navigate({ ...route, filter: event.target.value }, true)}
      />
    </div>
  )
}

function MarketRows({ route, isWide }: { readonly route: MarketRoute; readonly isWide: boolean }) {
  const { data, error, refetch } = useMarketSummary()
  const isFresh = useIsFresh()
  const isStarting = useStats().data?.status === 'starting'
  if (data === undefined) {
    if (error === null) return <GridSkeleton rowCount={10} />
    return <ErrorNote title="The market could not be read" error={error} onRetry={() => void refetch()} />
  }
  if (data.data.length === 0) {
    const detail = isStarting ? 'The pipeline is starting.' : 'Symbols appear here with their first trade.'
    return <StateNote title="No trades yet" detail={detail} isBusy />
  }
  const rows = sortRows(filterRows(data.data, route.filter), route.sort, route.isDescending)
  if (rows.length === 0) {
    return (
      <StateNote title={`No symbol holds “${route.filter}”`}>
        <button type="button" className="field hover:bg-raised" onClick={() => navigate(MARKET, true)}>
          Show all symbols
        </button>
      </StateNote>
    )
  }
  return (
    <div className={`h-full transition-opacity ${isFresh ? '' : 'is-stale'}`}>
      {isWide ? <MarketGrid rows={rows} route={route} /> : <MarketCards rows={rows} />}
    </div>
  )
}

function HeatPanel() {
  const { data } = useMarketSummary()
  const isFresh = useIsFresh()
  return (
    <section className="panel flex min-h-40 flex-1 flex-col" aria-label="Heat map">
      <div className="panel-title shrink-0">
        <h2>Heat map</h2>
        <span className="font-normal text-[11px] text-dim">area by turnover, colour by change in 24 hours</span>
      </div>
      <div className={`min-h-0 flex-1 p-px ${isFresh ? '' : 'is-stale'}`}>
        {data ? <HeatMap rows={data.data} /> : <div className="skeleton m-2 h-[calc(100%-16px)]" />}
      </div>
    </section>
  )
}
