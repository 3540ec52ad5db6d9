import type { Candle } from '../../events/candle.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import type { Quote } from '../../events/trade.ts'
import type { TradeBatch } from '../../events/trade-batch.ts'
import { LatestRows } from '../live/latest-rows.ts'
import type { FollowedInto } from '../live/log-follower.ts'
import { RecentTrades } from '../live/recent-trades.ts'
import { RecentCandles } from './recent-candles.ts'
import { isNumbered, type NumberedTrade } from './venue-messages.ts'
import type { SymbolStreams, VenueStreams } from './venue-streams.ts'
import type { Listing, VenueSymbols } from './venue-symbols.ts'

/** Told of every event of symbols that somebody has a stream of, in the order of the log. */
export interface MarketListener {
  trade(streams: SymbolStreams, listing: Listing, trade: NumberedTrade): void
  quote(streams: SymbolStreams, listing: Listing, quote: Quote): void
  /** A trade without an id, which the venue's streams cannot carry. */
  unnumberedTrade(): void
  /** A candle that has become final. */
  finalCandle(listing: Listing, candle: Candle): void
  /** The log began anew. */
  reset(): void
}

interface Watched {
  readonly listing: Listing
  readonly streams: SymbolStreams
}

/**
 * The market as the facade's follower reads it from the log: every trade and quote of watched symbols goes on at once,
 * one by one; of all symbols the newest quote and a bounded number of newest trades are kept.
 */
export class VenueMarket implements FollowedInto {
  epoch = ''
  readonly tradeChannel = { isWatched: false }
  readonly recentCandles = new RecentCandles()
  instruments = new InstrumentTable()
  readonly #symbols: VenueSymbols
  readonly #streams: VenueStreams
  readonly #listener: MarketListener
  #recent = new RecentTrades(this.instruments)
  #quotes = newQuoteRows(this.instruments)
  #decimals: { price: number; quantity: number }[] = []
  /** By instrument. */
  #watched: (Watched | undefined)[] = []
  #indexes = new Map<string, number>()
  #instrumentsVersion = -1
  #streamsVersion = -1

  constructor(symbols: VenueSymbols, streams: VenueStreams, listener: MarketListener) {
    this.#symbols = symbols
    this.#streams = streams
    this.#listener = listener
  }

  /** Of every symbol: REST needs what the store does not have yet. */
  readonly areCandlesWatched = true

  /** The newest trades with an id, oldest first. */
  recentTrades(listing: Listing, maxCount: number): NumberedTrade[] {
    const index = this.#indexes.get(listing.wireSymbol)
    return index === undefined ? [] : this.#recent.of([index], 0, maxCount).filter(isNumbered)
  }

  latestQuote(wireSymbol: string): Quote | undefined {
    const index = this.#indexes.get(wireSymbol)
    return index !== undefined && this.#quotes.has(index) ? quoteAt(this.#quotes.rows, index) : undefined
  }

  /** @param batch decoded over `instruments` */
  takeTrades(batch: TradeBatch): void {
    this.#adopt()
    this.#recent.take(batch)
    if (!this.#isAnyWatched) return
    for (let row = 0; row < batch.count; row++) {
      const watched = this.#watched[batch.instrument[row]!]
      if (watched?.streams.trade === undefined && watched?.streams.aggTrade === undefined) continue
      const trade = tradeAt(batch, row)
      if (isNumbered(trade)) this.#listener.trade(watched.streams, watched.listing, trade)
      else this.#listener.unnumberedTrade()
    }
  }

  /** @param batch decoded over `instruments` */
  takeQuotes(batch: QuoteBatch): void {
    this.#adopt()
    this.#quotes.absorb(batch)
    if (!this.#isAnyWatched) return
    for (let row = 0; row < batch.count; row++) {
      const watched = this.#watched[batch.instrument[row]!]
      if (watched === undefined || (watched.streams.bookTicker === undefined && !watched.streams.hasDepth)) continue
      this.#listener.quote(watched.streams, watched.listing, quoteAt(batch, row))
    }
  }

  /** Streams hear only of what becomes final for the first time: the venue knows no corrections. */
  takeCandles(candles: readonly Candle[]): void {
    this.#adopt()
    for (const candle of candles) {
      if (!candle.isFinal) continue
      this.recentCandles.take(candle)
      if (candle.revision > 0) continue
      const index = this.instruments.find(candle.venue, candle.symbol)
      const watched = index === undefined ? undefined : this.#watched[index]
      if (watched !== undefined) this.#listener.finalCandle(watched.listing, candle)
    }
  }

  takeAlerts(): void {
    // The venue has none.
  }

  /** Forgets the market: the log began anew. */
  reset(epoch: string): void {
    this.epoch = epoch
    this.instruments = new InstrumentTable()
    this.#recent = new RecentTrades(this.instruments)
    this.#quotes = newQuoteRows(this.instruments)
    this.#decimals = []
    this.#watched = []
    this.#indexes.clear()
    this.recentCandles.clear()
    this.#instrumentsVersion = -1
    this.#symbols.clear()
    this.#listener.reset()
  }

  get #isAnyWatched(): boolean {
    return this.#watched.length > 0
  }

  /** Learns new instruments and new streams. */
  #adopt(): void {
    const { instruments } = this
    if (instruments.version !== this.#instrumentsVersion) this.#adoptDecimals()
    else if (this.#streams.version === this.#streamsVersion) return
    this.#instrumentsVersion = instruments.version
    this.#streamsVersion = this.#streams.version
    this.#watched = []
    for (let index = 0; index < instruments.count; index++) {
      const listing = this.#symbols.learn(instruments.at(index))
      if (listing === undefined) continue
      this.#indexes.set(listing.wireSymbol, index)
      const streams = this.#streams.of(listing.wireSymbol)
      if (streams !== undefined) this.#watched[index] = { listing, streams }
    }
  }

  /** Where an instrument has more decimals than before, digits that are kept here are brought to them. */
  #adoptDecimals(): void {
    for (let index = 0; index < this.instruments.count; index++) {
      const { priceDecimals: price, quantityDecimals: quantity } = this.instruments.at(index)
      const known = this.#decimals[index]
      this.#decimals[index] = { price, quantity }
      if (known === undefined || (known.price === price && known.quantity === quantity)) continue
      this.#recent.rescale(index, price - known.price, quantity - known.quantity)
      this.#quotes.rescale(index, price - known.price, quantity - known.quantity)
    }
  }
}

function newQuoteRows(instruments: InstrumentTable): LatestRows<QuoteBatch> {
  return new LatestRows(instruments, (table, capacity) => new QuoteBatch(table, capacity))
}
