import { memo, type ReactNode } from 'react'
import type { MarketRow } from '../../../src/protocol/rest.ts'
import { navigate } from '../app/navigation.ts'
import { symbolRoute } from '../app/route.ts'
import { Link } from '../components/link.tsx'
import { decimalsOf, roundDecimal } from '../format/decimal.ts'
import { formatCompact, groupDigits } from '../format/number.ts'
import { ChangeCell, ChangePercentCell, LastTradeCell, PriceCell, SpreadCell, TrendCell } from './market-cells.tsx'
import { useLivePrices } from './use-market-entry.ts'

/** Digits after the point that a column leaves room for. */
export interface PriceDecimals {
  readonly price: number
  readonly change: number
}

interface MarketGridRowProps {
  readonly row: MarketRow
  readonly rowIndex: number
  readonly decimals: PriceDecimals
  readonly heightPx: number
}

/** The line itself renders with each summary; between them only cells whose figure changed do. */
export const MarketGridRow = memo(function MarketGridRow({ row, rowIndex, decimals, heightPx }: MarketGridRowProps) {
  const { symbol } = row
  useLivePrices(symbol)
  const to = symbolRoute(symbol)
  const priceDecimals = decimalsOf(row.last)
  const vwap = roundDecimal(row.vwap24h, priceDecimals)
  return (
    // The link in the first cell is the row's keyboard way; the click is a larger target for the same.
    <tr
      className="group cursor-pointer hover:bg-raised focus-within:bg-raised"
      style={{ height: heightPx }}
      aria-rowindex={rowIndex + 2}
      onClick={(event) => event.defaultPrevented || navigate(to)}
    >
      <th
        scope="row"
        className="sticky left-0 border-line/60 border-b bg-panel p-0 text-left font-medium group-focus-within:bg-raised group-hover:bg-raised"
      >
        <Link
          to={to}
          title={row.venue}
          className="flex items-center overflow-hidden whitespace-nowrap px-2.5 font-mono font-semibold text-[13px]"
          style={{ height: heightPx - 1 }}
        >
          {symbol}
        </Link>
      </th>
      <Cell isStrong>
        <PriceCell symbol={symbol} figure="last" columnDecimals={decimals.price} />
      </Cell>
      <Cell>
        <ChangeCell symbol={symbol} columnDecimals={decimals.change} />
      </Cell>
      <Cell>
        <ChangePercentCell symbol={symbol} />
      </Cell>
      <Cell>
        <PriceCell symbol={symbol} figure="bid" columnDecimals={decimals.price} />
      </Cell>
      <Cell>
        <PriceCell symbol={symbol} figure="ask" columnDecimals={decimals.price} />
      </Cell>
      <Cell>
        <SpreadCell symbol={symbol} />
      </Cell>
      <Cell title={groupDigits(row.volume24h)}>{formatCompact(Number(row.volume24h))}</Cell>
      <Cell title={groupDigits(row.vwap24h)}>
        {groupDigits(vwap)}
        {'\u00a0'.repeat(Math.max(0, decimals.price - priceDecimals))}
      </Cell>
      <Cell>
        <TrendCell symbol={symbol} />
      </Cell>
      <Cell>
        <LastTradeCell symbol={symbol} />
      </Cell>
      <Cell>
        {row.alertCount24h === 0 ? (
          <span className="text-dim">0</span>
        ) : (
          <Link
            to={{ page: 'alerts', severity: undefined, kind: undefined, symbol }}
            className="inline-block min-w-7 rounded-xs bg-accent/15 px-1.5 text-center text-accent leading-5 hover:bg-accent/30"
            aria-label={`${row.alertCount24h} alerts of ${symbol}`}
          >
            {row.alertCount24h}
          </Link>
        )}
      </Cell>
    </tr>
  )
})

function Cell({ children, title, isStrong = false }: { children: ReactNode; title?: string; isStrong?: boolean }) {
  return (
    <td
      title={title}
      className={`overflow-hidden whitespace-nowrap border-line/60 border-b px-2.5 py-0 text-right font-mono text-[12px] ${isStrong ? 'font-semibold' : ''}`}
    >
      {children}
    </td>
  )
}
