import type { MarketStoreReader, TradeIdQuery } from '../../stores/market-store.ts'
import { isNumbered, type NumberedTrade } from './venue-messages.ts'
import type { Listing } from './venue-symbols.ts'

/** Most trades of a symbol that are taken from the log's end, where the store is not yet. */
const RECENT_MAX_COUNT = 5000

export type TradeSpan = Omit<TradeIdQuery, 'venue' | 'symbol'>

/**
 * Trades by id: from the store, and from the end of the log where the store, which trails it, is not yet. An answer has
 * no hole that the log does not have: where the two do not join up it ends with what the store has.
 */
export class VenueTrades {
  readonly #store: MarketStoreReader
  readonly #recent: (listing: Listing, maxCount: number) => readonly NumberedTrade[]

  constructor(store: MarketStoreReader, recent: (listing: Listing, maxCount: number) => readonly NumberedTrade[]) {
    this.#store = store
    this.#recent = recent
  }

  /** Lowest id first. */
  async from(listing: Listing, span: TradeSpan): Promise<NumberedTrade[]> {
    const { venue, symbol } = listing
    const stored = (await this.#store.tradesById({ venue, symbol, ...span })).filter(isNumbered)
    if (stored.length >= span.limit) return byId(stored)
    // Read after the store, so that nothing between the two is missed.
    const recent = byId(this.#recent(listing, RECENT_MAX_COUNT))
    const last = stored.at(-1)
    if (!joinsUp(recent[0], last, span)) return byId(stored)
    const { fromId = 0, fromMs = 0, toMs = Number.POSITIVE_INFINITY } = span
    const wanted = recent.filter(({ id, eventTimeMs }) => id >= fromId && eventTimeMs >= fromMs && eventTimeMs < toMs)
    return byId([...stored, ...wanted]).slice(0, span.limit)
  }

  /** The newest ones, lowest id first. */
  async newest(listing: Listing, limit: number): Promise<NumberedTrade[]> {
    const recent = byId(this.#recent(listing, limit))
    if (recent.length >= limit) return recent
    const { rows } = await this.#store.trades({ symbol: listing.symbol, limit })
    const stored = byId(rows.filter(({ venue }) => venue === listing.venue).filter(isNumbered))
    const newer = byId(this.#recent(listing, limit))
    if (newer.length > 0 && !joinsUp(newer[0], stored.at(-1), { limit })) return newer
    return byId([...stored, ...newer]).slice(-limit)
  }

  /** Id of the first trade in `[fromMs, toMs)`, or undefined. */
  async firstId(listing: Listing, fromMs: number, toMs: number): Promise<number | undefined> {
    return (await this.from(listing, { fromMs, toMs, limit: 1 }))[0]?.id
  }
}

/** Whether nothing can be missing between what the store gave and the oldest recent trade. */
function joinsUp(oldest: NumberedTrade | undefined, last: NumberedTrade | undefined, span: TradeSpan): boolean {
  if (oldest === undefined) return false
  if (last !== undefined) return oldest.id <= (last.lastId ?? last.id) + 1
  // Ids count from 1, at some venues from 0: before the first there is nothing to miss.
  if (span.fromId !== undefined) return oldest.id <= Math.max(1, span.fromId)
  return span.fromMs === undefined || oldest.eventTimeMs <= span.fromMs
}

/** In order of id, each once. */
function byId(trades: readonly NumberedTrade[]): NumberedTrade[] {
  return [...new Map(trades.map((trade) => [trade.id, trade])).values()].sort((a, b) => a.id - b.id)
}
