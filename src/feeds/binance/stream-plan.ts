import type { SocketPlan } from '../streaming/feed-line.ts'
import type { BinanceSettings } from './binance-options.ts'

/**
 * Spreads streams over sockets, at most `streamsPerSocketMaxCount` each; a symbol's streams of a tier stay together.
 * Combined streams are named in the address, so no request is ever sent over a socket.
 */
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

/** Longest frame that is looked at for the announcement; trades and quotes are about as long. */
const NOTICE_MAX_BYTES = 256

/** Whether a frame is the venue's `serverShutdown`: the socket is cut soon after it. */
export function announcesShutdown(frame: Uint8Array): boolean {
  return frame.length <= NOTICE_MAX_BYTES && (frame as Buffer).includes('"serverShutdown"')
}
