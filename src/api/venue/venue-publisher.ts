import type { Candle } from '../../events/candle.ts'
import type { Quote } from '../../events/trade.ts'
import { DepthChanges } from './depth-changes.ts'
import type { TradeFate } from './venue-chaos.ts'
import type { MarketListener } from './venue-market.ts'
import {
  aggTradeMessage,
  bookTickerMessage,
  depthMessage,
  type NumberedTrade,
  partialDepthMessage,
  timeMs,
  tradeMessage,
  updateIdOf,
} from './venue-messages.ts'
import type { Stream, SymbolStreams, VenueStreams } from './venue-streams.ts'
import type { Listing } from './venue-symbols.ts'

export interface PublisherOptions {
  readonly streams: VenueStreams
  /** Market time, whole ms. */
  readonly nowMs: () => number
  /** Asked once for each trade. */
  readonly tradeFate: () => TradeFate
  readonly latestQuote: (wireSymbol: string) => Quote | undefined
  readonly onFinalCandle: (listing: Listing, candle: Candle) => void
  readonly onReset: () => void
  readonly onUnnumberedTrade: () => void
}

/** Sends trades and quotes as they come, and the book when it is due. */
export class VenuePublisher implements MarketListener {
  readonly #options: PublisherOptions
  /** By stream; streams without readers are dropped. */
  readonly #changes = new Map<Stream, DepthChanges>()
  /** Messages that are sent after the next one of their stream. */
  readonly #swapped = new Map<Stream, string>()
  /** Update id of the book that was last sent. */
  readonly #sentBooks = new WeakMap<Stream, number>()

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  trade(streams: SymbolStreams, { wireSymbol }: Listing, trade: NumberedTrade): void {
    // A replay's clock is known to within a fraction of a second only.
    const sentMs = Math.max(this.#options.nowMs(), timeMs(trade))
    const fate = this.#options.tradeFate()
    if (streams.trade !== undefined) this.#send(streams.trade, tradeMessage(wireSymbol, trade, sentMs), fate)
    if (streams.aggTrade !== undefined) this.#send(streams.aggTrade, aggTradeMessage(wireSymbol, trade, sentMs), fate)
  }

  quote(streams: SymbolStreams, { wireSymbol }: Listing, quote: Quote): void {
    streams.bookTicker?.send(JSON.stringify(bookTickerMessage(wireSymbol, quote)))
    if (!streams.hasDepth) return
    for (const stream of streams.streams.values()) {
      if (stream.name.kind === 'depth' && this.#changesOf(stream).note(quote)) this.#sendChanges(stream)
    }
  }

  unnumberedTrade(): void {
    this.#options.onUnnumberedTrade()
  }

  finalCandle(listing: Listing, candle: Candle): void {
    this.#options.onFinalCandle(listing, candle)
  }

  reset(): void {
    this.#changes.clear()
    this.#swapped.clear()
    this.#options.onReset()
  }

  /** Sends the books of streams with this pace that have changed. */
  sendBooks(everyMs: number): void {
    const { streams, latestQuote } = this.#options
    for (const stream of streams.ofKind('depth', everyMs)) {
      this.#changesOf(stream)
      this.#sendChanges(stream)
    }
    for (const stream of streams.ofKind('partialDepth', everyMs)) {
      const quote = latestQuote(stream.name.wireSymbol)
      if (quote === undefined || this.#sentBooks.get(stream) === updateIdOf(quote)) continue
      this.#sentBooks.set(stream, updateIdOf(quote))
      stream.send(JSON.stringify(partialDepthMessage(quote)))
    }
  }

  /** Forgets what was kept for streams that nobody reads any more. */
  tidy(): void {
    for (const kept of [this.#changes, this.#swapped]) {
      for (const stream of kept.keys()) if (stream.readers.size === 0) kept.delete(stream)
    }
  }

  #changesOf(stream: Stream): DepthChanges {
    let changes = this.#changes.get(stream)
    if (changes === undefined) {
      changes = new DepthChanges(this.#options.latestQuote(stream.name.wireSymbol))
      this.#changes.set(stream, changes)
    }
    return changes
  }

  #sendChanges(stream: Stream): void {
    const change = this.#changes.get(stream)?.take()
    if (change === undefined) return
    stream.send(JSON.stringify(depthMessage(stream.name.wireSymbol, change, this.#options.nowMs())))
  }

  #send(stream: Stream, message: object, fate: TradeFate): void {
    if (fate === 'leave-out') return
    const text = JSON.stringify(message)
    const before = this.#swapped.get(stream)
    if (fate === 'swap' && before === undefined) {
      this.#swapped.set(stream, text)
      return
    }
    stream.send(text)
    if (fate === 'double') stream.send(text)
    if (before === undefined) return
    this.#swapped.delete(stream)
    stream.send(before)
  }
}
