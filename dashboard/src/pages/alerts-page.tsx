import { AlertList } from '../alerts/alert-list.tsx'
import { KIND_NAMES } from '../alerts/alert-words.ts'
import { navigate } from '../app/navigation.ts'
import { ALERT_KINDS, ALERTS, type AlertsRoute, SEVERITIES } from '../app/route.ts'
import { useMediaQuery } from '../app/use-value.ts'
import { useMarketSummary } from '../rest/queries.ts'

export function AlertsPage({ route }: { readonly route: AlertsRoute }) {
  const isNarrow = !useMediaQuery('(min-width: 768px)')
  const { severity, kind, symbol } = route
  return (
    <div className="h-full md:p-2">
      <section className="panel flex h-full flex-col max-md:border-0" aria-label="Alerts">
        <FilterBar route={route} />
        <div className="min-h-0 flex-1 overflow-y-auto">
          <AlertList filter={{ severity, kind, symbol }} isNarrow={isNarrow} />
        </div>
      </section>
    </div>
  )
}

function FilterBar({ route }: { readonly route: AlertsRoute }) {
  const change = (part: Partial<AlertsRoute>) => navigate({ ...route, ...part }, true)
  const isFiltered = route.severity !== undefined || route.kind !== undefined || route.symbol !== undefined
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-line border-b px-3 py-1.5">
      <h1 className="mr-2 font-semibold max-md:sr-only">Alerts</h1>
      <fieldset className="flex max-md:order-1" aria-label="Severity">
        <Choice name="All" isChosen={route.severity === undefined} onChoose={() => change({ severity: undefined })} />
        {SEVERITIES.toReversed().map((severity) => (
          <Choice
            key={severity}
            name={severity.charAt(0) + severity.slice(1).toLowerCase()}
            isChosen={route.severity === severity}
            onChoose={() => change({ severity })}
          />
        ))}
      </fieldset>
      <fieldset className="flex max-md:order-3 min-w-0 max-md:max-w-full max-md:overflow-x-auto" aria-label="Kind">
        <Choice name="All" isChosen={route.kind === undefined} onChoose={() => change({ kind: undefined })} />
        {ALERT_KINDS.map((kind) => (
          <Choice key={kind} name={KIND_NAMES[kind]} isChosen={route.kind === kind} onChoose={() => change({ kind })} />
        ))}
      </fieldset>
      <SymbolSelect symbol={route.symbol} onChange={(symbol) => change({ symbol })} />
      {isFiltered && (
        <button
          type="button"
          className="text-dim underline underline-offset-2 max-md:order-4"
          onClick={() => navigate(ALERTS, true)}
        >
          Clear
        </button>
      )}
    </div>
  )
}

interface SymbolSelectProps {
  readonly symbol: string | undefined
  readonly onChange: (symbol: string | undefined) => void
}

function SymbolSelect({ symbol, onChange }: SymbolSelectProps) {
  const names = useMarketSummary().data?.data.map((row) => row.symbol) ?? []
  // A symbol from the address stands in the list though the market does not know it.
  const options = symbol === undefined || names.includes(symbol) ? names : [symbol, ...names]
  return (
    <select
      className="field max-md:order-2 max-md:ml-auto"
      aria-label="Symbol"
      value={symbol ?? ''}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">All symbols</option>
      {options.toSorted().map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function Choice({ name, isChosen, onChoose }: ChoiceProps) {
  return (
    <button
      type="button"
      className="choice shrink-0 whitespace-nowrap max-sm:px-2"
      aria-pressed={isChosen}
      onClick={onChoose}
    >
      {name}
    </button>
  )
}
