import { formatCount } from '../format/number.ts'
import { formatMinute } from '../format/time.ts'
import { useStats } from '../rest/queries.ts'

/** While the first start lives through the hours before it. */
export function BackfillBar() {
  const { data: stats } = useStats()
  const backfill = stats?.backfill
  if (!backfill || stats.status !== 'starting') return null
  if (backfill.isDone) return <StoringNote lagCount={Math.max(0, ...Object.values(stats.lag))} />
  const percent = Math.min(100, Math.max(0, backfill.fraction * 100))
  const hours = Math.round((backfill.toMs - backfill.fromMs) / 3_600_000)
  return (
    <section className="shrink-0 border-line border-b bg-panel px-3 py-2" aria-label="Building history">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <strong className="font-semibold text-accent">Building the last {hours} hours</strong>
        <span className="text-dim">
          The simulator lives through them first, so that charts, averages and detectors are warm. Live prices follow.
        </span>
        <span className="ml-auto font-mono text-[12px]">
          {formatMinute(backfill.atMs)} UTC · {percent.toFixed(0)}%
        </span>
      </div>
      <div
        className="mt-1.5 h-1 bg-line"
        role="progressbar"
        aria-label="History built"
        aria-valuenow={Math.round(percent)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className="h-full bg-accent transition-[width] duration-300" style={{ width: `${percent}%` }} />
      </div>
    </section>
  )
}

/** The history is made; the slowest role still works it off. As high as the bar before it. */
function StoringNote({ lagCount }: { readonly lagCount: number }) {
  return (
    <section className="shrink-0 border-line border-b bg-panel px-3 py-2" aria-label="Building history">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <strong className="font-semibold text-accent">Storing the history</strong>
        <span className="text-dim">Prices are live; older candles and trades appear as they are stored.</span>
        <span className="ml-auto font-mono text-[12px]">{formatCount(lagCount)} records to go</span>
      </div>
      <div className="mt-1.5 h-1 animate-pulse bg-accent/60" />
    </section>
  )
}
