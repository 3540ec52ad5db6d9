import { add, compare, decimalsOf } from '../../base/decimal-text.ts'
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

type Values = Omit<Kline, 'openTimeMs' | 'closeTimeMs' | 'interval' | 'isFinal'>

function sumOf(parts: readonly Candle[]): Values {
  const zero = zeroAt(Math.max(...parts.map(({ open }) => decimalsOf(open))))
  const sum: { -readonly [Name in keyof Values]: Values[Name] } = { ...parts[0]! }
  for (const part of parts.slice(1)) {
    if (compare(part.high, sum.high) > 0) sum.high = part.high
    if (compare(part.low, sum.low) < 0) sum.low = part.low
    sum.volume = add(sum.volume, part.volume)
    sum.quoteVolume = add(sum.quoteVolume, part.quoteVolume)
    sum.tradeCount += part.tradeCount
    sum.takerBuyVolume = add(sum.takerBuyVolume, part.takerBuyVolume)
    sum.takerBuyQuoteVolume = add(sum.takerBuyQuoteVolume, part.takerBuyQuoteVolume)
  }
  const { volume, tradeCount, takerBuyVolume } = sum
  return {
    open: add(sum.open, zero),
    high: add(sum.high, zero),
    low: add(sum.low, zero),
    close: add(parts.at(-1)!.close, zero),
    ...{ volume, tradeCount, takerBuyVolume },
    quoteVolume: quoteText(sum.quoteVolume),
    takerBuyQuoteVolume: quoteText(sum.takerBuyQuoteVolume),
  }
}

/** A quote volume as the engine prints it. */
export function quoteText(text: string): string {
  let end = text.length
  const least = text.indexOf('.') + QUOTE_DECIMALS_MIN
  while (decimalsOf(text) > QUOTE_DECIMALS_MIN && end > least + 1 && text[end - 1] === '0') end -= 1
  return text.slice(0, end)
}
