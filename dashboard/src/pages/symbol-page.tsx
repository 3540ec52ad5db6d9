import { useMemo } from 'react'
import type { Alert } from '../../../src/events/alert.ts'
import type { SymbolRow } from '../../../src/protocol/rest.ts'
import { AlertList } from '../alerts/alert-list.tsx'
import { newestAlerts } from '../alerts/newest-alerts.ts'
import { useAlerts } from '../alerts/use-alerts.ts'
import { MARKET, type SymbolRoute } from '../app/route.ts'
import { useIsFresh } from '../app/use-is-fresh.ts'
import { ChartControls } from '../chart/chart-controls.tsx'
import { RANGE_MS } from '../chart/chart-spans.ts'
import { PriceChart } from '../chart/price-chart.tsx'
import { useCandleHistory } from '../chart/use-candle-history.ts'
import { ErrorNote } from '../components/error-note.tsx'
import { Link } from '../components/link.tsx'
import { StateNote } from '../components/state-note.tsx'
import { useLivePrices } from '../market/use-market-entry.ts'
import { findSymbol, useSymbols } from '../rest/queries.ts'
import { SymbolHeader } from '../symbol/symbol-header.tsx'
import { TradeTape } from '../symbol/trade-tape.tsx'

/** Most alerts of a kind looked at for the chart's marks. */
const MARKED_MAX_COUNT = 1000

export function SymbolPage({ route }: { readonly route: SymbolRoute }) {
  const { data, error, refetch } = useSymbols(route.symbol)
  if (data === undefined) {
    if (error === null) return <StateNote title={`Loading ${route.symbol}`} isBusy />
    return <ErrorNote title="The symbols could not be read" error={error} onRetry={() => void refetch()} />
  }
  if (data.data.length === 0) {
    return <StateNote title={`Waiting for ${route.symbol}`} detail="No trade of any symbol has been seen yet." isBusy />
  }
  const symbol = findSymbol(data.data, route.symbol)
  if (symbol !== undefined) return <KnownSymbol symbol={symbol} route={route} />
  return (
    <StateNote
      title={`No symbol “${route.symbol}”`}
      detail="No trade of it has been seen. A symbol appears with its first trade; press / to go to another one."
    >
      <Link to={MARKET} className="text-accent underline underline-offset-2">
        To the market
      </Link>
    </StateNote>
  )
}

interface KnownSymbolProps {
  readonly symbol: SymbolRow
  readonly route: SymbolRoute
}

function KnownSymbol({ symbol, route }: KnownSymbolProps) {
  useLivePrices(symbol.symbol)
  const isFresh = useIsFresh()
  const filter = { symbol: symbol.symbol }
  return (
    <div className={`flex h-full flex-col gap-2 overflow-y-auto md:p-2 ${isFresh ? '' : 'is-stale'}`}>
      <SymbolHeader symbol={symbol} />
      <div className="flex min-h-0 flex-1 flex-col gap-2 lg:flex-row">
        <section className="panel flex min-h-[420px] min-w-0 flex-1 flex-col max-md:border-x-0" aria-label="Chart">
          <ChartControls route={route} />
          <div className="relative min-h-0 flex-1">
            <ChartArea symbol={symbol} route={route} />
          </div>
        </section>
        <div className="flex shrink-0 flex-col gap-2 lg:w-[300px]">
          <section className="panel flex min-h-64 flex-1 flex-col max-md:border-x-0" aria-label="Trades">
            <TradeTape symbol={symbol.symbol} />
          </section>
          <section className="panel flex max-h-[38%] min-h-56 flex-col max-md:border-x-0" aria-label="Alerts">
            <h2 className="panel-title shrink-0">Alerts</h2>
            <div className="min-h-0 flex-1 overflow-y-auto">
              <AlertList filter={filter} isNarrow maxCount={60} />
            </div>
          </section>
        </div>
      </div>
    </div>
  )
}

/** The newest of all alerts, and the HIGH ones, which reach further back where there are many. */
function useMarkedAlerts(symbol: string): readonly Alert[] {
  const { alerts: all } = useAlerts({ symbol }, MARKED_MAX_COUNT)
  const { alerts: high } = useAlerts({ symbol, severity: 'HIGH' }, MARKED_MAX_COUNT)
  return useMemo(() => newestAlerts([high, all]), [high, all])
}

function ChartArea({ symbol, route }: KnownSymbolProps) {
  const { history, snapshot, key } = useCandleHistory(symbol.symbol, route.interval, route.range)
  const alerts = useMarkedAlerts(symbol.symbol)
  const { candles, isLoading, isReady, error } = snapshot
  if (error !== undefined && candles.length === 0) {
    const retry = () => void history.loadSpan(RANGE_MS[route.range])
    return <ErrorNote title="The candles could not be read" error={error} onRetry={retry} />
  }
  if (candles.length === 0) {
    if (!isReady) return <div className="skeleton absolute inset-3" role="status" aria-label="Loading candles" />
    return <StateNote title="No candles yet" detail="The first one appears with the next trade." isBusy />
  }
  return (
    <>
      <PriceChart
        key={key}
        history={history}
        snapshot={snapshot}
        interval={route.interval}
        range={route.range}
        priceDecimals={symbol.priceDecimals}
        alerts={alerts}
      />
      {isLoading && (
        <span className="absolute top-9 left-3 z-10 rounded-xs bg-raised px-2 text-[11px] text-dim" role="status">
          Loading older candles
        </span>
      )}
    </>
  )
}
