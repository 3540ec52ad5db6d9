import type { Candle } from '../../events/candle.ts'
import type { Interval } from '../../events/interval.ts'
import { rollUp } from './kline.ts'
import { baseOf, isRolled, openTimeAfter, openTimeOf, type RolledInterval, rolledFrom } from './kline-interval.ts'
import type { KlineReader } from './kline-reader.ts'
import type { KlineSender } from './kline-sender.ts'
import type { RecentCandles } from './recent-candles.ts'
import type { Stream, VenueStreams } from './venue-streams.ts'
import type { Listing } from './venue-symbols.ts'

/**
 * A kline that ends without a trade has no last candle that could become final. It is over this long after its end,
 * once nothing of it is open.
 */
const QUIET_END_MS = 10_000

/** What is known of the klines of one stream. */
interface Progress {
  /** Final candles of klines that are not sent as final yet, by open time of the kline and of the candle. */
  readonly begun: Map<number, Map<number, Candle>>
  /** Open time of the last kline that was sent as final. */
  finishedMs: number
}

export interface RolledUpdatesOptions {
  readonly streams: VenueStreams
  readonly reader: Pick<KlineReader, 'finalCandles'>
  readonly recent: RecentCandles
  readonly sender: KlineSender
  /** Event time of the newest trade that the log's end has of a symbol. */
  readonly newestTradeMs: (listing: Listing) => number | undefined
  /** Market time, whole ms. */
  readonly nowMs: () => number
}

/**
 * Sends klines that are longer than the candles they are made of: while they grow, and once more when their last candle
 * is final, then read anew, as REST reads them. The store is asked at the begin and at the end of a kline only.
 */
export class RolledUpdates {
  readonly #options: RolledUpdatesOptions
  readonly #progress = new WeakMap<Stream, Progress>()

  constructor(options: RolledUpdatesOptions) {
    this.#options = options
  }

  isOf({ name: { interval } }: Stream, base: Interval): boolean {
    return interval !== undefined && isRolled(interval) && baseOf(interval).base === base
  }

  /** @param open candles of the stream's base interval that are not final, oldest first */
  async sendOpen(stream: Stream, listing: Listing, open: readonly Candle[]): Promise<void> {
    const interval = stream.name.interval as RolledInterval
    const progress = this.#progressOf(stream)
    const times = [this.#options.nowMs(), ...open.map(({ openTimeMs }) => openTimeMs)]
    const wanted = new Set([...progress.begun.keys(), ...times.map((timeMs) => openTimeOf(interval, timeMs))])
    for (const openTimeMs of [...wanted].sort((a, b) => a - b)) {
      if (openTimeMs <= progress.finishedMs) continue
      const closeTimeMs = openTimeAfter(interval, openTimeMs, 1)
      const closed = await this.#closedOf(listing, interval, progress, openTimeMs)
      const inside = open.filter((part) => part.openTimeMs >= openTimeMs && part.openTimeMs < closeTimeMs)
      const isOver = this.#options.nowMs() >= closeTimeMs + QUIET_END_MS && inside.length === 0
      if (isOver && !this.#isAwaited(listing, interval, openTimeMs, closed)) {
        await this.#sendFinal(stream, listing, openTimeMs)
        continue
      }
      const parts = new Map([...inside.map((part) => [part.openTimeMs, part] as const), ...closed])
      const [kline] = rollUp(inOrder(parts), interval, false)
      if (kline !== undefined) await this.#options.sender.send(stream, listing, kline)
    }
  }

  /** @param candle a final one: the klines that end with it are final */
  async finish(listing: Listing, candle: Candle): Promise<void> {
    for (const interval of rolledFrom(candle.interval)) {
      const stream = this.#options.streams.klineOf(listing.wireSymbol, interval)
      if (stream === undefined) continue
      const openTimeMs = openTimeOf(interval, candle.openTimeMs)
      const isLast = openTimeAfter(interval, openTimeMs, 1) === candle.closeTimeMs
      if (isLast && openTimeMs > this.#progressOf(stream).finishedMs) await this.#sendFinal(stream, listing, openTimeMs)
    }
  }

  /** Whether the log has a trade of the kline that the engine has no candle of yet: it may be behind. */
  #isAwaited(
    listing: Listing,
    interval: RolledInterval,
    openTimeMs: number,
    closed: ReadonlyMap<number, Candle>,
  ): boolean {
    const newestMs = this.#options.newestTradeMs(listing)
    if (newestMs === undefined || openTimeOf(interval, newestMs) !== openTimeMs) return false
    return !closed.has(openTimeOf(baseOf(interval).base, newestMs))
  }

  async #sendFinal(stream: Stream, listing: Listing, openTimeMs: number): Promise<void> {
    const interval = stream.name.interval as RolledInterval
    const progress = this.#progressOf(stream)
    progress.begun.delete(openTimeMs)
    progress.finishedMs = openTimeMs
    const closeTimeMs = openTimeAfter(interval, openTimeMs, 1)
    const parts = await this.#options.reader.finalCandles(listing, baseOf(interval).base, openTimeMs, closeTimeMs)
    const [kline] = rollUp(parts, interval)
    if (kline !== undefined) await this.#options.sender.send(stream, listing, kline)
  }

  /** Read once a kline; what becomes final or is corrected afterwards comes from the log. */
  async #closedOf(
    listing: Listing,
    interval: RolledInterval,
    { begun }: Progress,
    openTimeMs: number,
  ): Promise<ReadonlyMap<number, Candle>> {
    const { base } = baseOf(interval)
    const { reader, recent } = this.#options
    const closeTimeMs = openTimeAfter(interval, openTimeMs, 1)
    const known = begun.get(openTimeMs)
    const candles = known
      ? recent.of(listing, base, openTimeMs, closeTimeMs)
      : await reader.finalCandles(listing, base, openTimeMs, closeTimeMs)
    const closed = known ?? new Map<number, Candle>()
    for (const candle of candles) closed.set(candle.openTimeMs, candle)
    begun.set(openTimeMs, closed)
    return closed
  }

  #progressOf(stream: Stream): Progress {
    let progress = this.#progress.get(stream)
    if (progress === undefined) {
      progress = { begun: new Map(), finishedMs: Number.NEGATIVE_INFINITY }
      this.#progress.set(stream, progress)
    }
    return progress
  }
}

function inOrder(parts: ReadonlyMap<number, Candle>): Candle[] {
  return [...parts.values()].sort((a, b) => a.openTimeMs - b.openTimeMs)
}
