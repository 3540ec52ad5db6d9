import { FinPulseError } from '../../../base/errors.ts'
import { hashText, Random } from '../../../base/random.ts'
import type { InstrumentTable } from '../../../events/instrument.ts'
import type { QuoteBatch } from '../../../events/quote-batch.ts'
import { TAKER_BUY, TAKER_SELL, type TradeBatch } from '../../../events/trade-batch.ts'
import type { SessionTable } from '../../calendar/session-table.ts'
import type { Schedule } from '../../schedule.ts'
import type { MarketAnomalies } from '../anomalies/anomaly-options.ts'
import { AnomalyPlan } from '../anomalies/anomaly-plan.ts'
import type { AnomalyStretch } from '../anomalies/anomaly-stretch.ts'
import { EVENT_QUOTES_MAX_COUNT, EVENT_TRADES_MAX_COUNT } from '../anomalies/market-event.ts'
import { type FinishedStretch, MarketOverlay } from '../anomalies/market-overlay.ts'
import { BLOCK_MAX_COUNT, BlockPlan } from './block-plan.ts'
import { MarketWriter, type WrittenSymbol } from './market-writer.ts'
import { MINUTE_US, MinutePath, type PathSymbol } from './minute-path.ts'
import { NORMAL_QUANTILES } from './quantile-table.ts'

export type WorldSymbol = PathSymbol & WrittenSymbol

export interface MarketWorldOptions {
  readonly seed: number
  readonly symbols: readonly WorldSymbol[]
  readonly schedule: Schedule
  /** Hours of trading, where the schedule keeps to some: prices then rest in between. Around the clock unless told. */
  readonly sessions?: SessionTable
  /** Minute at which the world begins, in minutes since the epoch: at or before the first event. */
  readonly startMinute: number
  /** Trade id of each symbol's first event; 1 unless told. */
  readonly firstTradeIds?: Float64Array
  /** Index of the first event. */
  readonly firstIndex: number
  /** What goes wrong in it on purpose; nothing unless told. */
  readonly anomalies?: MarketAnomalies
  /** Stretches that were injected, and are not known to be over. */
  readonly injected?: readonly AnomalyStretch[]
}

const EVENT_STREAM = 0x65766e74
/** Mean quantity of a trade, in lots. */
const QUANTITY_MEAN_LOTS = 60
/** How much busier a symbol with twice the volume trades: the rest of it comes in larger quantities. */
const COUNT_OF_VOLUME = 0.5
const BRIDGE_LEVELS = 12

/**
 * A market whose every event is a function of (seed, symbols, schedule, start): made block by block, each from numbers
 * that belong to it alone. So the same world may be made from any event on, and in pieces, to the same bytes.
 *
 * A block is the events of a minute, or a part of a busy minute. From its first to its last event a symbol's price
 * crosses from the path's price at one end to that at the other by a Brownian bridge; trades hit a bid and an ask of
 * whole ticks around it. Anomalies lie over that: the market beneath goes on as it would have without them.
 */
export class MarketWorld {
  readonly #options: MarketWorldOptions
  readonly #path: MinutePath
  readonly #plan: BlockPlan
  readonly #random = new Random(0)
  readonly #writer: MarketWriter
  readonly #weights: Float64Array
  readonly #nextTradeId: Float64Array
  readonly #price: Float64Array
  readonly #target: Float64Array
  readonly #stepDeviation: Float64Array
  readonly #left: Uint32Array
  readonly #halfSpread: Float64Array
  readonly #side: Uint8Array
  readonly #bid: Float64Array
  readonly #ask: Float64Array
  readonly #overlay: MarketOverlay
  /** Whether an anomaly has a part in the present block. */
  #isTouched = false
  #blockFirst: number
  #blockEnd: number
  #index: number

  constructor(options: MarketWorldOptions, instruments: InstrumentTable) {
    const { symbols, seed, startMinute, firstIndex, sessions } = options
    const count = symbols.length
    this.#options = options
    this.#path = new MinutePath(seed, symbols, startMinute, sessions)
    this.#plan = new BlockPlan(seed, count)
    this.#writer = new MarketWriter(symbols, instruments)
    this.#nextTradeId = options.firstTradeIds?.slice() ?? new Float64Array(count).fill(1)
    this.#weights = new Float64Array(count)
    this.#price = new Float64Array(count)
    this.#target = new Float64Array(count)
    this.#stepDeviation = new Float64Array(count)
    this.#left = new Uint32Array(count)
    this.#halfSpread = new Float64Array(count)
    this.#side = new Uint8Array(count)
    this.#bid = new Float64Array(count)
    this.#ask = new Float64Array(count)
    const market = { writer: this.#writer, price: this.#price, halfSpread: this.#halfSpread }
    this.#overlay = new MarketOverlay(new AnomalyPlan(options), options.injected ?? [], market)
    this.#index = firstIndex
    this.#blockFirst = firstIndex
    this.#blockEnd = firstIndex
  }

  /** Index of the next event. */
  get index(): number {
    return this.#index
  }

  /** Trade ids that come next, by symbol. */
  get nextTradeIds(): Float64Array {
    return this.#nextTradeId
  }

  /** Goes forward to an event without giving out those before it. */
  skipTo(index: number): void {
    while (this.#index < index) {
      if (this.#index === this.#blockEnd) this.#planBlock()
      if (this.#blockEnd <= index && this.#index === this.#blockFirst && !this.#isTouched) {
        this.#passBlock()
        continue
      }
      if (this.#index === this.#blockFirst) this.#beginBlock()
      while (this.#index < Math.min(index, this.#blockEnd)) this.#emit(undefined, undefined)
    }
  }

  /**
   * Appends the events up to `endIndex` while both batches have room. A trade may come with a quote before it.
   * @param quotes undefined where nobody wants them: the trades are the same
   * @throws FinPulseError config-invalid where there are anomalies and a batch is too small for what one event may become
   */
  fill(trades: TradeBatch, quotes: QuoteBatch | undefined, endIndex: number): void {
    while (this.#index < endIndex && hasRoom(trades, quotes)) {
      if (this.#index === this.#blockEnd) this.#planBlock()
      if (this.#index === this.#blockFirst) this.#beginBlock()
      const end = Math.min(endIndex, this.#blockEnd)
      if (!this.#isTouched) {
        while (this.#index < end && hasRoom(trades, quotes)) this.#emit(trades, quotes)
      } else if (!this.#fillTouched(trades, quotes, end)) return
    }
  }

  /** Where an event may become several rows, all of them have to fit. @returns whether it came to the end */
  #fillTouched(trades: TradeBatch, quotes: QuoteBatch | undefined, end: number): boolean {
    const tradesEnd = trades.capacity - EVENT_TRADES_MAX_COUNT
    const quotesEnd = quotes === undefined ? 0 : quotes.capacity - EVENT_QUOTES_MAX_COUNT
    if (tradesEnd < 0 || quotesEnd < 0) {
      const least = Math.max(EVENT_TRADES_MAX_COUNT, EVENT_QUOTES_MAX_COUNT)
      throw new FinPulseError('config-invalid', `batch: expected room for ${least} rows, got ${trades.capacity}`)
    }
    while (this.#index < end && trades.count <= tradesEnd && (quotes?.count ?? 0) <= quotesEnd) {
      this.#emit(trades, quotes)
    }
    return this.#index === end
  }

  /** Lets a stretch begin at or after the next event. The caller has seen to it that it meets no other. */
  inject(stretch: AnomalyStretch): void {
    const isInBlock = this.#overlay.inject(stretch)
    if (!isInBlock || this.#index === this.#blockEnd || this.#isTouched) return
    this.#isTouched = true
    this.#overlay.show(this.#bid, this.#ask)
  }

  /** The stretches of a symbol that have a part in `[fromUs, toUs)`. */
  stretchesOf(symbol: number, fromUs: number, toUs: number): AnomalyStretch[] {
    return this.#overlay.touching(symbol, fromUs, toUs)
  }

  /** Injected stretches that the market has left behind, each once: they need not be kept. */
  takeFinished(): readonly FinishedStretch[] {
    return this.#overlay.takeFinished()
  }

  /** The block that begins with the next event: which events it has, and how many of them are whose. */
  #planBlock(): void {
    const { schedule } = this.#options
    const first = this.#index
    const minute = Math.floor(schedule.dueUs(first) / MINUTE_US)
    const minuteFirst = Math.max(this.#options.firstIndex, schedule.countBefore(minute * MINUTE_US))
    const minuteEnd = schedule.countBefore((minute + 1) * MINUTE_US)
    const part = Math.floor((first - minuteFirst) / BLOCK_MAX_COUNT)
    this.#blockFirst = first
    this.#blockEnd = Math.min(minuteEnd, minuteFirst + (part + 1) * BLOCK_MAX_COUNT)
    this.#path.advanceTo(minute)
    for (let symbol = 0; symbol < this.#weights.length; symbol++) {
      this.#weights[symbol] = this.#path.volume[symbol]! ** COUNT_OF_VOLUME
    }
    this.#plan.share(first, this.#blockEnd - first, this.#weights)
    this.#isTouched = this.#overlay.beginBlock(schedule.dueUs(first), schedule.dueUs(this.#blockEnd - 1) + 1)
  }

  /** Steps over a planned block: only the trade ids move on. */
  #passBlock(): void {
    for (let symbol = 0; symbol < this.#nextTradeId.length; symbol++) {
      this.#nextTradeId[symbol]! += this.#plan.quota[symbol]!
    }
    this.#index = this.#blockEnd
  }

  #beginBlock(): void {
    const { schedule, seed, symbols } = this.#options
    const first = this.#blockFirst
    const minuteUs = this.#path.minute * MINUTE_US
    const from = (schedule.dueUs(first) - minuteUs) / MINUTE_US
    const isLast = Math.floor(schedule.dueUs(this.#blockEnd) / MINUTE_US) > this.#path.minute
    const to = isLast ? 1 : (schedule.dueUs(this.#blockEnd) - minuteUs) / MINUTE_US
    let weightSum = 0
    for (const weight of this.#weights) weightSum += weight
    for (let symbol = 0; symbol < symbols.length; symbol++) this.#beginSymbol(symbol, from, to, weightSum)
    const { profile } = symbols[0]!
    this.#plan.arrange(first, profile.runLength)
    this.#random.reseed(seed, EVENT_STREAM, first)
  }

  #beginSymbol(symbol: number, from: number, to: number, weightSum: number): void {
    const { profile } = this.#options.symbols[symbol]!
    const tick = this.#writer.tick[symbol]!
    const quota = this.#plan.quota[symbol]!
    const isWholeMinute = from < 1e-3 && to === 1
    const start = isWholeMinute ? this.#path.openLogPrice[symbol]! : this.#bridge(symbol, from)
    const end = to === 1 ? this.#path.closeLogPrice[symbol]! : this.#bridge(symbol, to)
    const price = Math.exp(start) / tick
    const deviation = this.#path.deviation[symbol]! * Math.sqrt(to - from)
    this.#price[symbol] = price
    this.#target[symbol] = Math.exp(end) / tick
    this.#left[symbol] = quota
    this.#stepDeviation[symbol] = quota === 0 ? 0 : (price * deviation) / Math.sqrt(quota)
    const spreadBp = profile.spreadBp + profile.spreadOfVolatility * this.#path.deviation[symbol]! * 1e4
    this.#halfSpread[symbol] = Math.max(0.5, (price * spreadBp * 1e-4) / 2)
    // A symbol's volume is shared out over its trades: busier minutes have more of them and larger ones.
    const share = (this.#weights[symbol]! * this.#weights.length) / weightSum
    this.#writer.lots[symbol] = (QUANTITY_MEAN_LOTS * this.#path.volume[symbol]!) / share
    this.#bid[symbol] = -1
  }

  /** The path inside a minute, by midpoint displacement: a Brownian bridge that is the same wherever it is asked. */
  #bridge(symbol: number, fraction: number): number {
    const { seed, symbols } = this.#options
    const stream = hashText(symbols[symbol]!.symbol)
    let left = 0
    let right = 1
    let leftValue = this.#path.openLogPrice[symbol]!
    let rightValue = this.#path.closeLogPrice[symbol]!
    let node = 1
    for (let level = 0; level < BRIDGE_LEVELS; level++) {
      const middle = (left + right) / 2
      this.#random.reseed(seed, stream, this.#path.minute * 2 ** (BRIDGE_LEVELS + 1) + node)
      const deviation = this.#path.deviation[symbol]! * Math.sqrt((right - left) / 4)
      const value = (leftValue + rightValue) / 2 + deviation * this.#random.nextNormal()
      const isRight = fraction >= middle
      if (isRight) {
        left = middle
        leftValue = value
      } else {
        right = middle
        rightValue = value
      }
      node = 2 * node + (isRight ? 1 : 0)
    }
    return leftValue + ((rightValue - leftValue) * (fraction - left)) / (right - left)
  }

  /** The hot path: one event, written where batches are given. */
  #emit(trades: TradeBatch | undefined, quotes: QuoteBatch | undefined): void {
    const at = this.#index - this.#blockFirst
    const symbol = this.#plan.order[at]!
    const bits = this.#random.nextUint32()
    const left = this.#left[symbol]!
    const noise = this.#stepDeviation[symbol]! * NORMAL_QUANTILES[bits >>> 20]! * Math.sqrt((left - 1) / left)
    const price = this.#price[symbol]! + (this.#target[symbol]! - this.#price[symbol]!) / left + noise
    this.#price[symbol] = price
    this.#left[symbol] = left - 1
    const isBuy = this.#plan.continues[at] === 1 ? this.#side[symbol] === TAKER_BUY : (bits & 1) === 1
    this.#side[symbol] = isBuy ? TAKER_BUY : TAKER_SELL
    const id = this.#nextTradeId[symbol]!++
    const index = this.#index++
    const half = this.#halfSpread[symbol]!
    const bid = Math.max(1, Math.floor(price - half))
    const ask = Math.max(bid + 1, Math.ceil(price + half))
    const hasNewQuote = bid !== this.#bid[symbol] || ask !== this.#ask[symbol]
    // Events that are stepped over leave their quote behind too, or the next one would give it out again.
    this.#bid[symbol] = bid
    this.#ask[symbol] = ask
    if (this.#isTouched) {
      const timeUs = this.#options.schedule.dueUs(index)
      // The market beneath has used one id.
      this.#nextTradeId[symbol] =
        id + this.#overlay.emit(trades, quotes, symbol, index, timeUs, id, bid, ask, isBuy, bits, hasNewQuote)
      return
    }
    if (trades === undefined) return
    const timeUs = this.#options.schedule.dueUs(index)
    if (hasNewQuote && quotes !== undefined) this.#writer.quote(quotes, symbol, index, timeUs, bid, ask, bits)
    const lots = this.#writer.lots[symbol]!
    this.#writer.trade(trades, symbol, id, timeUs, isBuy ? ask : bid, isBuy, lots, (bits >>> 8) & 0xfff)
  }
}

function hasRoom(trades: TradeBatch, quotes: QuoteBatch | undefined): boolean {
  return !trades.isFull && (quotes === undefined || !quotes.isFull)
}
