import { styleText } from 'node:util'
import { FinPulseError } from '../../base/errors.ts'
import type { Candle } from '../../events/candle.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { ReplayReader } from '../../feeds/replay/replay-reader.ts'
import { ConstantRate } from '../../feeds/schedule.ts'
import { CRYPTO_SYMBOLS, DEFAULT_SYMBOLS, worldSymbolOf } from '../../feeds/simulator/symbol-presets.ts'
import { MarketWorld } from '../../feeds/simulator/world/market-world.ts'
import { MINUTE_US } from '../../feeds/simulator/world/minute-path.ts'
import { MarketProcessor } from '../../processors/market-processor.ts'
import { MinuteSeriesBuilder } from '../../processors/statistics/minute-series-builder.ts'
import { CRYPTO_BANDS } from '../../processors/statistics/stylized-fact-bands.ts'
import { STYLIZED_FACTS, type StylizedFact, stylizedFacts } from '../../processors/statistics/stylized-facts.ts'
import { numberOf } from '../config.ts'

interface MarketFlags {
  readonly market: string
  readonly days: string
  readonly seed: string
}

export interface RealismFlags extends MarketFlags {
  readonly json?: boolean
}

const START_MS = Date.parse('2026-01-01T00:00:00Z')
/** Enough trades for every symbol to have some in nearly every minute. */
const TRADES_PER_SECOND = 8
const SYMBOL_COUNT = 10
const MINUTES_PER_DAY = 1440
const MINUTES_MIN_COUNT = 2 * MINUTES_PER_DAY

/** Prints the statistics of the recordings, or of a generated market. @throws FinPulseError */
export async function realism(files: readonly string[], flags: RealismFlags): Promise<void> {
  const minutes = new Map<string, MinuteSeriesBuilder>()
  const processor = minuteProcessor(minutes)
  if (files.length > 0) await replayInto(processor, files)
  else generateInto(processor, flags)
  processor.finish()
  const facts = symbolFacts(minutes)
  if (facts.length === 0) {
    throw new FinPulseError(
      'input-unreadable',
      `realism: expected a symbol with at least ${MINUTES_MIN_COUNT} minutes of trades`,
    )
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(reportOf(facts))}\n` : tableOf(facts))
}

/** The facts of every symbol that has minutes enough. */
export function symbolFacts(minutes: ReadonlyMap<string, MinuteSeriesBuilder>): SymbolFacts[] {
  return [...minutes]
    .filter(([, builder]) => builder.count >= MINUTES_MIN_COUNT)
    .map(([symbol, builder]) => ({ symbol, facts: stylizedFacts(builder.series()) }))
}

/** A processor whose final 1m candles are gathered by symbol. */
export function minuteProcessor(minutes: Map<string, MinuteSeriesBuilder>): MarketProcessor {
  const candle = (given: Candle) => {
    if (given.interval !== '1m') return
    let builder = minutes.get(given.symbol)
    if (builder === undefined) {
      builder = new MinuteSeriesBuilder()
      minutes.set(given.symbol, builder)
    }
    builder.add(given)
  }
  const ignore = () => undefined
  return new MarketProcessor({}, { candle, alert: ignore, gap: ignore, deadLetter: ignore })
}

async function replayInto(processor: MarketProcessor, paths: readonly string[]): Promise<void> {
  const reader = await ReplayReader.open({ paths, instruments: processor.instruments })
  for (let step = await reader.next(); step !== undefined; step = await reader.next()) processor.onTrades(step.trades)
  await reader.close()
}

export function generateInto(
  processor: MarketProcessor,
  { market, days, seed }: MarketFlags,
  tradesPerSecond = TRADES_PER_SECOND,
): void {
  if (market !== 'equity' && market !== 'crypto') {
    throw new FinPulseError('config-invalid', `--market: expected equity or crypto, got "${market}"`)
  }
  const dayCount = numberOf(days, '--days')
  if (!(dayCount >= 3 && dayCount <= 365)) {
    throw new FinPulseError('config-invalid', `--days: expected 3 to 365, got ${days}`)
  }
  const names = (market === 'crypto' ? CRYPTO_SYMBOLS : DEFAULT_SYMBOLS).slice(0, SYMBOL_COUNT)
  const symbols = names.map(({ symbol }) => worldSymbolOf(symbol, market))
  const startUs = START_MS * 1000
  const schedule = new ConstantRate(tradesPerSecond, startUs)
  const world = new MarketWorld(
    { seed: numberOf(seed, '--seed'), symbols, schedule, startMinute: startUs / MINUTE_US, firstIndex: 0 },
    processor.instruments,
  )
  const trades = new TradeBatch(processor.instruments, 8192)
  const quotes = new QuoteBatch(processor.instruments, 8192)
  const endIndex = schedule.countBefore(startUs + dayCount * MINUTES_PER_DAY * MINUTE_US)
  while (world.index < endIndex) {
    trades.count = 0
    quotes.count = 0
    world.fill(trades, quotes, endIndex)
    processor.onTrades(trades)
  }
}

interface SymbolFacts {
  readonly symbol: string
  readonly facts: Record<StylizedFact, number>
}

interface FactRow {
  readonly fact: StylizedFact
  readonly meaning: string
  readonly median: number
  readonly p10: number
  readonly p90: number
  readonly isInside: boolean
  readonly bySymbol: Readonly<Record<string, number>>
}

/** Each fact's median over the symbols beside its band. */
export function reportOf(symbols: readonly SymbolFacts[]): FactRow[] {
  return (Object.keys(STYLIZED_FACTS) as StylizedFact[]).map((fact) => {
    const values = symbols.map(({ facts }) => facts[fact]).sort((a, b) => a - b)
    const middle = (values.length - 1) / 2
    const median = (values[Math.floor(middle)]! + values[Math.ceil(middle)]!) / 2
    const { p10, p90 } = CRYPTO_BANDS[fact]
    const bySymbol = Object.fromEntries(symbols.map(({ symbol, facts }) => [symbol, facts[fact]]))
    return { fact, meaning: STYLIZED_FACTS[fact], median, p10, p90, isInside: median >= p10 && median <= p90, bySymbol }
  })
}

function tableOf(symbols: readonly SymbolFacts[]): string {
  const number = (value: number) => value.toPrecision(4).padStart(10)
  const lines = reportOf(symbols).map(({ fact, meaning, median, p10, p90, isInside }) => {
    const mark = isInside ? styleText('green', 'inside ') : styleText('red', 'outside')
    return `${fact.padEnd(17)}${number(median)}  ${number(p10)} …${number(p90)}  ${mark}  ${meaning}`
  })
  const head = `${'fact'.padEnd(17)}${'median'.padStart(10)}  ${'p10 …'.padStart(12)}${'p90'.padStart(10)}`
  return `median over ${symbols.length} symbols\n${head}\n${lines.join('\n')}\n`
}
