import type { SocketPlan } from '../streaming/feed-line.ts'
import type { KrakenSettings } from './kraken-options.ts'

/** Spreads pairs over sockets, at most `symbolsPerSocketMaxCount` each. What they carry is subscribed once they are open. */
export function planSockets({ symbols, url, limits, hasQuotes }: KrakenSettings): SocketPlan[] {
  const plans: SocketPlan[] = []
  for (let start = 0; start < symbols.length; start += limits.symbolsPerSocketMaxCount) {
    const part = symbols.slice(start, start + limits.symbolsPerSocketMaxCount)
    const streams = part.flatMap((symbol) =>
      hasQuotes ? [`trade ${symbol}`, `ticker ${symbol}`] : [`trade ${symbol}`],
    )
    plans.push({ index: plans.length, url, streams, symbols: part })
  }
  return plans
}
