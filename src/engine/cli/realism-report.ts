import type { MinuteCoverage } from '../../processors/statistics/minute-series-builder.ts'
import { CRYPTO_BANDS } from '../../processors/statistics/stylized-fact-bands.ts'
import {
  type FactValue,
  STYLIZED_FACT_NAMES,
  STYLIZED_FACTS,
  type StylizedFact,
  stylizedFacts,
} from '../../processors/statistics/stylized-facts.ts'
import type { SymbolMinutes } from './realism-minutes.ts'

/** Of the whole report: what the p10 and p90 are of. */
const BANDS_OF = '58 months of one-minute candles of crypto perpetual futures (Binance USD-M)'
const CRYPTO_VENUE = /^(?:binance|kraken)/
/** `BTCUSDT`, `ETH-BTC`, `SOL/USD`, `XBTUSD_PERP`. */
const CRYPTO_SYMBOL = /(?:USDT|USDC|BUSD|FDUSD|[-/](?:USD|EUR|BTC|ETH)|_PERP)$/i

/** What was looked at. */
export interface SymbolReport extends Omit<MinuteCoverage, 'startMs' | 'endMs'> {
  readonly venue: string
  readonly symbol: string
  /** ISO 8601: open time of the first minute, close time of the last. */
  readonly from: string
  readonly to: string
  readonly isCrypto: boolean
}

export interface FactRow {
  readonly fact: StylizedFact
  readonly meaning: string
  /** Over the symbols that have it; null where none has. */
  readonly median: number | null
  readonly p10: number
  readonly p90: number
  readonly isInside: boolean | null
  /** Why there is no median: that of the longest symbol. */
  readonly reason?: string
  /** By symbol, or by `venue/symbol` where two venues have it. */
  readonly bySymbol: Readonly<Record<string, number | null>>
}

export interface RealismReport {
  readonly bandsOf: string
  readonly symbols: readonly SymbolReport[]
  /** Symbols without any statistic. */
  readonly leftOut: readonly SymbolReport[]
  readonly facts: readonly FactRow[]
}

interface MeasuredSymbol {
  readonly report: SymbolReport
  readonly facts: Readonly<Record<StylizedFact, FactValue>>
}

/** Each fact's median over the symbols beside its band. */
export function reportOf(market: readonly SymbolMinutes[]): RealismReport {
  const measured = market.flatMap((minutes) => measure(minutes) ?? [])
  const isUsed = ({ facts }: MeasuredSymbol) => STYLIZED_FACT_NAMES.some((fact) => facts[fact].value !== null)
  const used = measured.filter(isUsed)
  return {
    bandsOf: BANDS_OF,
    symbols: used.map(({ report }) => report),
    leftOut: measured.filter((symbol) => !isUsed(symbol)).map(({ report }) => report),
    facts: STYLIZED_FACT_NAMES.map((fact) => factRow(fact, used)),
  }
}

function measure({ venue, symbol, builder }: SymbolMinutes): MeasuredSymbol | undefined {
  const built = builder.build()
  if (built === undefined) return undefined
  const { startMs, endMs, ...counts } = built.coverage
  const isCrypto = CRYPTO_VENUE.test(venue) || CRYPTO_SYMBOL.test(symbol)
  const [from, to] = [new Date(startMs).toISOString(), new Date(endMs).toISOString()]
  return { report: { venue, symbol, from, to, isCrypto, ...counts }, facts: stylizedFacts(built.series) }
}

function factRow(fact: StylizedFact, symbols: readonly MeasuredSymbol[]): FactRow {
  const { p10, p90 } = CRYPTO_BANDS[fact]
  const bySymbol = Object.fromEntries(symbols.map((symbol) => [nameOf(symbol, symbols), symbol.facts[fact].value]))
  const median = medianOf(symbols.flatMap(({ facts }) => facts[fact].value ?? []))
  const isInside = median === null ? null : median >= p10 && median <= p90
  const row = { fact, meaning: STYLIZED_FACTS[fact].meaning, median, p10, p90, isInside, bySymbol }
  const [longest] = symbols.toSorted((a, b) => b.report.minuteCount - a.report.minuteCount)
  const absent = longest?.facts[fact]
  return median === null && absent?.value === null ? { ...row, reason: absent.reason } : row
}

function nameOf({ report: { venue, symbol } }: MeasuredSymbol, all: readonly MeasuredSymbol[]): string {
  const isAlone = all.filter(({ report }) => report.symbol === symbol).length === 1
  return isAlone ? symbol : `${venue}/${symbol}`
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}
