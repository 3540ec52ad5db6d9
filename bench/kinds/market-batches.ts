import { InstrumentTable } from '../../src/events/instrument.ts'
import { QuoteBatch } from '../../src/events/quote-batch.ts'
import { TradeBatch } from '../../src/events/trade-batch.ts'
import { MarketModel } from '../../src/feeds/simulator/market-model.ts'
import { DEFAULT_SYMBOLS } from '../../src/feeds/simulator/symbol-presets.ts'

/** 2026-01-02T15:00:00Z: any whole hour does. */
export const START_TIME_US = Date.UTC(2026, 0, 2, 15) * 1000

/** The default market's symbols, then `S0010` and so on. */
export function symbolNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    return DEFAULT_SYMBOLS[index]?.symbol ?? `S${String(index).padStart(4, '0')}`
  })
}

export interface MarketShape {
  readonly symbolCount: number
  readonly tradesPerSecond: number
  readonly batchCount: number
  readonly batchSize: number
}

/** Trades of the simulated market, all over one instrument table; the same for the same shape. */
export function buildTradeBatches({ symbolCount, tradesPerSecond, batchCount, batchSize }: MarketShape): TradeBatch[] {
  const instruments = new InstrumentTable()
  const model = new MarketModel(instruments, symbolNames(symbolCount), 1)
  const quotes = new QuoteBatch(instruments, batchSize)
  return Array.from({ length: batchCount }, (_, number) => {
    const batch = new TradeBatch(instruments, batchSize)
    quotes.count = 0
    for (let row = 0; row < batchSize; row++) {
      const ordinal = number * batchSize + row
      model.trade(START_TIME_US + Math.floor((ordinal * 1e6) / tradesPerSecond), batch, quotes)
    }
    return batch
  })
}

/** The bare loop: the sum of price times quantity over the same arrays. @returns the number of trades */
export function sumNotional(batches: readonly TradeBatch[]): number {
  let sum = 0
  let count = 0
  for (const batch of batches) {
    const { priceLow, quantityLow } = batch
    for (let row = 0; row < batch.count; row++) sum += priceLow[row]! * quantityLow[row]!
    count += batch.count
  }
  // Uses the sum, so that the loop is not optimised away.
  return Number.isNaN(sum) ? 0 : count
}

/** As `sumNotional`, often enough to be timed. */
export function sumNotionalTimes(batches: readonly TradeBatch[], times: number): number {
  let count = 0
  for (let time = 0; time < times; time++) count += sumNotional(batches)
  return count
}
