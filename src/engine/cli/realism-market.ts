import { FinPulseError } from '../../base/errors.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { ConstantRate } from '../../feeds/schedule.ts'
import { presetSymbols, worldSymbolOf } from '../../feeds/simulator/symbol-presets.ts'
import { MarketWorld } from '../../feeds/simulator/world/market-world.ts'
import { MINUTE_US } from '../../feeds/simulator/world/minute-path.ts'
import type { MarketProcessor } from '../../processors/market-processor.ts'
import { numberOf } from '../config.ts'

export interface MarketFlags {
  readonly market: string
  readonly days: string
  readonly seed: string
}

const START_MS = Date.parse('2026-01-01T00:00:00Z')
/** Enough trades for every symbol to have some in nearly every minute. */
const TRADES_PER_SECOND = 8
const MINUTES_PER_DAY = 1440

/** The ten symbols that a market has by default. @throws FinPulseError config-invalid */
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
  const symbols = presetSymbols(market).map((symbol) => worldSymbolOf(symbol, market))
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
