import { openTimeOf } from './kline-interval.ts'
import type { KlineSender } from './kline-sender.ts'
import { listingsOf } from './kline-updates.ts'
import { secondsOf } from './second-klines.ts'
import type { NumberedTrade } from './venue-messages.ts'
import type { Stream, VenueStreams } from './venue-streams.ts'
import type { Listing, VenueSymbols } from './venue-symbols.ts'

const SECOND_MS = 1000
/** How long after its end a second is final; later trades of it are no more than in REST. */
const LATENESS_MS = 2000
/** Seconds that were missed while the store was slow are made up for this far back. */
const MISSED_MAX_MS = 60_000
/** Newest trades of a symbol that are looked through before the store is asked. */
const LOOK_COUNTS = [64, 512, 4096]

export interface SecondUpdatesOptions {
  readonly streams: VenueStreams
  readonly symbols: VenueSymbols
  readonly sender: KlineSender
  /** The newest trades of the log, oldest first. */
  readonly recentTrades: (listing: Listing, maxCount: number) => readonly NumberedTrade[]
  /** Store and log together. */
  readonly tradesIn: (listing: Listing, fromMs: number, toMs: number) => Promise<readonly NumberedTrade[]>
  /** Market time, whole ms. */
  readonly nowMs: () => number
}

/** Sends klines of seconds: the newest one as it is, and those that are final. Seconds without a trade have none. */
export class SecondUpdates {
  readonly #options: SecondUpdatesOptions
  /** Where the seconds begin that are not final yet. */
  readonly #finalUntilMs = new WeakMap<Stream, number>()

  constructor(options: SecondUpdatesOptions) {
    this.#options = options
  }

  async send(): Promise<void> {
    const { streams, symbols, nowMs } = this.#options
    const watched = streams.ofKind('kline').filter(({ name }) => name.interval === '1s')
    const listings = await listingsOf(watched, symbols)
    for (const stream of watched) {
      const listing = listings.get(stream.name.wireSymbol)
      if (listing !== undefined) await this.#send(stream, listing, nowMs())
    }
  }

  async #send(stream: Stream, listing: Listing, nowMs: number): Promise<void> {
    const finalUntilMs = openTimeOf('1s', nowMs - LATENESS_MS)
    // A new stream begins with what becomes final from now on.
    const fromMs = Math.max(this.#finalUntilMs.get(stream) ?? finalUntilMs, finalUntilMs - MISSED_MAX_MS)
    this.#finalUntilMs.set(stream, finalUntilMs)
    const trades = await this.#tradesFrom(listing, fromMs, nowMs)
    const newestMs = openTimeOf(
      '1s',
      trades.reduce((newest, { eventTimeMs }) => Math.max(newest, eventTimeMs), 0),
    )
    const { sender } = this.#options
    const isFinal = ({ eventTimeMs }: NumberedTrade) => eventTimeMs < finalUntilMs
    for (const kline of secondsOf(trades.filter(isFinal))) await sender.send(stream, listing, kline)
    const newest = trades.filter((trade) => !isFinal(trade) && trade.eventTimeMs >= newestMs)
    for (const kline of secondsOf(newest, false)) await sender.send(stream, listing, kline)
  }

  /** Each once. The log's end alone, where it reaches far enough back. */
  async #tradesFrom(listing: Listing, fromMs: number, nowMs: number): Promise<readonly NumberedTrade[]> {
    for (const count of LOOK_COUNTS) {
      const trades = this.#options.recentTrades(listing, count)
      if (trades.length === 0 || trades[0]!.eventTimeMs >= fromMs - LATENESS_MS) continue
      const byId = new Map(trades.map((trade) => [trade.id, trade]))
      return [...byId.values()].filter(({ eventTimeMs }) => eventTimeMs >= fromMs)
    }
    return this.#options.tradesIn(listing, fromMs, nowMs + SECOND_MS)
  }
}
