import { useRef } from 'react'
import type { MarketRow } from '../../../src/protocol/rest.ts'
import { symbolRoute } from '../app/route.ts'
import { Link } from '../components/link.tsx'
import { formatCompact } from '../format/number.ts'
import { ChangePercentCell, PriceCell, SpreadCell, TrendCell } from './market-cells.tsx'
import { useLivePrices } from './use-market-entry.ts'
import { useRowWindow } from './use-row-window.ts'

const CARD_HEIGHT_PX = 84

/** The grid on a phone. */
export function MarketCards({ rows }: { readonly rows: readonly MarketRow[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const { first, end } = useRowWindow(scroller, rows.length, CARD_HEIGHT_PX)
  return (
    <div ref={scroller} className="h-full overflow-y-auto">
      <ul className="relative" style={{ height: rows.length * CARD_HEIGHT_PX }}>
        {rows.slice(first, end).map((row, index) => (
          <li
            key={row.symbol}
            className="absolute inset-x-0"
            style={{ top: (first + index) * CARD_HEIGHT_PX, height: CARD_HEIGHT_PX }}
          >
            <MarketCard row={row} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function MarketCard({ row }: { readonly row: MarketRow }) {
  const { symbol } = row
  useLivePrices(symbol)
  return (
    <Link
      to={symbolRoute(symbol)}
      className="grid h-full grid-cols-[1fr_auto_auto] content-center items-center gap-x-4 gap-y-1 border-line border-b px-3 active:bg-raised"
    >
      <span className="flex items-baseline gap-2">
        <span className="font-mono font-semibold text-[15px]">{symbol}</span>
        {row.alertCount24h > 0 && (
          <span className="rounded-xs bg-accent/15 px-1.5 font-mono text-[11px] text-accent leading-4">
            {row.alertCount24h}
            <span className="sr-only"> alerts</span>
          </span>
        )}
      </span>
      <TrendCell symbol={symbol} width={84} height={28} />
      <span className="min-w-24 text-right font-mono font-semibold text-[15px]">
        <PriceCell symbol={symbol} figure="last" />
      </span>
      <span className="col-span-2 flex gap-3 whitespace-nowrap font-mono text-[11px] text-dim">
        <span>
          <PriceCell symbol={symbol} figure="bid" /> / <PriceCell symbol={symbol} figure="ask" />
        </span>
        <span>
          <SpreadCell symbol={symbol} /> bp
        </span>
        <span>Vol {formatCompact(Number(row.volume24h))}</span>
      </span>
      <span className="text-right font-mono text-[12px]">
        <ChangePercentCell symbol={symbol} />
      </span>
    </Link>
  )
}
