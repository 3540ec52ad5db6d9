import { type KeyboardEvent, useRef } from 'react'
import type { MarketRow } from '../../../src/protocol/rest.ts'
import { navigate } from '../app/navigation.ts'
import type { MarketRoute, SortKey } from '../app/route.ts'
import { Icon } from '../components/icon.tsx'
import { decimalsOf } from '../format/decimal.ts'
import { MARKET_COLUMNS } from './market-columns.ts'
import { MarketGridRow, type PriceDecimals } from './market-grid-row.tsx'
import { useRowWindow } from './use-row-window.ts'

const ROW_HEIGHT_PX = 30
/** More decimals than this are not lined up: the column would be mostly empty. */
const ALIGNED_DECIMALS_MAX = 8
const GRID_WIDTH_PX = MARKET_COLUMNS.reduce((sum, column) => sum + column.widthPx, 0)

interface MarketGridProps {
  readonly rows: readonly MarketRow[]
  readonly route: MarketRoute
}

/** Every symbol, one line each; only lines on screen exist and are subscribed to. */
export function MarketGrid({ rows, route }: MarketGridProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const { first, end } = useRowWindow(scroller, rows.length, ROW_HEIGHT_PX)
  const decimals = columnDecimals(rows)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys bubble up from the links of the rows
    <div ref={scroller} className="h-full overflow-auto" onKeyDown={moveBetweenRows}>
      <table
        className="w-full table-fixed border-separate border-spacing-0"
        style={{ minWidth: GRID_WIDTH_PX }}
        aria-rowcount={rows.length + 1}
      >
        <caption className="sr-only">Market, all symbols</caption>
        <colgroup>
          {MARKET_COLUMNS.map((column) => (
            <col key={column.key} style={{ width: column.widthPx }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {MARKET_COLUMNS.map((column) => (
              <SortHeader key={column.key} column={column} route={route} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr style={{ height: first * ROW_HEIGHT_PX }} aria-hidden />}
          {rows.slice(first, end).map((row, index) => (
            <MarketGridRow
              key={row.symbol}
              row={row}
              rowIndex={first + index}
              decimals={decimals}
              heightPx={ROW_HEIGHT_PX}
            />
          ))}
          {end < rows.length && <tr style={{ height: (rows.length - end) * ROW_HEIGHT_PX }} aria-hidden />}
        </tbody>
      </table>
    </div>
  )
}

interface SortHeaderProps {
  readonly column: (typeof MARKET_COLUMNS)[number]
  readonly route: MarketRoute
}

function SortHeader({ column, route }: SortHeaderProps) {
  const isSorted = route.sort === column.key
  const order = route.isDescending ? 'descending' : 'ascending'
  const isText = column.key === 'symbol'
  return (
    <th
      scope="col"
      aria-sort={isSorted ? order : 'none'}
      className={`sticky top-0 z-10 border-line border-b bg-panel p-0 font-medium text-[11px] ${isText ? 'left-0 z-20' : ''}`}
    >
      <button
        type="button"
        title={column.meaning}
        aria-label={`${column.meaning}, sort`}
        onClick={() => navigate(sortedBy(route, column.key), true)}
        className={`flex h-8 w-full items-center gap-0.5 px-2.5 ${isText ? '' : 'justify-end'} ${isSorted ? 'text-accent' : 'text-dim hover:text-text'}`}
      >
        {column.name}
        {isSorted && <Icon name={route.isDescending ? 'down' : 'up'} size={12} />}
      </button>
    </th>
  )
}

/** Figures begin with the largest, names with the first; the same header again turns round. */
function sortedBy(route: MarketRoute, key: SortKey): MarketRoute {
  const isDescending = route.sort === key ? !route.isDescending : key !== 'symbol'
  return { ...route, sort: key, isDescending }
}

function columnDecimals(rows: readonly MarketRow[]): PriceDecimals {
  const longest = (texts: readonly (string | null)[]) =>
    Math.min(ALIGNED_DECIMALS_MAX, Math.max(0, ...texts.map((text) => (text === null ? 0 : decimalsOf(text)))))
  return {
    price: longest(rows.map((row) => row.last)),
    change: longest(rows.map((row) => row.change24h)),
  }
}

function moveBetweenRows(event: KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0 || !(event.target instanceof HTMLAnchorElement)) return
  const links = [...event.currentTarget.querySelectorAll('tbody a')]
  const next = links[links.indexOf(event.target) + step]
  if (!(next instanceof HTMLAnchorElement)) return
  event.preventDefault()
  next.focus()
}
