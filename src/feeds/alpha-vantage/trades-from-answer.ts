import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import { NO_ID } from '../../events/trade-batch.ts'
import { newYorkTimeUs } from '../calendar/new-york-time.ts'
import { type Refusal, readPositiveText, type TradeRow } from '../rows/market-row.ts'
import type { JsonObject } from './classify-answer.ts'

/** What is remembered of the quote before, as the vendor wrote it. */
export interface SeenQuote {
  readonly price: string
  /** Of the whole trading day so far. */
  readonly volume: string
  /** `2026-11-20`. */
  readonly tradingDay: string
}

export type QuoteReading = SeenQuote | 'unchanged' | 'stale' | Refusal

/**
 * Reads a GLOBAL_QUOTE answer into a trade. A quote is a state and no trade, so its quantity is what the volume of the
 * trading day has grown by since the quote before, and at least 1: 1 for the first quote of all, whose growth nobody
 * knows, and where only the price has changed. Event time is the time of arrival: the vendor gives a day only.
 * @returns what to remember; `unchanged` or `stale` (of an older trading day) where there is no trade
 */
export function tradeFromQuote(
  quote: JsonObject,
  before: SeenQuote | undefined,
  receivedTimeUs: number,
  into: TradeRow,
): QuoteReading {
  const price = textOf(quote['05. price'])
  const volume = textOf(quote['06. volume'])
  const tradingDay = textOf(quote['07. latest trading day'])
  if (!/^\d{4}-\d{2}-\d{2}$/.test(tradingDay)) {
    return { reason: 'invalid-time', detail: `latest trading day: expected a day, got "${tradingDay.slice(0, 64)}"` }
  }
  const refusal = readPositiveText('price', price, into.price)
  if (refusal !== undefined) return refusal
  if (!/^\d{1,18}$/.test(volume)) {
    return { reason: 'invalid-quantity', detail: `volume: expected a whole number, got "${volume.slice(0, 64)}"` }
  }
  if (before !== undefined && tradingDay < before.tradingDay) return 'stale'
  const seen = { price, volume, tradingDay }
  const isSameDay = before?.tradingDay === tradingDay
  if (isSameDay && before.price === price && before.volume === volume) return 'unchanged'
  const grownBy = before === undefined ? 1n : BigInt(volume) - (isSameDay ? BigInt(before.volume) : 0n)
  const refusalOfQuantity = readPositiveText('quantity', String(grownBy > 1n ? grownBy : 1n), into.quantity)
  if (refusalOfQuantity !== undefined) return refusalOfQuantity
  into.eventTimeUs = receivedTimeUs
  into.receivedTimeUs = receivedTimeUs
  into.id = NO_ID
  return seen
}

/** One bar, unread. */
export interface Bar {
  /** µs, when it begins. */
  readonly startUs: number
  readonly values: unknown
}

/** The last moment of a bar: a trade at its end would be of the next candle. */
const BEFORE_END_US = 1000

export type BarsReading = { readonly bars: readonly Bar[]; readonly refusals: readonly Refusal[] }

/**
 * The bars that begin after `afterUs` and are over at `nowUs`, oldest first. The bar under way is left for a later
 * answer, since its volume still grows. Bars are named by New York's wall clock at their beginning.
 */
export function newBars(
  meta: JsonObject,
  bars: JsonObject,
  span: { readonly afterUs: number; readonly nowUs: number; readonly barUs: number },
): BarsReading {
  const zone = textOf(Object.entries(meta).find(([name]) => name.endsWith('Time Zone'))?.[1])
  if (!/^(US\/Eastern|America\/New_York)$/.test(zone)) {
    const detail = `time zone: expected US/Eastern, got "${zone.slice(0, 64)}"`
    return { bars: [], refusals: [{ reason: 'invalid-time', detail }] }
  }
  const found: Bar[] = []
  const refusals: Refusal[] = []
  for (const [text, values] of Object.entries(bars)) {
    const startUs = newYorkTimeUs(text)
    if (!(startUs >= 0 && startUs < EVENT_TIME_MAX_US)) {
      refusals.push({ reason: 'invalid-time', detail: `bar: expected a time, got "${text.slice(0, 64)}"` })
    } else if (startUs > span.afterUs && startUs + span.barUs <= span.nowUs) found.push({ startUs, values })
  }
  return { bars: found.toSorted((a, b) => a.startUs - b.startUs), refusals }
}

export type BarReading = 'trade' | 'no-volume' | Refusal

/** Reads a bar into one trade at its close: its closing price, its volume, 1 ms before its end. */
export function tradeFromBar({ startUs, values }: Bar, barUs: number, receivedUs: number, into: TradeRow): BarReading {
  const fields = typeof values === 'object' && values !== null ? (values as JsonObject) : {}
  const volume = textOf(fields['5. volume'])
  const refusal = readPositiveText('price', textOf(fields['4. close']), into.price)
  if (refusal !== undefined) return refusal
  if (/^0+(\.0*)?$/.test(volume)) return 'no-volume'
  const refusalOfQuantity = readPositiveText('quantity', volume, into.quantity)
  if (refusalOfQuantity !== undefined) return refusalOfQuantity
  into.eventTimeUs = startUs + barUs - BEFORE_END_US
  into.receivedTimeUs = receivedUs
  into.id = NO_ID
  return 'trade'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}
