import type { Alert } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { INTERVALS, type Interval } from '../../events/interval.ts'
import { quoteAt, tradeAt } from '../../events/json.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import type { Channel } from '../../protocol/live.ts'
import type { LatestMarket } from '../market-data.ts'
import { ChangeRing } from './change-ring.ts'
import { LatestRows } from './latest-rows.ts'
import { LiveChannel } from './live-channel.ts'
import { QuoteChanges } from './quote-changes.ts'
import { RecentTrades } from './recent-trades.ts'
import { TRADES_KEPT_MAX_COUNT, TradeChanges } from './trade-changes.ts'

/** Most trades kept, of all watched symbols together; each symbol's share is at most `TRADES_KEPT_MAX_COUNT`. */
const TRADES_KEPT_TOTAL_COUNT = 200_000
const TRADES_KEPT_MIN_COUNT = 10
/** Most changes kept per symbol and interval, and alerts per symbol. */
const CANDLES_KEPT_MAX_COUNT = 64
const ALERTS_KEPT_MAX_COUNT = 100
/** Newest alerts kept of all symbols, watched or not: what the store, which trails the log, may not have yet. */
const RECENT_ALERTS_MAX_COUNT = 1000

/**
 * The live state that all sessions share; pure, without I/O or clock. Events go in as they come from the log; `settle`
 * makes one numbered step of all that came since the last one, and sessions ask for what changed after the step that
 * they were last sent. So a session holds a number instead of a queue, and one that does not read costs nothing.
 */
export class LiveHub implements LatestMarket {
  /** Number of the last step. */
  sequence = 0
  /** Identity of the log that everything here comes from. */
  epoch = ''
  #instruments = new InstrumentTable()
  #instrumentsVersion = 0
  #decimals: { price: number; quantity: number }[] = []
  #symbols = new Map<string, string>()
  #instrumentsBySymbol = new Map<string, number[]>()
  #quotes = newQuoteRows(this.#instruments)
  #trades = newTradeRows(this.#instruments)
  #recentTrades = new RecentTrades(this.#instruments)
  #recentAlerts: Alert[] = []
  /** Batches with rows that wait for the next step. */
  #waitingBatches = new Set<TradeBatch>()
  #changedTrades = new Set<TradeChanges>()
  #changedQuotes = new Set<number>()
  /** Newest candle known to be final, by venue, symbol and interval: what is asked of the builder may come too late. */
  #finalOpenTimeMs = new Map<string, number>()
  /** Whether anything watched changed since the last step. */
  #hasStep = false
  readonly quoteChannel = new LiveChannel(
    'quotes',
    (symbol) => new QuoteChanges(symbol, (index) => this.#quoteText(index)),
  )
  readonly tradeChannel = new LiveChannel('trades', (symbol) => new TradeChanges(symbol))
  readonly alertChannel = new LiveChannel('alerts', (symbol) => new ChangeRing(symbol))
  readonly #candleChannels = new Map<Interval, LiveChannel<ChangeRing>>(
    INTERVALS.map((interval) => [interval, new LiveChannel(`candles:${interval}`, (symbol) => new ChangeRing(symbol))]),
  )

  /** For decoding the batches that are taken in here. */
  get instruments(): InstrumentTable {
    return this.#instruments
  }

  get areCandlesWatched(): boolean {
    return [...this.#candleChannels.values()].some((channel) => channel.isWatched)
  }

  channel(name: Channel): LiveChannel {
    if (name === 'quotes') return this.quoteChannel
    if (name === 'trades') return this.tradeChannel
    if (name === 'alerts') return this.alertChannel
    return this.candleChannel(name.slice('candles:'.length) as Interval)
  }

  candleChannel(interval: Interval): LiveChannel<ChangeRing> {
    return this.#candleChannels.get(interval)!
  }

  findSymbol(upperCase: string): string | undefined {
    return this.#symbols.get(upperCase)
  }

  symbolNames(): readonly string[] {
    return [...this.#instrumentsBySymbol.keys()]
  }

  quotes(symbol?: string): readonly Quote[] {
    return this.#instrumentIndexes(symbol)
      .filter((index) => this.#quotes.has(index))
      .map((index) => quoteAt(this.#quotes.rows, index))
  }

  trades(symbol?: string): readonly Trade[] {
    return this.#instrumentIndexes(symbol)
      .filter((index) => this.#trades.has(index))
      .map((index) => tradeAt(this.#trades.rows, index))
  }

  /** The last trades of a symbol with an event time of at least `fromMs`, oldest first, whether it is watched or not. */
  recentTrades(symbol: string, fromMs: number): readonly Trade[] {
    return this.#recentTrades.of(this.#instrumentIndexes(symbol), fromMs, TRADES_KEPT_MAX_COUNT)
  }

  /** @param batch decoded over `instruments` */
  takeTrades(batch: TradeBatch): void {
    this.#adoptInstruments(batch)
    const touched = this.#trades.absorb(batch)
    this.#recentTrades.take(batch)
    if (!this.tradeChannel.isWatched) return
    const watched: (TradeChanges | undefined)[] = []
    for (const index of touched) {
      const changes = this.tradeChannel.watched(this.#instruments.at(index).symbol)
      if (changes === undefined) continue
      watched[index] = changes
      this.#changedTrades.add(changes)
    }
    if (watched.length === 0) return
    this.#waitingBatches.add(batch)
    for (let row = 0; row < batch.count; row++) watched[batch.instrument[row]!]?.note(batch, row)
  }

  /** @param batch decoded over `instruments` */
  takeQuotes(batch: QuoteBatch): void {
    this.#adoptInstruments(undefined)
    const touched = this.#quotes.absorb(batch)
    if (!this.quoteChannel.isWatched) return
    for (const index of touched) this.#changedQuotes.add(index)
  }

  /** Candles from the log, final or corrected. */
  takeCandles(candles: readonly Candle[]): void {
    for (const candle of candles) {
      const key = candleKey(candle)
      this.#finalOpenTimeMs.set(key, Math.max(candle.openTimeMs, this.#finalOpenTimeMs.get(key) ?? 0))
      this.#pushCandle(candle)
    }
  }

  /** Candles as they are now, while still open. One that is known to be final by now is passed over. */
  takeOpenCandles(candles: readonly Candle[]): void {
    for (const candle of candles) {
      if (candle.openTimeMs > (this.#finalOpenTimeMs.get(candleKey(candle)) ?? -1)) this.#pushCandle(candle)
    }
  }

  /** The newest alerts, oldest first, whether anybody watches or not. */
  get recentAlerts(): readonly Alert[] {
    return this.#recentAlerts
  }

  takeAlerts(alerts: readonly Alert[]): void {
    this.#recentAlerts = [...this.#recentAlerts, ...alerts].slice(-RECENT_ALERTS_MAX_COUNT)
    for (const alert of alerts) {
      this.alertChannel.watched(alert.symbol)?.push(JSON.stringify(alert), this.sequence + 1, ALERTS_KEPT_MAX_COUNT)
      this.#touched(this.alertChannel, alert.symbol)
    }
  }

  /** Makes one step of all that was taken in. @returns whether anything that is watched changed */
  settle(): boolean {
    const sequence = this.sequence + 1
    for (const index of this.#changedQuotes) {
      const { symbol } = this.#instruments.at(index)
      this.quoteChannel.watched(symbol)?.changed(index, sequence)
      this.#touched(this.quoteChannel, symbol)
    }
    const capacity = this.#tradesCapacity()
    for (const changes of this.#changedTrades) {
      this.tradeChannel.touch(changes.symbol, changes.settle(sequence, capacity))
      this.#hasStep = true
    }
    this.#changedQuotes.clear()
    this.#changedTrades.clear()
    this.#waitingBatches.clear()
    const hasStep = this.#hasStep
    this.#hasStep = false
    if (hasStep) this.sequence = sequence
    return hasStep
  }

  /** Forgets the market, not who watches: the log began anew. */
  reset(epoch: string): void {
    this.epoch = epoch
    this.#changedTrades.clear()
    this.#changedQuotes.clear()
    this.#waitingBatches.clear()
    for (const channel of [this.quoteChannel, this.tradeChannel, this.alertChannel]) channel.reset()
    for (const channel of this.#candleChannels.values()) channel.reset()
    this.#instruments = new InstrumentTable()
    this.#instrumentsVersion = 0
    this.#decimals = []
    this.#symbols.clear()
    this.#instrumentsBySymbol.clear()
    this.#finalOpenTimeMs.clear()
    this.#quotes = newQuoteRows(this.#instruments)
    this.#trades = newTradeRows(this.#instruments)
    this.#recentTrades = new RecentTrades(this.#instruments)
    this.#recentAlerts = []
  }

  #tradesCapacity(): number {
    const share = Math.floor(TRADES_KEPT_TOTAL_COUNT / Math.max(1, this.tradeChannel.watchedCount))
    return Math.min(TRADES_KEPT_MAX_COUNT, Math.max(TRADES_KEPT_MIN_COUNT, share))
  }

  #pushCandle(candle: Candle): void {
    const channel = this.candleChannel(candle.interval)
    const changes = channel.watched(candle.symbol)
    if (changes === undefined) return
    const text = JSON.stringify(candle)
    const key = `${candle.venue} ${candle.openTimeMs}`
    if (changes.lastOf(key) === text) return
    changes.push(text, this.sequence + 1, CANDLES_KEPT_MAX_COUNT, key)
    this.#touched(channel, candle.symbol)
  }

  #touched(channel: LiveChannel<QuoteChanges> | LiveChannel<ChangeRing>, symbol: string): void {
    if (channel.watched(symbol) === undefined) return
    channel.touch(symbol, channel === this.quoteChannel ? 0 : 1)
    this.#hasStep = true
  }

  #quoteText(index: number): string {
    return JSON.stringify(quoteAt(this.#quotes.rows, index))
  }

  #instrumentIndexes(symbol: string | undefined): readonly number[] {
    if (symbol !== undefined) return this.#instrumentsBySymbol.get(symbol) ?? []
    return Array.from({ length: this.#instruments.count }, (_, index) => index)
  }

  /** Learns new instruments; where one has more decimals than before, digits that wait here are brought to them. */
  #adoptInstruments(decoded: TradeBatch | undefined): void {
    if (this.#instruments.version === this.#instrumentsVersion) return
    this.#instrumentsVersion = this.#instruments.version
    for (let index = 0; index < this.#instruments.count; index++) {
      const { symbol, priceDecimals, quantityDecimals } = this.#instruments.at(index)
      const known = this.#decimals[index]
      this.#decimals[index] = { price: priceDecimals, quantity: quantityDecimals }
      if (known === undefined) {
        this.#symbols.set(symbol.toUpperCase(), symbol)
        this.#instrumentsBySymbol.set(symbol, [...(this.#instrumentsBySymbol.get(symbol) ?? []), index])
      } else if (priceDecimals > known.price || quantityDecimals > known.quantity) {
        this.#rescale(index, priceDecimals - known.price, quantityDecimals - known.quantity, decoded)
      }
    }
  }

  /** The batch that was just decoded has the new decimals already. */
  #rescale(index: number, pricePlaces: number, quantityPlaces: number, decoded: TradeBatch | undefined): void {
    this.#quotes.rescale(index, pricePlaces, quantityPlaces)
    this.#trades.rescale(index, pricePlaces, quantityPlaces)
    this.#recentTrades.rescale(index, pricePlaces, quantityPlaces)
    for (const batch of this.#waitingBatches) {
      if (batch !== decoded) batch.rescale(index, pricePlaces, quantityPlaces)
    }
  }
}

function newQuoteRows(instruments: InstrumentTable): LatestRows<QuoteBatch> {
  return new LatestRows(instruments, (table, capacity) => new QuoteBatch(table, capacity))
}

function newTradeRows(instruments: InstrumentTable): LatestRows<TradeBatch> {
  return new LatestRows(instruments, (table, capacity) => new TradeBatch(table, capacity))
}

function candleKey(candle: Candle): string {
  return `${candle.interval} ${candle.venue} ${candle.symbol}`
}
