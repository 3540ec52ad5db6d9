import { navigate } from '../app/navigation.ts'
import { INTERVALS, RANGES, type SymbolRoute } from '../app/route.ts'
import { intervalForRange } from './chart-spans.ts'

/** Interval and range of the chart, both in the address. */
export function ChartControls({ route }: { readonly route: SymbolRoute }) {
  return (
    <div className="flex shrink-0 items-center justify-between gap-x-1 border-line border-b px-2 py-1">
      <fieldset className="flex" aria-label="Candle interval">
        {INTERVALS.map((interval) => (
          <button
            key={interval}
            type="button"
            className="choice font-mono text-[12px] max-sm:min-w-0 max-sm:px-1.5"
            aria-pressed={route.interval === interval}
            onClick={() => navigate({ ...route, interval }, true)}
          >
            {interval}
          </button>
        ))}
      </fieldset>
      <fieldset className="flex" aria-label="Range">
        {RANGES.map((range) => (
          <button
            key={range}
            type="button"
            className="choice font-mono text-[12px] max-sm:min-w-0 max-sm:px-1.5"
            aria-pressed={route.range === range}
            onClick={() => navigate({ ...route, range, interval: intervalForRange(range, route.interval) }, true)}
          >
            {range}
          </button>
        ))}
      </fieldset>
    </div>
  )
}
