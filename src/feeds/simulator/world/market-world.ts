import { FinPulseError } from '../../../base/errors.ts'
import { hashText, Random } from '../../../base/random.ts'
import type { InstrumentTable } from '../../../events/instrument.ts'
import type { QuoteBatch } from '../../../events/quote-batch.ts'
import { TAKER_BUY, type TradeBatch } from '../../../events/trade-batch.ts'
import type { SessionTable } from '../../calendar/session-table.ts'
import type { Schedule } from '../../schedule.ts'
import type { MarketAnomalies } from '../anomalies/anomaly-options.ts'
import { AnomalyPlan } from '../anomalies/anomaly-plan.ts'
import type { AnomalyStretch } from '../anomalies/anomaly-stretch.ts'
import { EVENT_QUOTES_MAX_COUNT, EVENT_TRADES_MAX_COUNT } from '../anomalies/market-event.ts'
import { type FinishedStretch, MarketOverlay } from '../anomalies/market-overlay.ts'
import { BLOCK_MAX_COUNT, BlockPlan } from './block-plan.ts'
import { MarketWriter, type WalkedEvents, type WrittenSymbol } from './market-writer.ts'
import { MINUTE_US, MinutePath, type PathSymbol } from './minute-path.ts'
import { PriceWalk, WALK_MAX_COUNT } from './price-walk.ts'

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
  /** Whether each event has a quote, also where only its quantities are new; unless told, where bid or ask has changed. */
  readonly hasEveryQuote?: boolean
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
  readonly #walk: PriceWalk
  readonly #events: WalkedEvents
  readonly #overlay: MarketOverlay
  readonly #hasEveryQuote: boolean
  /** Whether an anomaly has a part in the present block. */
  #isTouched = false
  #blockFirst: number
  #blockEnd: number
  #index: number

  constructor(options: MarketWorldOptions, instruments: InstrumentTable) {
    const { symbols, seed, startMinute, firstIndex, sessions } = options
    const count = symbols.length
    this.#options = options
    this.#hasEveryQuote = options.hasEveryQuote === true
    this.#path = new MinutePath(seed, symbols, startMinute, sessions)
    this.#plan = new BlockPlan(seed, count)
    this.#writer = new MarketWriter(symbols, instruments)
    this.#nextTradeId = options.firstTradeIds?.slice() ?? new Float64Array(count).fill(1)
    this.#weights = new Float64Array(count)
    this.#walk = new PriceWalk(count)
    this.#events = { walk: this.#walk, order: this.#plan.order, at: 0, count: 0, firstIndex: 0 }
    const market = { writer: this.#writer, price: this.#walk.price, halfSpread: this.#walk.halfSpread }
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

  /**
   * Goes forward to an event without giving out those before it.
   * @param isTurnOver asked before each block: where it is, the way is left for another call
   */
  skipTo(index: number, isTurnOver: () => boolean = () => false): void {
    while (this.#index < index && !(this.#index === this.#blockEnd && isTurnOver())) {
      if (this.#index === this.#blockEnd) this.#planBlock()
      if (this.#blockEnd <= index && this.#index === this.#blockFirst && !this.#isTouched) {
        this.#passBlock()
        continue
      }
      if (this.#index === this.#blockFirst) this.#beginBlock()
      const end = Math.min(index, this.#blockEnd)
      while (this.#index < end) {
        if (this.#isTouched) this.#emitTouched(undefined, undefined)
        else this.#stepOver(Math.min(end - this.#index, WALK_MAX_COUNT))
      }
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
        while (this.#index < end && hasRoom(trades, quotes)) this.#emit(trades, quotes, end)
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
      this.#emitTouched(trades, quotes)
    }
    return this.#index === end
  }

  /** Lets a stretch begin at or after the next event. The caller has seen to it that it meets no other. */
  inject(stretch: AnomalyStretch): void {
    const isInBlock = this.#overlay.inject(stretch)
    if (!isInBlock || this.#index === this.#blockEnd || this.#isTouched) return
    this.#isTouched = true
    this.#overlay.show(this.#walk.bid, this.#walk.ask)
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
    const spreadBp = profile.spreadBp + profile.spreadOfVolatility * this.#path.deviation[symbol]! * 1e4
    const halfSpread = Math.max(0.5, (price * spreadBp * 1e-4) / 2)
    this.#walk.begin(symbol, price, Math.exp(end) / tick, quota, deviation, halfSpread)
    // A symbol's volume is shared out over its trades: busier minutes have more of them and larger ones.
    const share = (this.#weights[symbol]! * this.#weights.length) / weightSum
    this.#writer.lots[symbol] = (QUANTITY_MEAN_LOTS * this.#path.volume[symbol]!) / share
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

  /** Walks the next events of the block. */
  #advance(count: number): WalkedEvents {
    const events = this.#events
    events.at = this.#index - this.#blockFirst
    events.count = count
    events.firstIndex = this.#index
    this.#walk.walk(this.#plan, events.at, count, this.#random)
    this.#index += count
    return events
  }

  /** The hot path: as many events as there is room for. Each has a trade, and a quote at most. */
  #emit(trades: TradeBatch, quotes: QuoteBatch | undefined, end: number): void {
    const room = Math.min(
      trades.capacity - trades.count,
      quotes === undefined ? Infinity : quotes.capacity - quotes.count,
    )
    const events = this.#advance(Math.min(end - this.#index, room, WALK_MAX_COUNT))
    const { schedule } = this.#options
    if (quotes !== undefined) this.#writer.quotes(quotes, events, schedule, this.#hasEveryQuote)
    this.#writer.trades(trades, events, schedule, this.#nextTradeId)
  }

  /** Events that nobody is given leave prices, quotes and ids behind all the same. */
  #stepOver(count: number): void {
    const { order, at } = this.#advance(count)
    for (let event = 0; event < count; event++) this.#nextTradeId[order[at + event]!]! += 1
  }

  /** One event of a block that an anomaly has a part in. */
  #emitTouched(trades: TradeBatch | undefined, quotes: QuoteBatch | undefined): void {
    const { walk, order, at, firstIndex } = this.#advance(1)
    const symbol = order[at]!
    const timeUs = this.#options.schedule.dueUs(firstIndex)
    const [bits, bid, ask] = [walk.bits[0]!, walk.bids[0]!, walk.asks[0]!]
    const isBuy = walk.sides[0] === TAKER_BUY
    const hasNewQuote = this.#hasEveryQuote || walk.isNewQuote[0] === 1
    const id = this.#nextTradeId[symbol]!
    this.#nextTradeId[symbol] =
      id + this.#overlay.emit(trades, quotes, symbol, firstIndex, timeUs, id, bid, ask, isBuy, bits, hasNewQuote)
  }
}

function hasRoom(trades: TradeBatch, quotes: QuoteBatch | undefined): boolean {
  return !trades.isFull && (quotes === undefined || !quotes.isFull)
}
