import type { BinanceSettings } from './binance-options.ts'

/** One socket: what it carries and where it connects to. */
export interface SocketPlan {
  readonly index: number
  /** Combined streams, named in the address: so no request is ever sent over the socket. */
  readonly url: string
  readonly streams: readonly string[]
  /** Upper case. */
  readonly symbols: readonly string[]
}

/** Spreads streams over sockets, at most `streamsPerSocketMaxCount` each; a symbol's streams of a tier stay together. */
export function planSockets(settings: BinanceSettings): SocketPlan[] {
  const { facts, hasTiers, hasQuotes, tradeStream, limits, url, symbols } = settings
  const namesByTier = new Map<string, string[]>()
  for (const name of hasQuotes ? ([tradeStream, 'bookTicker'] as const) : [tradeStream]) {
    const tier = (hasTiers ? facts.tiers[name] : undefined) ?? ''
    namesByTier.set(tier, [...(namesByTier.get(tier) ?? []), name])
  }
  const plans: SocketPlan[] = []
  for (const [tier, names] of namesByTier) {
    const symbolMaxCount = Math.floor(limits.streamsPerSocketMaxCount / names.length)
    for (let start = 0; start < symbols.length; start += symbolMaxCount) {
      const part = symbols.slice(start, start + symbolMaxCount)
      const streams = part.flatMap((symbol) => names.map((name) => `${symbol.toLowerCase()}@${name}`))
      const address = `${url}${tier}/stream?streams=${streams.join('/')}`
      plans.push({ index: plans.length, url: address, streams, symbols: part })
    }
  }
  return plans
}
