import type { Candle } from '../../events/candle.ts'
import { type Interval, intervalMs } from '../../events/interval.ts'
import type { PageKey } from '../../stores/market-store.ts'
import type { MarketData } from '../market-data.ts'
import { type Kline, rollUp } from './kline.ts'
import { baseOf, isRolled, nextOpenTime, openTimeAfter, openTimeOf, type VenueInterval } from './kline-interval.ts'
import type { RecentCandles } from './recent-candles.ts'
import type { Listing } from './venue-symbols.ts'

/** How much further each next look for candles reaches, where there were too few: some markets sleep. */
const LOOK_GROWTH = 8
/** Candles that one look covers at most. */
const LOOK_MAX_COUNT = 10_000
const DAY_MS = intervalMs('1d')

/** Klines that open in `[fromMs, toMs)`, at most so many. */
export interface KlineSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
}

type MinuteOrLonger = Exclude<VenueInterval, '1s'>

export interface KlineReaderOptions {
  readonly data: MarketData
  readonly recent: RecentCandles
  /** Market time, whole ms. */
  readonly nowMs: () => number
}

/**
 * Klines of a minute and longer: from the store, from the end of the log where the store is not yet, and from the engine
 * what is still open. Spans without a trade have no kline. A kline is made of all of its candles or not given at all:
 * limits are of klines, and no more candles are read than so many of them can have.
 */
export class KlineReader {
  readonly #options: KlineReaderOptions

  constructor(options: KlineReaderOptions) {
    this.#options = options
  }

  /** The first klines of a span, oldest first, by looks at ever longer parts of it: the store gives the newest first. */
  async first(listing: Listing, interval: MinuteOrLonger, span: KlineSpan): Promise<Kline[]> {
    const found: Kline[] = []
    const lookMaxCount = Math.floor(LOOK_MAX_COUNT / baseOf(interval).partMaxCount)
    const lastMs = Math.min(span.toMs, openTimeAfter(interval, openTimeOf(interval, this.#options.nowMs()), 2))
    let fromMs = Math.max(nextOpenTime(interval, span.fromMs), openTimeOf(interval, await this.#firstTradeMs(listing)))
    let limit = Math.min(lookMaxCount, span.limit)
    while (found.length < span.limit && fromMs < lastMs) {
      const toMs = Math.min(lastMs, openTimeAfter(interval, fromMs, limit))
      found.push(...(await this.last(listing, interval, { fromMs, toMs, limit })))
      fromMs = toMs
      limit = Math.min(lookMaxCount, limit * LOOK_GROWTH)
    }
    return found.slice(0, span.limit)
  }

  /** The last klines of a span, oldest first, the open one included. */
  async last(listing: Listing, interval: MinuteOrLonger, { fromMs, toMs, limit }: KlineSpan): Promise<Kline[]> {
    const { base, partMaxCount } = baseOf(interval)
    // Nothing opens later than a day after now.
    const endMs = Math.min(toMs, this.#options.nowMs() + DAY_MS)
    const span = { fromMs: nextOpenTime(interval, fromMs), toMs: nextOpenTime(interval, endMs) }
    const { symbol } = listing
    const open = (await this.#options.data.engine.openCandles([symbol], base)).filter(isIn(listing, span))
    // Where so many candles are of no more than `limit` klines, none of these lacks any; else the oldest is left out.
    const parts = await this.#merged(listing, base, { ...span, limit: limit * partMaxCount }, open)
    return (isRolled(interval) ? rollUp(parts, interval) : parts).slice(-limit)
  }

  /** All final candles that open in `[fromMs, toMs)`, oldest first. */
  finalCandles(listing: Listing, interval: Interval, fromMs: number, toMs: number): Promise<Candle[]> {
    const limit = Math.ceil((toMs - fromMs) / intervalMs(interval))
    return this.#merged(listing, interval, { fromMs, toMs, limit }, [])
  }

  /** Candles oldest first; what is final counts before what was open a moment ago, the later revision before others. */
  async #merged(listing: Listing, interval: Interval, span: KlineSpan, open: readonly Candle[]): Promise<Candle[]> {
    const stored = await this.#stored(listing, interval, span)
    // Asked for last: what the store was not given by now is still here.
    const recent = this.#options.recent.of(listing, interval, span.fromMs, span.toMs)
    const byTime = new Map(open.map((candle) => [candle.openTimeMs, candle]))
    for (const candle of [...stored, ...recent]) {
      const known = byTime.get(candle.openTimeMs)
      if (!known?.isFinal || known.revision <= candle.revision) byTime.set(candle.openTimeMs, candle)
    }
    return [...byTime.values()].sort((a, b) => a.openTimeMs - b.openTimeMs).slice(-span.limit)
  }

  /** The newest ones of a span, newest first. Rows of every venue of the symbol are given: pages go on until enough are. */
  async #stored(listing: Listing, interval: Interval, span: KlineSpan): Promise<Candle[]> {
    const { store } = this.#options.data
    const { symbol } = listing
    const { fromMs, toMs } = span
    const found: Candle[] = []
    let limit = span.limit * Math.max(1, (await this.#instrumentsOf(listing)).length)
    let after: PageKey | undefined
    do {
      const query = { symbol, interval, fromMs, toMs, limit, ...(after === undefined ? {} : { after }) }
      const page = await store.candles(query)
      found.push(...page.rows.filter(isIn(listing, span)))
      after = page.next
      limit = Math.min(LOOK_MAX_COUNT, limit * LOOK_GROWTH)
    } while (after !== undefined && found.length < span.limit)
    return found
  }

  /** Of a symbol that the store has nothing of yet, all there is is of today. */
  async #firstTradeMs(listing: Listing): Promise<number> {
    const known = (await this.#instrumentsOf(listing)).find(({ venue }) => venue === listing.venue)
    return known?.firstTradeTimeMs ?? this.#options.nowMs() - DAY_MS
  }

  async #instrumentsOf({ symbol }: Listing) {
    return (await this.#options.data.symbols.instruments()).filter((row) => row.symbol === symbol)
  }
}

function isIn({ venue }: Listing, { fromMs, toMs }: Omit<KlineSpan, 'limit'>) {
  return (candle: Candle) => candle.venue === venue && candle.openTimeMs >= fromMs && candle.openTimeMs < toMs
}
