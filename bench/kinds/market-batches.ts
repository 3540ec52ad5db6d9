import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { checkConfig } from '../../src/engine/config.ts'
import { createFeed } from '../../src/engine/create-feed.ts'
import { TradeBatch } from '../../src/events/trade-batch.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import { DEFAULT_SYMBOLS } from '../../src/feeds/simulator/symbol-presets.ts'

/** 2026-01-02T15:00:00Z: any whole hour does. */
const START_TIME_US = Date.UTC(2026, 0, 2, 15) * 1000

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

/** A simulated market of the past, which never waits for the clock. */
export function openPastMarket(symbolCount: number, tradesPerSecond: number, maxCount: number): Promise<Feed> {
  const settings = {
    type: 'simulator',
    symbols: symbolNames(symbolCount),
    ratePerSecond: tradesPerSecond,
    startTime: new Date(START_TIME_US / 1000).toISOString(),
    maxCount,
  }
  return createFeed(checkConfig({ feed: settings }, 'bench').feed, {
    clock: systemClock,
    logger: silentLogger,
    position: undefined,
  })
}

/** Hands every step to `use`. @returns the number of trades */
export async function drainFeed(feed: Feed, use: (trades: TradeBatch) => void): Promise<number> {
  const { signal } = new AbortController()
  let count = 0
  for (let step = await feed.next(signal); step !== undefined; step = await feed.next(signal)) {
    use(step.trades)
    count += step.trades.count
  }
  return count
}

/** Trades of the simulated market, all over one instrument table; the same for the same shape. */
export async function buildTradeBatches(shape: MarketShape): Promise<TradeBatch[]> {
  const { symbolCount, tradesPerSecond, batchCount, batchSize } = shape
  const batches: TradeBatch[] = []
  await drainFeed(await openPastMarket(symbolCount, tradesPerSecond, batchCount * batchSize), (trades) => {
    for (let row = 0; row < trades.count; row++) {
      if (batches.at(-1)?.isFull !== false) batches.push(new TradeBatch(trades.instruments, batchSize))
      batches.at(-1)!.appendRow(trades, row)
    }
  })
  return batches
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
