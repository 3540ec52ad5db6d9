import { ALERTS, MARKET, type Route } from '../app/route.ts'
import { useNow } from '../app/use-value.ts'
import { formatCompact, formatCount, UNKNOWN } from '../format/number.ts'
import { formatClock } from '../format/time.ts'
import { useStats } from '../rest/queries.ts'
import { ConnectionPill } from './connection-pill.tsx'
import { Link } from './link.tsx'
import { openQuickJump } from './quick-jump.tsx'

const NAVIGATION = [
  { name: 'Market', to: MARKET },
  { name: 'Alerts', to: ALERTS },
] as const

export function TopBar({ route }: { readonly route: Route }) {
  const { data: stats } = useStats()
  const lagCount = stats === undefined ? undefined : Math.max(0, ...Object.values(stats.lag))
  return (
    <header className="flex h-11 shrink-0 items-center gap-4 border-line border-b bg-panel px-3">
      <Link
        to={MARKET}
        className="flex items-center gap-2 font-semibold tracking-tight"
        aria-label="FinPulse, to the market"
      >
        <img src="/favicon.svg" alt="" width={22} height={22} />
        <span className="text-[15px]">FinPulse</span>
      </Link>
      <nav className="hidden h-full gap-1 md:flex" aria-label="Pages">
        {NAVIGATION.map(({ name, to }) => (
          <Link
            key={name}
            to={to}
            aria-current={route.page === to.page ? 'page' : undefined}
            className="flex items-center border-transparent border-b-2 px-3 text-dim hover:text-text aria-[current=page]:border-accent aria-[current=page]:text-text"
          >
            {name}
          </Link>
        ))}
      </nav>
      <button
        type="button"
        onClick={openQuickJump}
        className="field hidden w-44 items-center justify-between text-dim hover:text-text md:flex"
      >
        Go to symbol <kbd className="rounded-xs border border-line px-1.5 font-mono text-[11px] leading-4">/</kbd>
      </button>
      <div className="ml-auto flex items-center gap-4">
        <dl className="hidden items-center gap-4 lg:flex">
          <Figure name="Feed" value={stats?.feed ?? UNKNOWN} />
          <Figure name="Events/s" value={stats ? formatCompact(Math.round(stats.eventsPerSecond)) : UNKNOWN} />
          <Figure
            name="Lag"
            value={lagCount === undefined ? UNKNOWN : formatCount(lagCount)}
            title="Records behind the end of the log, the slowest role"
          />
          <Figure name="Alerts 24h" value={stats ? formatCount(stats.anomalies24h) : UNKNOWN} />
        </dl>
        <Clocks />
        <ConnectionPill isPaused={stats?.status === 'paused'} />
      </div>
    </header>
  )
}

function Figure({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <div className="flex items-baseline gap-1.5" title={title}>
      <dt className="text-[11px] text-dim">{name}</dt>
      <dd className="min-w-6 font-mono text-[12px]">{value}</dd>
    </div>
  )
}

function Clocks() {
  const nowMs = useNow()
  return (
    <dl className="hidden items-center gap-4 sm:flex">
      <Figure name="UTC" value={formatClock(nowMs)} />
      <div className="hidden xl:block">
        <Figure name="Local" value={formatClock(nowMs, true)} />
      </div>
    </dl>
  )
}
