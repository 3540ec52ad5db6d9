import { decimalsOf, multiply } from '../../base/decimal-text.ts'
import { intervalMs } from '../../events/interval.ts'
import { type Kline, type KlineValues, sumOf } from './kline.ts'
import { nextOpenTime, openTimeOf } from './kline-interval.ts'
import type { KlineReader, KlineSpan } from './kline-reader.ts'
import type { NumberedTrade } from './venue-messages.ts'
import { type Listing, zeroAt } from './venue-symbols.ts'
import type { VenueTrades } from './venue-trades.ts'

const SECOND_MS = 1000
const MINUTE_MS = intervalMs('1m')
/** How far back klines of seconds go. */
const REACH_MS = intervalMs('1d')
const PAGE_COUNT = 5000
/** Trades after which an answer ends, with fewer klines than were asked for. */
const TRADES_MAX_COUNT = 20_000

interface Window {
  readonly fromMs: number
  readonly toMs: number
  readonly tradeCount: number
}

/**
 * Klines of single seconds, made of trades. Candles of minutes say where there are any, and how many: windows of about
 * one page of trades are read whole, until there are enough klines or too many trades.
 */
export class SecondKlines {
  readonly #trades: VenueTrades
  readonly #minutes: KlineReader
  readonly #nowMs: () => number

  /** @param nowMs market time, whole ms */
  constructor(trades: VenueTrades, minutes: KlineReader, nowMs: () => number) {
    this.#trades = trades
    this.#minutes = minutes
    this.#nowMs = nowMs
  }

  /** The first klines of a span, oldest first. */
  async first(listing: Listing, span: KlineSpan): Promise<Kline[]> {
    const whole = this.#wholeSeconds(span)
    const minutes = await this.#minutes.first(listing, '1m', minutesOf(whole))
    const klines = await this.#read(listing, whole, windowsOf(minutes))
    return klines.slice(0, span.limit)
  }

  /** The last klines of a span, oldest first. */
  async last(listing: Listing, span: KlineSpan): Promise<Kline[]> {
    const whole = this.#wholeSeconds(span)
    const minutes = await this.#minutes.last(listing, '1m', minutesOf(whole))
    const klines = await this.#read(listing, whole, windowsOf(minutes).reverse())
    return klines.slice(-span.limit)
  }

  /** All trades with an event time in `[fromMs, toMs)`. */
  async tradesIn(listing: Listing, fromMs: number, toMs: number): Promise<NumberedTrade[]> {
    const found: NumberedTrade[] = []
    for (;;) {
      const last = found.at(-1)
      const after = last === undefined ? {} : { fromId: (last.lastId ?? last.id) + 1 }
      const page = await this.#trades.from(listing, { fromMs, toMs, limit: PAGE_COUNT, ...after })
      found.push(...page)
      if (page.length < PAGE_COUNT) return found
    }
  }

  #wholeSeconds({ fromMs, toMs, limit }: KlineSpan): KlineSpan {
    const nowMs = this.#nowMs()
    return {
      fromMs: nextOpenTime('1s', Math.max(fromMs, nowMs - REACH_MS)),
      toMs: nextOpenTime('1s', Math.min(toMs, nowMs + MINUTE_MS)),
      limit,
    }
  }

  async #read(listing: Listing, span: KlineSpan, windows: readonly Window[]): Promise<Kline[]> {
    const klines: Kline[] = []
    let tradeCount = 0
    for (const window of windows) {
      if (klines.length >= span.limit || tradeCount >= TRADES_MAX_COUNT) break
      const [fromMs, toMs] = [Math.max(window.fromMs, span.fromMs), Math.min(window.toMs, span.toMs)]
      const trades = fromMs < toMs ? await this.tradesIn(listing, fromMs, toMs) : []
      // Also what was expected and is not in the store yet: the number of reads is bounded.
      tradeCount += Math.max(trades.length, window.tradeCount)
      klines.push(...secondsOf(trades))
    }
    return klines.sort((a, b) => a.openTimeMs - b.openTimeMs)
  }
}

/** Each of so many minutes has a second; the first and the last one may be outside of the span. */
function minutesOf({ fromMs, toMs, limit }: KlineSpan): KlineSpan {
  return { fromMs: openTimeOf('1m', fromMs), toMs, limit: limit + 2 }
}

/** Windows of whole seconds with about a page of trades each, if no second has more. */
function windowsOf(minutes: readonly Kline[]): Window[] {
  const windows: Window[] = []
  for (const { openTimeMs, closeTimeMs, tradeCount } of minutes) {
    const before = windows.at(-1)
    if (before !== undefined && before.tradeCount + tradeCount <= PAGE_COUNT) {
      windows[windows.length - 1] = { ...before, toMs: closeTimeMs, tradeCount: before.tradeCount + tradeCount }
      continue
    }
    const lengthMs = Math.max(1, Math.floor((60 * PAGE_COUNT) / Math.max(PAGE_COUNT, tradeCount))) * SECOND_MS
    for (let fromMs = openTimeMs; fromMs < closeTimeMs; fromMs += lengthMs) {
      const toMs = Math.min(closeTimeMs, fromMs + lengthMs)
      windows.push({ fromMs, toMs, tradeCount: (tradeCount * (toMs - fromMs)) / MINUTE_MS })
    }
  }
  return windows
}

/** One kline for each second that has trades, oldest first. @param trades each once, in any order */
export function secondsOf(trades: readonly NumberedTrade[], isFinal = true): Kline[] {
  const bySecond = Map.groupBy(trades, ({ eventTimeMs }) => openTimeOf('1s', eventTimeMs))
  return [...bySecond].sort(([a], [b]) => a - b).map(([openTimeMs, inside]) => secondOf(openTimeMs, inside, isFinal))
}

function secondOf(openTimeMs: number, unordered: readonly NumberedTrade[], isFinal: boolean): Kline {
  const trades = unordered.toSorted((a, b) => a.eventTimeMs - b.eventTimeMs || a.id - b.id)
  const closeTimeMs = openTimeMs + SECOND_MS
  return { interval: '1s', openTimeMs, closeTimeMs, isFinal, firstId: trades[0]!.id, ...sumOf(trades.map(valuesOf)) }
}

/** A trade as a kline of its own. As in the engine's candles, an unknown taker is no buyer. */
function valuesOf({ id, lastId = id, price, quantity, takerSide }: NumberedTrade): KlineValues {
  const quoteVolume = multiply(price, quantity)
  const bought = (volume: string) => (takerSide === 'buy' ? volume : zeroAt(decimalsOf(volume)))
  return {
    ...{ open: price, high: price, low: price, close: price },
    volume: quantity,
    quoteVolume,
    tradeCount: lastId - id + 1,
    takerBuyVolume: bought(quantity),
    takerBuyQuoteVolume: bought(quoteVolume),
  }
}
