import type { ReactNode } from 'react'
import type { SymbolRow } from '../../../src/protocol/rest.ts'
import { MARKET } from '../app/route.ts'
import { ChangeText } from '../components/change-text.tsx'
import { Icon } from '../components/icon.tsx'
import { Link } from '../components/link.tsx'
import { roundDecimal } from '../format/decimal.ts'
import { formatCompact, formatCount, formatPercent, groupDigits, signedDigits, UNKNOWN } from '../format/number.ts'
import { LastTradeCell, PriceCell, SpreadCell } from '../market/market-cells.tsx'
import { useMarketFigure } from '../market/use-market-entry.ts'

/** Price, quote and 24-hour figures of one symbol. */
export function SymbolHeader({ symbol }: { readonly symbol: SymbolRow }) {
  const name = symbol.symbol
  const text = (select: Parameters<typeof useMarketFigure<string>>[1]) => select
  const high = useMarketFigure(
    name,
    text((entry) => groupDigits(entry.row.high24h)),
  )
  const low = useMarketFigure(
    name,
    text((entry) => groupDigits(entry.row.low24h)),
  )
  const volume = useMarketFigure(
    name,
    text((entry) => formatCompact(Number(entry.row.volume24h))),
  )
  const vwap = useMarketFigure(
    name,
    text((entry) => groupDigits(roundDecimal(entry.row.vwap24h, symbol.priceDecimals))),
  )
  const trades = useMarketFigure(
    name,
    text((entry) => formatCount(entry.row.tradeCount24h)),
  )
  return (
    <section
      className="panel flex shrink-0 flex-wrap items-center gap-x-6 gap-y-2 px-3 py-2 max-md:border-x-0"
      aria-label="Quote"
    >
      <div className="flex items-center gap-2">
        <Link to={MARKET} className="text-dim hover:text-text" aria-label="Back to the market">
          <Icon name="back" />
        </Link>
        <h1 className="font-mono font-semibold text-[18px]">{name}</h1>
        <span className="text-[11px] text-dim">{symbol.venue}</span>
      </div>
      <div className="flex items-baseline gap-3">
        <span className="font-mono font-semibold text-[22px]">
          <PriceCell symbol={name} figure="last" />
        </span>
        <span className="font-mono text-[13px]">
          <Change symbol={name} />
        </span>
      </div>
      <dl className="flex flex-wrap gap-x-6 gap-y-1 max-md:grid max-md:w-full max-md:grid-cols-3">
        <Figure name="Bid">
          <PriceCell symbol={name} figure="bid" />
        </Figure>
        <Figure name="Ask">
          <PriceCell symbol={name} figure="ask" />
        </Figure>
        <Figure name="Spread">
          <SpreadCell symbol={name} /> bp
        </Figure>
        <Figure name="High 24h">{high ?? UNKNOWN}</Figure>
        <Figure name="Low 24h">{low ?? UNKNOWN}</Figure>
        <Figure name="VWAP 24h">{vwap ?? UNKNOWN}</Figure>
        <Figure name="Volume 24h">{volume ?? UNKNOWN}</Figure>
        <Figure name="Trades 24h">{trades ?? UNKNOWN}</Figure>
        <Figure name="Last trade UTC">
          <LastTradeCell symbol={name} />
        </Figure>
      </dl>
    </section>
  )
}

function Change({ symbol }: { readonly symbol: string }) {
  const change = useMarketFigure(symbol, (entry) => entry.change) ?? '0'
  const percent = useMarketFigure(symbol, (entry) => formatPercent(entry.changePercent)) ?? UNKNOWN
  return <ChangeText text={`${signedDigits(change)} (${percent})`} value={Number(change)} />
}

function Figure({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt className="text-[11px] text-dim leading-4">{name}</dt>
      <dd className="font-mono text-[12px]">{children}</dd>
    </div>
  )
}
