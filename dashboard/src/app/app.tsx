import { lazy, Suspense, useEffect } from 'react'
import { AlertAnnouncer } from '../alerts/alert-announcer.tsx'
import { BackfillBar } from '../components/backfill-bar.tsx'
import { BottomNavigation } from '../components/bottom-navigation.tsx'
import { ErrorBoundary } from '../components/error-boundary.tsx'
import { LiveNotice } from '../components/live-notice.tsx'
import { QuickJump } from '../components/quick-jump.tsx'
import { ReplayBar } from '../components/replay-bar.tsx'
import { StateNote } from '../components/state-note.tsx'
import { StatsBar } from '../components/stats-bar.tsx'
import { TopBar } from '../components/top-bar.tsx'
import { AlertsPage } from '../pages/alerts-page.tsx'
import { MarketPage } from '../pages/market-page.tsx'
import { UnknownPage } from '../pages/unknown-page.tsx'
import { liveClient } from './live.ts'
import { MarketUpdates } from './market-updates.tsx'
import { useRoute } from './navigation.ts'
import type { Route } from './route.ts'

const SymbolPage = lazy(async () => ({ default: (await import('../pages/symbol-page.tsx')).SymbolPage }))

export function App() {
  const route = useRoute()
  // Alerts concern every page: the announcer and the feed live from this one subscription.
  useEffect(() => liveClient.subscribe('alerts', '*'), [])
  useEffect(() => {
    document.title = titleOf(route)
  }, [route])
  return (
    <div className="flex h-dvh flex-col overflow-hidden">
      <TopBar route={route} />
      <BackfillBar />
      <ReplayBar />
      <LiveNotice />
      <main className="min-h-0 flex-1 overflow-hidden">
        <ErrorBoundary key={route.page}>
          <Suspense fallback={<StateNote title="Loading the chart" isBusy />}>
            <Page route={route} />
          </Suspense>
        </ErrorBoundary>
      </main>
      <StatsBar />
      <BottomNavigation route={route} />
      <QuickJump />
      <AlertAnnouncer />
      <MarketUpdates />
    </div>
  )
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'market':
      return <MarketPage route={route} />
    case 'symbol':
      return <SymbolPage key={route.symbol} route={route} />
    case 'alerts':
      return <AlertsPage route={route} />
    case 'unknown':
      return <UnknownPage path={route.path} />
  }
}

function titleOf(route: Route): string {
  if (route.page === 'symbol') return `${route.symbol} · FinPulse`
  if (route.page === 'alerts') return 'Alerts · FinPulse'
  return 'Market · FinPulse'
}
