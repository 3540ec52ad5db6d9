import { ChangeText } from '../components/change-text.tsx'
import { Digits } from '../components/digits.tsx'
import { Sparkline } from '../components/sparkline.tsx'
import { decimalsOf } from '../format/decimal.ts'
import { formatFixed, formatPercent, groupDigits, signedDigits, UNKNOWN } from '../format/number.ts'
import { formatRecent } from '../format/time.ts'
import { useMarketFigure } from './use-market-entry.ts'

interface SymbolProps {
  readonly symbol: string
}

interface PriceCellProps extends SymbolProps {
  readonly figure: 'last' | 'bid' | 'ask'
  readonly columnDecimals?: number
}

/** A price that flashes when it changes. */
export function PriceCell({ symbol, figure, columnDecimals = 0 }: PriceCellProps) {
  const price = useMarketFigure(symbol, (entry) => entry[figure])
  if (price === undefined || price === null) return <span className="text-dim">{UNKNOWN}</span>
  const padCount = Math.max(0, columnDecimals - decimalsOf(price))
  return <Digits text={groupDigits(price)} value={Number(price)} padCount={padCount} />
}

export function ChangeCell({ symbol, columnDecimals }: SymbolProps & { readonly columnDecimals: number }) {
  const change = useMarketFigure(symbol, (entry) => entry.change) ?? '0'
  const pad = '\u00a0'.repeat(Math.max(0, columnDecimals - decimalsOf(change)))
  const value = Number(change)
  const color = value > 0 ? 'text-up' : value < 0 ? 'text-down' : 'text-dim'
  return (
    <span className={color}>
      {signedDigits(change)}
      {pad}
    </span>
  )
}

export function ChangePercentCell({ symbol }: SymbolProps) {
  const percent = useMarketFigure(symbol, (entry) => Math.round(entry.changePercent * 100) / 100) ?? 0
  return <ChangeText text={formatPercent(percent)} value={percent} />
}

export function SpreadCell({ symbol }: SymbolProps) {
  const spread = useMarketFigure(symbol, (entry) => formatFixed(entry.spreadBasisPoints, 2))
  return <>{spread ?? UNKNOWN}</>
}

export function TrendCell({ symbol, width = 100, height = 22 }: SymbolProps & { width?: number; height?: number }) {
  const values = useMarketFigure(symbol, (entry) => entry.sparkline) ?? []
  return <Sparkline values={values} width={width} height={height} />
}

/** To the second: more often than that nobody reads it. */
export function LastTradeCell({ symbol }: SymbolProps) {
  const text = useMarketFigure(symbol, (entry) => formatRecent(entry.lastTradeTimeMs, Date.now()))
  return <span className="text-dim">{text ?? UNKNOWN}</span>
}
