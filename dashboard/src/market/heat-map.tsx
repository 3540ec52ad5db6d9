import { useEffect, useRef, useState } from 'react'
import type { MarketRow } from '../../../src/protocol/rest.ts'
import { symbolRoute } from '../app/route.ts'
import { Link } from '../components/link.tsx'
import { formatPercent, groupDigits, UNKNOWN } from '../format/number.ts'
import { type Tile, treemap } from './treemap.ts'
import { useMarketFigure } from './use-market-entry.ts'

/** Smaller tiles than those of the first forty could not be read. */
const TILES_MAX_COUNT = 40
/** A change of this many percent has the full colour. */
const FULL_PERCENT = 3

/** The same rows at a glance: area by turnover, colour by change. */
export function HeatMap({ rows }: { readonly rows: readonly MarketRow[] }) {
  const element = useRef<HTMLDivElement>(null)
  const [aspect, setAspect] = useState(4)
  useEffect(() => {
    const box = element.current
    if (box === null) return
    const observer = new ResizeObserver(() => setAspect(box.clientWidth / Math.max(1, box.clientHeight)))
    observer.observe(box)
    return () => observer.disconnect()
  }, [])
  // The square root keeps the small ones legible beside a giant.
  const weightOf = (row: MarketRow) => Math.sqrt(Number(row.quoteVolume24h)) || 1e-9
  const largest = [...rows].sort((a, b) => weightOf(b) - weightOf(a) || (a.symbol < b.symbol ? -1 : 1))
  return (
    <div ref={element} className="relative h-full">
      {treemap(largest.slice(0, TILES_MAX_COUNT), weightOf, aspect).map((tile) => (
        <HeatTile key={tile.item.symbol} tile={tile} />
      ))}
    </div>
  )
}

function HeatTile({ tile }: { readonly tile: Tile<MarketRow> }) {
  const { symbol } = tile.item
  const percent = useMarketFigure(symbol, (entry) => Math.round(entry.changePercent * 100) / 100) ?? 0
  const last = useMarketFigure(symbol, (entry) => entry.last)
  const strength = Math.min(1, Math.abs(percent) / FULL_PERCENT)
  const color = percent >= 0 ? 'var(--color-up)' : 'var(--color-down)'
  return (
    <Link
      to={symbolRoute(symbol)}
      className="absolute flex flex-col items-center justify-center overflow-hidden border border-panel leading-tight hover:brightness-125"
      style={{
        left: `${tile.left}%`,
        top: `${tile.top}%`,
        width: `${tile.width}%`,
        height: `${tile.height}%`,
        // Never more than 45 %: the text stays above 4.5 : 1.
        backgroundColor: `color-mix(in srgb, ${color} ${(8 + strength * 37).toFixed(0)}%, var(--color-panel))`,
      }}
    >
      <span className="font-semibold">{symbol}</span>
      <span className="font-mono text-[12px]">{last === undefined ? UNKNOWN : groupDigits(last)}</span>
      <span className="font-mono text-[12px]">
        {percent > 0 ? '↑' : percent < 0 ? '↓' : ''} {formatPercent(percent)}
      </span>
    </Link>
  )
}
