import fc from 'fast-check'
import { formatDecimal } from '../../../base/decimal.ts'
import type { Candle } from '../../../events/candle.ts'
import { type Interval, intervalMs } from '../../../events/interval.ts'
import type { Trade } from '../../../events/trade.ts'
import { candleOf, tradeOf } from '../../testing/sample-events.ts'
import type { VenueInterval } from '../kline-interval.ts'
import type { NumberedTrade } from '../venue-messages.ts'

/* Klines by their definition, on whole numbers and calendar dates: what the facade gives is held against it. */

export const SYMBOL = 'AAPL'
const DAY_MS = 86_400_000
const FIXED_MS: Readonly<Record<Exclude<VenueInterval, '1w' | '1M'>, number>> = {
  ...{ '1s': 1000, '1m': 60_000, '3m': 180_000, '5m': 300_000, '15m': 900_000, '30m': 1_800_000, '1h': 3_600_000 },
  ...{ '2h': 7_200_000, '4h': 14_400_000, '6h': 21_600_000, '8h': 28_800_000, '12h': 43_200_000 },
  ...{ '1d': DAY_MS, '3d': 3 * DAY_MS },
}

/** Open and close time of the kline that a time is in. */
export function spanOf(interval: VenueInterval, timeMs: number): [openTimeMs: number, closeTimeMs: number] {
  const date = new Date(timeMs)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  if (interval === '1M') return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)]
  if (interval !== '1w') {
    const openTimeMs = timeMs - (timeMs % FIXED_MS[interval])
    return [openTimeMs, openTimeMs + FIXED_MS[interval]]
  }
  const monday = day - ((date.getUTCDay() + 6) % 7)
  return [Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7)]
}

/** Rows as REST gives them, oldest first. @param trades with two decimals in the price and three in the quantity */
export function bruteRows(trades: readonly Trade[], interval: VenueInterval): unknown[][] {
  return bruteCandles(trades, interval).map((candle) => [
    ...[candle.openTimeMs, candle.open, candle.high, candle.low, candle.close, candle.volume, candle.closeTimeMs - 1],
    ...[candle.quoteVolume, candle.tradeCount, candle.takerBuyVolume, candle.takerBuyQuoteVolume, '0'],
  ])
}

/** The candles of one of the engine's intervals. */
export function baseCandles(trades: readonly Trade[], interval: Interval): Candle[] {
  return bruteCandles(trades, interval).map((values) =>
    candleOf(SYMBOL, values.openTimeMs, { ...values, interval, closeTimeMs: values.openTimeMs + intervalMs(interval) }),
  )
}

export function bruteCandles(trades: readonly Trade[], interval: VenueInterval) {
  const groups = new Map<number, Trade[]>()
  for (const trade of trades) {
    const [openTimeMs] = spanOf(interval, Math.floor(trade.eventTimeMs))
    groups.set(openTimeMs, [...(groups.get(openTimeMs) ?? []), trade])
  }
  return [...groups]
    .toSorted(([a], [b]) => a - b)
    .map(([openTimeMs, group]) => {
      const inOrder = group.toSorted((a, b) => a.eventTimeMs - b.eventTimeMs || a.id! - b.id!)
      const prices = group.map(priceOf).toSorted((a, b) => Number(a - b))
      const bought = group.filter(({ takerSide }) => takerSide === 'buy')
      return {
        ...{ openTimeMs, closeTimeMs: spanOf(interval, openTimeMs)[1] },
        ...{ open: inOrder[0]!.price, high: formatDecimal(prices.at(-1)!, 2) },
        ...{ low: formatDecimal(prices[0]!, 2), close: inOrder.at(-1)!.price },
        volume: formatDecimal(total(group, quantityOf), 3),
        quoteVolume: formatDecimal(total(group, quoteOf), 5),
        tradeCount: group.reduce((count, { id, lastId }) => count + (lastId ?? id!) - id! + 1, 0),
        takerBuyVolume: formatDecimal(total(bought, quantityOf), 3),
        takerBuyQuoteVolume: formatDecimal(total(bought, quoteOf), 5),
      }
    })
}

const priceOf = ({ price }: Trade) => BigInt(price.replace('.', ''))
const quantityOf = ({ quantity }: Trade) => BigInt(quantity.replace('.', ''))
const quoteOf = (trade: Trade) => priceOf(trade) * quantityOf(trade)

function total(trades: readonly Trade[], digitsOf: (trade: Trade) => bigint): bigint {
  return trades.reduce((sum, trade) => sum + digitsOf(trade), 0n)
}

/** Trades in order of their ids and times, some of them aggregates, with stretches of any length between them. */
export function tradesArbitrary(endMs: number, meanMs: number, maxLength = 40): fc.Arbitrary<NumberedTrade[]> {
  const step = fc.oneof(fc.integer({ min: 0, max: Math.ceil(meanMs / 10) }), fc.integer({ min: 0, max: 3 * meanMs }))
  const row = fc.record({
    step,
    price: fc.bigInt({ min: 1n, max: 10n ** 15n }),
    quantity: fc.bigInt({ min: 1n, max: 10n ** 15n }),
    count: fc.integer({ min: 1, max: 3 }),
    takerSide: fc.constantFrom('buy', 'sell', 'unknown'),
  })
  return fc.array(row, { minLength: 1, maxLength }).map((rows) => {
    let timeMs = endMs - rows.reduce((sum, { step: back }) => sum + back, 0)
    let id = 1
    return rows.map(({ step: aheadMs, price, quantity, count, takerSide }) => {
      timeMs += aheadMs
      const trade = { ...tradeOf(SYMBOL, id, formatDecimal(price, 2), timeMs), id, lastId: id + count - 1 }
      id += count
      return { ...trade, quantity: formatDecimal(quantity, 3), takerSide } as NumberedTrade
    })
  })
}
