import type { DayStatistics, DayStatisticsReader } from './day-statistics.ts'
import { miniTickerMessage, tickerMessage } from './venue-messages.ts'
import type { Stream, VenueStreams } from './venue-streams.ts'
import type { VenueSymbols } from './venue-symbols.ts'

/** Sends the statistics of the last 24 hours to those that watch them, where they have changed. */
export class TickerUpdates {
  readonly #streams: VenueStreams
  readonly #symbols: VenueSymbols
  readonly #statistics: DayStatisticsReader
  readonly #nowMs: () => number
  /** What was last sent, without its times. */
  readonly #sent = new WeakMap<Stream, string>()

  /** @param nowMs market time, whole ms */
  constructor(streams: VenueStreams, symbols: VenueSymbols, statistics: DayStatisticsReader, nowMs: () => number) {
    this.#streams = streams
    this.#symbols = symbols
    this.#statistics = statistics
    this.#nowMs = nowMs
  }

  async send(): Promise<void> {
    const watched = [...this.#streams.ofKind('miniTicker'), ...this.#streams.ofKind('ticker')]
    if (watched.length === 0) return
    const wanted = new Set(watched.map(({ name }) => name.wireSymbol))
    const listings = (await this.#symbols.all()).filter(({ wireSymbol }) => wanted.has(wireSymbol))
    const days = await this.#statistics.of(listings)
    const byName = new Map(listings.map(({ wireSymbol }, index) => [wireSymbol, days[index]!]))
    for (const stream of watched) {
      const day = byName.get(stream.name.wireSymbol)
      if (day !== undefined && this.#hasChanged(stream, day)) this.#sendDay(stream, day)
    }
  }

  #hasChanged(stream: Stream, day: DayStatistics): boolean {
    const text = JSON.stringify({ ...day, openTimeMs: 0, closeTimeMs: 0 })
    if (this.#sent.get(stream) === text) return false
    this.#sent.set(stream, text)
    return true
  }

  #sendDay(stream: Stream, day: DayStatistics): void {
    const { kind, wireSymbol } = stream.name
    const message = kind === 'ticker' ? tickerMessage : miniTickerMessage
    stream.send(JSON.stringify(message(wireSymbol, day, this.#nowMs())))
  }
}
