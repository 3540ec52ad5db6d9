import { formatCompact, formatCount } from '../format/number.ts'
import { formatDuration } from '../format/time.ts'
import { useStats } from '../rest/queries.ts'

/** The pipeline in one line. */
export function StatsBar() {
  const { data: stats, error } = useStats()
  const lag = Object.entries(stats?.lag ?? {})
  const drops = Object.entries(stats?.dropped ?? {}).filter(([, count]) => count > 0)
  const dropCount = drops.reduce((sum, [, count]) => sum + count, 0)
  return (
    <footer className="hidden h-7 shrink-0 items-center gap-5 overflow-hidden whitespace-nowrap border-line border-t bg-panel px-3 text-[11px] md:flex">
      {error !== null && <span className="text-down">Statistics: {error.message}</span>}
      {stats && (
        <dl className="flex flex-1 items-center gap-5">
          <Figure
            name="Pipeline"
            value={stats.status}
            color={stats.status === 'degraded' ? 'text-down' : 'text-text'}
          />
          <Figure name="Events/h" value={formatCompact(stats.eventsPerHour)} title={formatCount(stats.eventsPerHour)} />
          <Figure name="Events total" value={formatCompact(stats.eventsTotal)} title={formatCount(stats.eventsTotal)} />
          <Figure name="Symbols" value={formatCount(stats.symbolCount)} />
          <Figure name="Clients" value={formatCount(stats.clientCount)} />
          {lag.map(([role, count]) => (
            <Figure key={role} name={`Lag ${role}`} value={formatCount(count)} />
          ))}
          <Figure
            name="Dropped"
            value={formatCount(dropCount)}
            color={dropCount > 0 ? 'text-accent' : 'text-text'}
            title={drops.map(([reason, count]) => `${reason}: ${count}`).join(', ') || 'nothing refused or shed'}
          />
          <span className="ml-auto hidden gap-5 xl:flex">
            <Figure name="Up" value={formatDuration(stats.uptimeSeconds)} />
            <Figure name="Epoch" value={stats.epoch.slice(0, 8)} title={stats.epoch} />
          </span>
        </dl>
      )}
    </footer>
  )
}

function Figure({
  name,
  value,
  title,
  color = 'text-text',
}: {
  name: string
  value: string
  title?: string
  color?: string
}) {
  return (
    <div className="flex gap-1.5" title={title}>
      <dt className="text-dim">{name}</dt>
      <dd className={`font-mono ${color}`}>{value}</dd>
    </div>
  )
}
