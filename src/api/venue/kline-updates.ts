import type { Candle } from '../../events/candle.ts'
import { INTERVALS } from '../../events/interval.ts'
import { type CandleIds, klineMessage } from './venue-messages.ts'
import type { Stream, VenueStreams } from './venue-streams.ts'
import type { Listing, VenueSymbols } from './venue-symbols.ts'

/** Finished candles that wait to be sent: far more than a minute of all symbols gives. */
const FINISHED_MAX_COUNT = 100_000

interface Sent {
  openTimeMs: number
  isFinal: boolean
  text: string
  /** Of the trade that opened the candle; -1 where none was found. */
  firstId: number
}

export interface KlineUpdatesOptions {
  readonly streams: VenueStreams
  readonly symbols: VenueSymbols
  readonly openCandles: (symbols: readonly string[], interval: Candle['interval']) => Promise<readonly Candle[]>
  readonly firstId: (listing: Listing, fromMs: number, toMs: number) => Promise<number | undefined>
  /** Market time, whole ms. */
  readonly nowMs: () => number
  /** Called for a finished candle that found no place to wait. */
  readonly onDropped: () => void
}

/** Sends candles while they are open, as often as it is told to, and once more when they are final. */
export class KlineUpdates {
  readonly #options: KlineUpdatesOptions
  readonly #sent = new WeakMap<Stream, Sent>()
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
    for (const { listing, candle } of finished) await this.#send(listing, candle)
  }

  async sendOpen(): Promise<void> {
    const { streams, symbols, openCandles } = this.#options
    const watched = streams.ofKind('kline')
    for (const interval of INTERVALS) {
      const names = watched.filter(({ name }) => name.interval === interval).map(({ name }) => name.wireSymbol)
      if (names.length === 0) continue
      const found = await Promise.all([...new Set(names)].map((name) => symbols.find(name)))
      const listings = found.filter((listing) => listing !== undefined)
      const candles = await openCandles(
        listings.map(({ symbol }) => symbol),
        interval,
      )
      for (const candle of candles.toSorted((a, b) => a.openTimeMs - b.openTimeMs)) {
        const listing = listings.find(({ venue, symbol }) => venue === candle.venue && symbol === candle.symbol)
        if (listing !== undefined) await this.#send(listing, candle)
      }
    }
  }

  reset(): void {
    this.#finished = []
  }

  async #send(listing: Listing, candle: Candle): Promise<void> {
    const { wireSymbol } = listing
    const stream = this.#options.streams
      .of(wireSymbol)
      ?.streams.get(`${wireSymbol.toLowerCase()}@kline_${candle.interval}`)
    if (stream === undefined) return
    const sent = this.#sent.get(stream) ?? { openTimeMs: -1, isFinal: false, text: '', firstId: -1 }
    if (candle.openTimeMs < sent.openTimeMs && !candle.isFinal) return
    const isSame = candle.openTimeMs === sent.openTimeMs
    if (isSame && sent.isFinal) return
    const firstId = isSame ? sent.firstId : await this.#firstIdOf(listing, candle)
    const text = JSON.stringify(candle)
    if (isSame && text === sent.text) return
    // A candle that becomes final after the next one has begun must not hide what was sent of that one.
    if (candle.openTimeMs >= sent.openTimeMs) {
      this.#sent.set(stream, { openTimeMs: candle.openTimeMs, isFinal: candle.isFinal, text, firstId })
    }
    stream.send(JSON.stringify(klineMessage(wireSymbol, candle, idsOf(candle, firstId), this.#options.nowMs())))
  }

  /** Asked for once a candle. */
  async #firstIdOf(listing: Listing, { openTimeMs, closeTimeMs }: Candle): Promise<number> {
    return (await this.#options.firstId(listing, openTimeMs, closeTimeMs)) ?? -1
  }
}

/** Ids are consecutive, so that the last one follows from the count. */
function idsOf({ tradeCount }: Candle, firstId: number): CandleIds {
  if (firstId < 0 || tradeCount === 0) return { firstId: -1, lastId: -1 }
  return { firstId, lastId: firstId + tradeCount - 1 }
}
