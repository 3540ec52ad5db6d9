import { digitsToNumber } from '../../base/decimal.ts'
import { copyRows } from '../../events/column.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import type { Reading } from './threshold-state.ts'

/** Leaves out the rows of symbols that are not kept, in place. @returns how many were left out */
export function keepRows(batch: TradeBatch | QuoteBatch, isKept: (symbol: string) => boolean): number {
  let keptCount = 0
  for (let row = 0; row < batch.count; row++) {
    if (!isKept(batch.instruments.at(batch.instrument[row]!).symbol)) continue
    if (keptCount !== row) copyRows(batch.columns, row, batch.columns, keptCount, 1)
    keptCount += 1
  }
  const leftOutCount = batch.count - keptCount
  batch.count = keptCount
  return leftOutCount
}

/**
 * What trades say of their symbols: the last price, and the volume of all of them as that of a poll interval. For polled
 * sources whose trades stand for what was traded since the poll before.
 */
export function readingsOfTrades(batch: TradeBatch, timeUs: number): Map<string, Reading> {
  const readings = new Map<string, Reading>()
  for (let row = 0; row < batch.count; row++) {
    const { symbol, priceDecimals, quantityDecimals } = batch.instruments.at(batch.instrument[row]!)
    const price = digitsToNumber(batch.priceLow[row]!, batch.priceHigh[row]!, priceDecimals)
    const quantity = digitsToNumber(batch.quantityLow[row]!, batch.quantityHigh[row]!, quantityDecimals)
    readings.set(symbol, { timeUs, price, volume: (readings.get(symbol)?.volume ?? 0) + quantity })
  }
  return readings
}
