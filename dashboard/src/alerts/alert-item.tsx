import { memo, useId, useState } from 'react'
import type { Alert } from '../../../src/events/alert.ts'
import { symbolRoute } from '../app/route.ts'
import { ChangeText } from '../components/change-text.tsx'
import { Icon } from '../components/icon.tsx'
import { Link } from '../components/link.tsx'
import { formatExactTime, formatRecent } from '../format/time.ts'
import { alertFigures, evidenceName, evidenceSummary, evidenceText, KIND_NAMES } from './alert-words.ts'
import { SeverityTag } from './severity-tag.tsx'

interface AlertItemProps {
  readonly alert: Alert
  /** True beside other content: two short lines instead of one long. */
  readonly isNarrow: boolean
}

/** One alert; opened, it shows what it rests on. */
export const AlertItem = memo(function AlertItem({ alert, isNarrow }: AlertItemProps) {
  const [isOpen, setIsOpen] = useState(false)
  const evidenceId = useId()
  const direction = <ChangeText text={alert.direction} value={alert.direction === 'SPIKE' ? 1 : -1} />
  return (
    <li className="border-line/70 border-b">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={evidenceId}
        onClick={() => setIsOpen(!isOpen)}
        className={`w-full px-3 text-left hover:bg-raised ${isNarrow ? 'grid grid-cols-[auto_1fr_auto] items-center gap-x-2 py-1.5' : 'grid h-9 grid-cols-[16px_78px_72px_minmax(64px,110px)_100px_76px_150px_minmax(0,1fr)] items-center gap-x-3'}`}
      >
        {isNarrow ? (
          <>
            <SeverityTag severity={alert.severity} />
            <span className="truncate font-mono font-semibold">{alert.symbol}</span>
            <span className="font-mono text-[11px] text-dim">{formatRecent(alert.eventTimeMs, Date.now())}</span>
            <span className="col-span-3 flex gap-2 whitespace-nowrap text-[12px] text-dim">
              {direction}
              <span>{KIND_NAMES[alert.kind]}</span>
              <span className="ml-auto truncate font-mono">{alertFigures(alert)}</span>
            </span>
          </>
        ) : (
          <>
            <span className="text-dim">
              <Icon name={isOpen ? 'down' : 'right'} size={12} />
            </span>
            <span className="whitespace-nowrap font-mono text-[12px] text-dim">
              {formatRecent(alert.eventTimeMs, Date.now())}
            </span>
            <SeverityTag severity={alert.severity} />
            <span className="truncate font-mono font-semibold">{alert.symbol}</span>
            <span>{KIND_NAMES[alert.kind]}</span>
            <span className="text-[12px]">{direction}</span>
            <span className="truncate font-mono text-[12px]">{alertFigures(alert)}</span>
            <span className="truncate text-[12px] text-dim">{evidenceSummary(alert)}</span>
          </>
        )}
      </button>
      <div id={evidenceId} hidden={!isOpen}>
        {isOpen && <Evidence alert={alert} />}
      </div>
    </li>
  )
})

function Evidence({ alert }: { readonly alert: Alert }) {
  return (
    <div className="border-line border-t bg-ground px-3 py-2.5">
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(132px,1fr))] gap-x-4 gap-y-2">
        <Fact name="value" value={String(alert.value)} />
        <Fact name="threshold" value={String(alert.threshold)} />
        {Object.entries(alert.evidence).map(([key, value]) => (
          <Fact
            key={key}
            name={evidenceName(key)}
            value={key.endsWith('TimeMs') ? evidenceText(key, value) : String(value)}
          />
        ))}
        <Fact name="venue" value={alert.venue} />
      </dl>
      <p className="mt-2 flex flex-wrap items-center justify-between gap-x-4 text-[11px] text-dim">
        <span className="font-mono">{formatExactTime(alert.eventTimeMs)}</span>
        <Link to={symbolRoute(alert.symbol)} className="text-accent underline underline-offset-2">
          Chart of {alert.symbol}
        </Link>
      </p>
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="min-w-0">
      <dt className="truncate text-[11px] text-dim">{name}</dt>
      <dd className="break-words font-mono text-[12px]">{value}</dd>
    </div>
  )
}
