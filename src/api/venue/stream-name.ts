import { isVenueInterval, type VenueInterval } from './kline-interval.ts'

export type StreamKind =
  | 'trade'
  | 'aggTrade'
  | 'bookTicker'
  | 'kline'
  | 'miniTicker'
  | 'ticker'
  | 'depth'
  | 'partialDepth'

/** A stream that the facade has. */
export interface StreamName {
  /** As the client wrote it: messages of combined streams carry it. */
  readonly name: string
  /** Upper case. */
  readonly wireSymbol: string
  readonly kind: StreamKind
  /** Of `kline`. */
  readonly interval?: VenueInterval
  /** How often it is pushed, of streams that are not sent at once. */
  readonly everyMs?: number
}

const PATTERN = /^([a-z0-9._-]{1,64})@([A-Za-z]+)(?:_([0-9]+[A-Za-z]))?([0-9]*)((?:@100ms)?)$/
const PLAIN: ReadonlySet<string> = new Set<StreamKind>(['trade', 'aggTrade', 'bookTicker'])
const BY_SECOND: ReadonlySet<string> = new Set<StreamKind>(['miniTicker', 'ticker'])
const DEPTH_LEVELS = new Set(['5', '10', '20'])
const SECOND_MS = 1000
const FAST_MS = 100
const KLINE_EVERY_MS = 2000

/**
 * Reads `btcusdt@kline_1m`, `btcusdt@depth5@100ms` and the like (web-socket-streams.md of the venue's documentation).
 * @returns undefined for whatever the facade has no stream for
 */
export function parseStreamName(name: string): StreamName | undefined {
  const match = PATTERN.exec(name)
  if (match === null) return undefined
  const [, symbol, word, interval, levels, speed] = match as unknown as [string, string, string, string?, ...string[]]
  const wireSymbol = symbol.toUpperCase()
  if (word === 'depth' && interval === undefined) {
    const everyMs = speed === '' ? SECOND_MS : FAST_MS
    if (levels === '') return { name, wireSymbol, kind: 'depth', everyMs }
    return DEPTH_LEVELS.has(levels!) ? { name, wireSymbol, kind: 'partialDepth', everyMs } : undefined
  }
  if (levels !== '' || speed !== '') return undefined
  if (word === 'kline') {
    if (interval === undefined || !isVenueInterval(interval)) return undefined
    return { name, wireSymbol, kind: 'kline', interval, everyMs: interval === '1s' ? SECOND_MS : KLINE_EVERY_MS }
  }
  if (interval !== undefined) return undefined
  if (PLAIN.has(word)) return { name, wireSymbol, kind: word as StreamKind }
  return BY_SECOND.has(word) ? { name, wireSymbol, kind: word as StreamKind, everyMs: SECOND_MS } : undefined
}
