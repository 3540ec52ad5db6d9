import type { Candle } from '../../events/candle.ts'
import { INTERVALS } from '../../events/interval.ts'
import type { KlineSender } from './kline-sender.ts'
import type { RolledUpdates } from './rolled-updates.ts'
import type { Stream, VenueStreams } from './venue-streams.ts'
import type { Listing, VenueSymbols } from './venue-symbols.ts'

/** Finished candles that wait to be sent: far more than a minute of all symbols gives. */
const FINISHED_MAX_COUNT = 100_000

export type OpenCandles = (symbols: readonly string[], interval: Candle['interval']) => Promise<readonly Candle[]>

export interface KlineUpdatesOptions {
  readonly streams: VenueStreams
  readonly symbols: VenueSymbols
  readonly openCandles: OpenCandles
  readonly sender: KlineSender
  readonly rolled: RolledUpdates
  /** Called for a finished candle that found no place to wait. */
  readonly onDropped: () => void
}

/** Sends candles while they are open, as often as it is told to, and once more when they are final. */
export class KlineUpdates {
  readonly #options: KlineUpdatesOptions
  #finished: { readonly listing: Listing; readonly candle: Candle }[] = []

  constructor(options: KlineUpdatesOptions) {
    this.#options = options
  }

  /** Notes a candle that has become final; `sendFinished` sends it. */
  finish(listing: Listing, candle: Candle): void {
    if (this.#finished.length < FINISHED_MAX_COUNT) this.#finished.push({ listing, candle })
    else this.#options.onDropped()
  }

  async sendFinished(): Promise<void> {
    const finished = this.#finished
    this.#finished = []
    for (const { listing, candle } of finished) {
      await this.#send(listing, candle)
      await this.#options.rolled.finish(listing, candle)
    }
  }

  /** Asks the engine once for each interval that something is made of. */
  async sendOpen(): Promise<void> {
    const { streams, symbols, openCandles, rolled } = this.#options
    const watched = streams.ofKind('kline')
    for (const base of INTERVALS) {
      const kept = watched.filter(({ name }) => name.interval === base)
      const longer = watched.filter((stream) => rolled.isOf(stream, base))
      if (kept.length + longer.length === 0) continue
      const listings = await listingsOf([...kept, ...longer], symbols)
      const names = [...listings.values()].map(({ symbol }) => symbol)
      const byListing = groupCandles(await openCandles(names, base), listings)
      for (const [listing, candles] of byListing) for (const candle of candles) await this.#send(listing, candle)
      for (const stream of longer) {
        const listing = listings.get(stream.name.wireSymbol)
        if (listing !== undefined) await rolled.sendOpen(stream, listing, byListing.get(listing) ?? [])
      }
    }
  }

  reset(): void {
    this.#finished = []
  }

  async #send(listing: Listing, candle: Candle): Promise<void> {
    const stream = this.#options.streams.klineOf(listing.wireSymbol, candle.interval)
    if (stream !== undefined) await this.#options.sender.send(stream, listing, candle)
  }
}

/** By their names on the wire; unknown ones are left out. */
export async function listingsOf(
  streams: readonly Stream[],
  symbols: VenueSymbols,
): Promise<ReadonlyMap<string, Listing>> {
  const listings = new Map<string, Listing>()
  for (const { name } of streams) {
    const listing = listings.get(name.wireSymbol) ?? (await symbols.find(name.wireSymbol))
    if (listing !== undefined) listings.set(name.wireSymbol, listing)
  }
  return listings
}

/** Oldest first. */
function groupCandles(candles: readonly Candle[], listings: ReadonlyMap<string, Listing>): Map<Listing, Candle[]> {
  const byOwner = Map.groupBy(candles, ownerOf)
  const groups = new Map<Listing, Candle[]>()
  for (const listing of listings.values()) {
    const own = byOwner.get(ownerOf(listing)) ?? []
    groups.set(
      listing,
      own.toSorted((a, b) => a.openTimeMs - b.openTimeMs),
    )
  }
  return groups
}

function ownerOf({ venue, symbol }: { readonly venue: string; readonly symbol: string }): string {
  return `${venue} ${symbol}`
}
