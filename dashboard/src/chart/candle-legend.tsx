import type { Candle } from '../../../src/events/candle.ts'
import { subtractDecimals } from '../format/decimal.ts'
import { formatPercent, groupDigits, signedDigits } from '../format/number.ts'
import { formatMinute } from '../format/time.ts'

interface CandleLegendProps {
  readonly candle: Candle
  readonly dayVwap: number | undefined
  readonly priceDecimals: number
}

/** The exact figures of one candle, above the chart; its height does not depend on them. */
export function CandleLegend({ candle, dayVwap, priceDecimals }: CandleLegendProps) {
  const change = subtractDecimals(candle.close, candle.open)
  const color = change.startsWith('-') ? 'text-down' : 'text-up'
  const open = Number(candle.open)
  const marks = [
    candle.revision > 0 && `revision ${candle.revision}`,
    !candle.isFinal && 'running',
    candle.completeness !== 'complete' && candle.isFinal && candle.completeness,
  ].filter((mark) => mark !== false)
  return (
    <dl className="grid shrink-0 grid-cols-3 gap-x-2 px-3 py-1 font-mono text-[11px] leading-[18px] md:flex md:h-7 md:items-center md:gap-x-3 md:overflow-hidden md:whitespace-nowrap">
      <Figure name="UTC" value={formatMinute(candle.openTimeMs).slice(5)} />
      <Figure name="O" value={groupDigits(candle.open)} color={color} />
      <Figure name="H" value={groupDigits(candle.high)} color={color} />
      <Figure name="L" value={groupDigits(candle.low)} color={color} />
      <Figure name="C" value={groupDigits(candle.close)} color={color} />
      <Figure
        name="Δ"
        value={`${signedDigits(change)} (${formatPercent(open === 0 ? 0 : (Number(change) / open) * 100)})`}
        color={color}
      />
      <Figure name="Vol" value={groupDigits(candle.volume)} />
      <Figure name="Trades" value={groupDigits(String(candle.tradeCount))} />
      <Figure name="VWAP" value={groupDigits(candle.vwap)} />
      {dayVwap !== undefined && (
        <Figure name="Day VWAP" value={groupDigits(dayVwap.toFixed(priceDecimals))} color="text-info" />
      )}
      <Figure name="" value={marks.join(' · ')} color="text-accent" />
    </dl>
  )
}

function Figure({ name, value, color = 'text-text' }: { name: string; value: string; color?: string }) {
  return (
    <div className="flex gap-1">
      <dt className="text-dim">{name}</dt>
      <dd className={color}>{value}</dd>
    </div>
  )
}
