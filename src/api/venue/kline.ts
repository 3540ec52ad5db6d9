import { add, compare, decimalsOf, maxDecimalsOf, sum } from '../../base/decimal-text.ts'
import type { Candle } from '../../events/candle.ts'
import { openTimeAfter, openTimeOf, type RolledInterval, type VenueInterval } from './kline-interval.ts'
import { zeroAt } from './venue-symbols.ts'

/** What the venue tells of a candle, which may be longer or shorter than those that the engine keeps. */
export interface Kline
  extends Pick<
    Candle,
    | 'openTimeMs'
    | 'closeTimeMs'
    | 'open'
    | 'high'
    | 'low'
    | 'close'
    | 'volume'
    | 'quoteVolume'
    | 'tradeCount'
    | 'takerBuyVolume'
    | 'takerBuyQuoteVolume'
    | 'isFinal'
  > {
  readonly interval: VenueInterval
  /** Of its first trade, where it is made of trades. */
  readonly firstId?: number
}

/** The engine leaves zeros of quote volumes out beyond as many decimals. */
const QUOTE_DECIMALS_MIN = 8

/**
 * One kline for each span that has candles, oldest first: exact sums, with the decimals of the part that has most.
 * @param parts candles of one instrument and of one interval that divides the kline's, in order of time
 */
export function rollUp(parts: readonly Candle[], interval: RolledInterval, isFinal = true): Kline[] {
  const klines: Kline[] = []
  for (let from = 0; from < parts.length; ) {
    const openTimeMs = openTimeOf(interval, parts[from]!.openTimeMs)
    const closeTimeMs = openTimeAfter(interval, openTimeMs, 1)
    let to = from + 1
    while (to < parts.length && parts[to]!.openTimeMs < closeTimeMs) to += 1
    klines.push({ openTimeMs, closeTimeMs, interval, isFinal, ...sumOf(parts.slice(from, to)) })
    from = to
  }
  return klines
}

/** What a kline says of its trades. */
export type KlineValues = Omit<Kline, 'openTimeMs' | 'closeTimeMs' | 'interval' | 'isFinal' | 'firstId'>

/** Exact, with the decimals of the part that has most. @param parts at least one, in order of time */
export function sumOf(parts: readonly KlineValues[]): KlineValues {
  const zero = zeroAt(maxDecimalsOf(parts.map(({ open }) => open)))
  const isHigher = (a: string, b: string) => a !== b && compare(a, b) > 0
  return {
    open: add(parts[0]!.open, zero),
    high: add(
      parts.map(({ high }) => high).reduce((most, high) => (isHigher(high, most) ? high : most)),
      zero,
    ),
    low: add(
      parts.map(({ low }) => low).reduce((least, low) => (isHigher(least, low) ? low : least)),
      zero,
    ),
    close: add(parts.at(-1)!.close, zero),
    volume: sum(parts.map(({ volume }) => volume)),
    quoteVolume: quoteText(sum(parts.map(({ quoteVolume }) => quoteVolume))),
    tradeCount: parts.reduce((count, { tradeCount }) => count + tradeCount, 0),
    takerBuyVolume: sum(parts.map(({ takerBuyVolume }) => takerBuyVolume)),
    takerBuyQuoteVolume: quoteText(sum(parts.map(({ takerBuyQuoteVolume }) => takerBuyQuoteVolume))),
  }
}

/** A quote volume as the engine prints it. */
function quoteText(text: string): string {
  let end = text.length
  const least = text.indexOf('.') + QUOTE_DECIMALS_MIN
  while (decimalsOf(text) > QUOTE_DECIMALS_MIN && end > least + 1 && text[end - 1] === '0') end -= 1
  return text.slice(0, end)
}
