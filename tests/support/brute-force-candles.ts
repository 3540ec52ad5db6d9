import { INTERVALS, intervalMs } from '../../src/events/interval.ts'
import type { TestTrade } from './trades.ts'

export interface BruteForceCandle {
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
  readonly volume: string
  readonly quoteVolume: string
  readonly tradeCount: number
  readonly takerBuyVolume: string
  readonly takerBuyQuoteVolume: string
}

/** The definition of a candle, in whole numbers of any size: slow, obvious, and what the builder must equal. */
export function bruteForceCandles(
  trades: readonly TestTrade[],
  priceDecimals: number,
  quantityDecimals: number,
): Map<string, BruteForceCandle> {
  const candles = new Map<string, BruteForceCandle>()
  for (const interval of INTERVALS) {
    const groups = new Map<string, TestTrade[]>()
    for (const trade of trades) {
      const openTimeMs = Math.floor(trade.timeMs / intervalMs(interval)) * intervalMs(interval)
      const key = `${trade.venue ?? 'test'}/${trade.symbol ?? 'ABC'}/${interval}/${openTimeMs}`
      groups.set(key, [...(groups.get(key) ?? []), trade])
    }
    for (const [key, group] of groups) candles.set(key, candleOf(group, priceDecimals, quantityDecimals))
  }
  return candles
}

function candleOf(trades: readonly TestTrade[], priceDecimals: number, quantityDecimals: number): BruteForceCandle {
  const inOrder = [...trades].sort((a, b) => a.timeMs - b.timeMs || (a.id ?? 0) - (b.id ?? 0))
  const price = (trade: TestTrade) => digits(trade.price, priceDecimals)
  const quantity = (trade: TestTrade) => digits(trade.quantity, quantityDecimals)
  const prices = inOrder.map(price).sort((a, b) => (a < b ? -1 : 1))
  const buys = inOrder.filter((trade) => trade.side === 'buy')
  const volume = (group: readonly TestTrade[]) => group.reduce((sum, trade) => sum + quantity(trade), 0n)
  const quote = (group: readonly TestTrade[]) => group.reduce((sum, trade) => sum + price(trade) * quantity(trade), 0n)
  const quoteDecimals = priceDecimals + quantityDecimals
  return {
    open: text(price(inOrder[0]!), priceDecimals),
    high: text(prices.at(-1)!, priceDecimals),
    low: text(prices[0]!, priceDecimals),
    close: text(price(inOrder.at(-1)!), priceDecimals),
    volume: text(volume(inOrder), quantityDecimals),
    quoteVolume: trimmed(text(quote(inOrder), quoteDecimals)),
    tradeCount: inOrder.length,
    takerBuyVolume: text(volume(buys), quantityDecimals),
    takerBuyQuoteVolume: trimmed(text(quote(buys), quoteDecimals)),
  }
}

function digits(decimal: string, decimals: number): bigint {
  const [whole, fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

function text(value: bigint, decimals: number): string {
  const padded = value.toString().padStart(decimals + 1, '0')
  return decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
}

/** Zeros beyond the eighth decimal are not printed. */
function trimmed(decimal: string): string {
  return decimal.replace(/(\.\d{8}\d*?)0+$/, '$1')
}
