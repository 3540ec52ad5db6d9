import type { MarketRow } from '../../../src/protocol/rest.ts'
import type { SortKey } from '../app/route.ts'

export interface MarketColumn {
  readonly key: SortKey
  readonly name: string
  /** Said on hover and to screen readers where the name is short. */
  readonly meaning: string
  readonly widthPx: number
}

export const MARKET_COLUMNS: readonly MarketColumn[] = [
  { key: 'symbol', name: 'Symbol', meaning: 'Symbol', widthPx: 88 },
  { key: 'last', name: 'Last', meaning: 'Price of the last trade', widthPx: 92 },
  { key: 'change', name: 'Chg', meaning: 'Change in 24 hours', widthPx: 84 },
  { key: 'changePercent', name: 'Chg %', meaning: 'Change in 24 hours, percent', widthPx: 88 },
  { key: 'bid', name: 'Bid', meaning: 'Best bid', widthPx: 88 },
  { key: 'ask', name: 'Ask', meaning: 'Best ask', widthPx: 88 },
  { key: 'spread', name: 'Spread bp', meaning: 'Spread in basis points of the middle', widthPx: 84 },
  { key: 'volume', name: 'Vol 24h', meaning: 'Volume in 24 hours', widthPx: 80 },
  { key: 'vwap', name: 'VWAP', meaning: 'Volume-weighted average price in 24 hours', widthPx: 92 },
  { key: 'trend', name: 'Last hour', meaning: 'Price over the last hour; sorts by its change', widthPx: 120 },
  { key: 'lastTrade', name: 'Trade UTC', meaning: 'Time of the last trade, UTC', widthPx: 88 },
  { key: 'alerts', name: 'Alerts', meaning: 'Alerts in 24 hours', widthPx: 68 },
]

const SORT_VALUES: Readonly<Record<SortKey, (row: MarketRow) => number | string>> = {
  symbol: (row) => row.symbol,
  last: (row) => Number(row.last),
  change: (row) => Number(row.change24h),
  changePercent: (row) => row.changePercent24h,
  bid: (row) => Number(row.bid ?? Number.NaN),
  ask: (row) => Number(row.ask ?? Number.NaN),
  spread: (row) => row.spreadBasisPoints ?? Number.NaN,
  volume: (row) => Number(row.volume24h),
  vwap: (row) => Number(row.vwap24h),
  trend: (row) => trendOf(row.sparkline),
  lastTrade: (row) => row.lastTradeTimeMs,
  alerts: (row) => row.alertCount24h,
}

function trendOf(closes: readonly number[]): number {
  const first = closes[0]
  const last = closes.at(-1)
  return first === undefined || last === undefined || first === 0 ? Number.NaN : last / first - 1
}

/** Rows whose symbol or venue holds the text. */
export function filterRows(rows: readonly MarketRow[], text: string): MarketRow[] {
  const wanted = text.trim().toLowerCase()
  return rows.filter((row) => row.symbol.toLowerCase().includes(wanted) || row.venue.toLowerCase().includes(wanted))
}

/**
 * Sorted by the summary's figures, not the live ones: rows change places every few seconds at most. What is not known
 * stands last in both directions; equal rows stand by symbol.
 */
export function sortRows(rows: readonly MarketRow[], key: SortKey, isDescending: boolean): MarketRow[] {
  const figureOf = SORT_VALUES[key]
  const direction = isDescending ? -1 : 1
  return [...rows].sort((a, b) => compare(figureOf(a), figureOf(b), direction) || (a.symbol < b.symbol ? -1 : 1))
}

function compare(a: number | string, b: number | string, direction: number): number {
  if (typeof a === 'number' && typeof b === 'number') {
    const isUnknown = Number(Number.isNaN(a)) - Number(Number.isNaN(b))
    if (isUnknown !== 0 || Number.isNaN(a)) return isUnknown
  }
  return a < b ? -direction : a > b ? direction : 0
}
