import { hashText, Random } from '../../../base/random.ts'
import type { InstrumentTable } from '../../../events/instrument.ts'
import type { QuoteBatch } from '../../../events/quote-batch.ts'
import { TAKER_BUY, TAKER_SELL, type TradeBatch } from '../../../events/trade-batch.ts'
import type { SessionTable } from '../../calendar/session-table.ts'
import type { Schedule } from '../../schedule.ts'
import { BLOCK_MAX_COUNT, BlockPlan } from './block-plan.ts'
import { MINUTE_US, MinutePath, type PathSymbol } from './minute-path.ts'
import { NORMAL_QUANTILES } from './quantile-table.ts'

export interface WorldSymbol extends PathSymbol {
  readonly venue: string
  readonly quantityDecimals: number
  /** Smallest price step, 1, 2 or 5 of some decimal; by the profile where it is not given. */
  readonly tickSize?: number
}

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
}

const EVENT_STREAM = 0x65766e74
/** Mean quantity of a trade, in lots. */
const QUANTITY_MEAN_LOTS = 60
const QUANTITY_DEVIATION = 1.1
const QUANTITY_MAX_LOTS = 1e9
/** How much busier a symbol with twice the volume trades: the rest of it comes in larger quantities. */
const COUNT_OF_VOLUME = 0.5
const BRIDGE_LEVELS = 12

/** Log-normal factors of mean 1 at evenly spaced probabilities. */
const QUANTITY_FACTORS = NORMAL_QUANTILES.map((quantile) =>
  Math.exp(QUANTITY_DEVIATION * quantile - QUANTITY_DEVIATION ** 2 / 2),
)

/**
 * A market whose every event is a function of (seed, symbols, schedule, start): made block by block, each from numbers
 * that belong to it alone. So the same world may be made from any event on, and in pieces, to the same bytes.
 *
 * A block is the events of a minute, or a part of a busy minute. From its first to its last event a symbol's price
 * crosses from the path's price at one end to that at the other by a Brownian bridge; trades hit a bid and an ask of
 * whole ticks around it.
 */
export class MarketWorld {
  readonly #options: MarketWorldOptions
  readonly #path: MinutePath
  readonly #plan: BlockPlan
  readonly #random = new Random(0)
  readonly #instrument: Uint32Array
  readonly #tick: Float64Array
  /** Digits of one tick. */
  readonly #tickDigits: Float64Array
  readonly #weights: Float64Array
  readonly #nextTradeId: Float64Array
  readonly #price: Float64Array
  readonly #target: Float64Array
  readonly #stepDeviation: Float64Array
  readonly #left: Uint32Array
  readonly #halfSpread: Float64Array
  readonly #lots: Float64Array
  readonly #side: Uint8Array
  readonly #bid: Float64Array
  readonly #ask: Float64Array
  #blockFirst: number
  #blockEnd: number
  #index: number

  constructor(options: MarketWorldOptions, instruments: InstrumentTable) {
    const { symbols, seed, startMinute, firstIndex, sessions } = options
    const count = symbols.length
    this.#options = options
    this.#path = new MinutePath(seed, symbols, startMinute, sessions)
    this.#plan = new BlockPlan(seed, count)
    const formats = symbols.map(({ price, profile, tickSize }) => tickFormat(tickSize ?? price * profile.tickBp * 1e-4))
    this.#instrument = Uint32Array.from(symbols, ({ venue, symbol, quantityDecimals }, index) =>
      instruments.register(venue, symbol, formats[index]!.decimals, quantityDecimals),
    )
    this.#tick = Float64Array.from(formats, ({ tick }) => tick)
    this.#tickDigits = Float64Array.from(formats, ({ digits }) => digits)
    this.#nextTradeId = options.firstTradeIds?.slice() ?? new Float64Array(count).fill(1)
    this.#weights = new Float64Array(count)
    this.#price = new Float64Array(count)
    this.#target = new Float64Array(count)
    this.#stepDeviation = new Float64Array(count)
    this.#left = new Uint32Array(count)
    this.#halfSpread = new Float64Array(count)
    this.#lots = new Float64Array(count)
    this.#side = new Uint8Array(count)
    this.#bid = new Float64Array(count)
    this.#ask = new Float64Array(count)
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
      if (this.#blockEnd <= index && this.#index === this.#blockFirst) {
        this.#passBlock()
        continue
      }
      if (this.#index === this.#blockFirst) this.#beginBlock()
      while (this.#index < Math.min(index, this.#blockEnd)) this.#emit(undefined, undefined)
    }
  }

  /** Appends the events up to `endIndex` while both batches have room. A trade may come with a quote before it. */
  fill(trades: TradeBatch, quotes: QuoteBatch, endIndex: number): void {
    while (this.#index < endIndex && !trades.isFull && !quotes.isFull) {
      if (this.#index === this.#blockEnd) this.#planBlock()
      if (this.#index === this.#blockFirst) this.#beginBlock()
      const end = Math.min(endIndex, this.#blockEnd)
      while (this.#index < end && !trades.isFull && !quotes.isFull) this.#emit(trades, quotes)
    }
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
    const tick = this.#tick[symbol]!
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
    this.#lots[symbol] = (QUANTITY_MEAN_LOTS * this.#path.volume[symbol]!) / share
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
    if (trades === undefined || quotes === undefined) return
    const timeUs = this.#options.schedule.dueUs(index)
    if (hasNewQuote) this.#quote(quotes, symbol, index, timeUs, bits)
    const row = trades.count++
    trades.instrument[row] = this.#instrument[symbol]!
    trades.priceLow[row] = (isBuy ? ask : bid) * this.#tickDigits[symbol]!
    trades.priceHigh[row] = 0
    trades.quantityLow[row] = this.#quantity(symbol, (bits >>> 8) & 0xfff)
    trades.quantityHigh[row] = 0
    trades.eventTimeUs[row] = timeUs
    // The simulated venue is next door: what it sends arrives at once, and the same bytes on every run.
    trades.receivedTimeUs[row] = timeUs
    trades.id[row] = id
    trades.tradeCount[row] = 1
    trades.flags[row] = isBuy ? TAKER_BUY : TAKER_SELL
  }

  #quote(quotes: QuoteBatch, symbol: number, index: number, timeUs: number, bits: number): void {
    const row = quotes.count++
    quotes.instrument[row] = this.#instrument[symbol]!
    quotes.bidPriceLow[row] = this.#bid[symbol]! * this.#tickDigits[symbol]!
    quotes.bidPriceHigh[row] = 0
    quotes.bidQuantityLow[row] = this.#quantity(symbol, (bits >>> 4) & 0xfff)
    quotes.bidQuantityHigh[row] = 0
    quotes.askPriceLow[row] = this.#ask[symbol]! * this.#tickDigits[symbol]!
    quotes.askPriceHigh[row] = 0
    quotes.askQuantityLow[row] = this.#quantity(symbol, (bits >>> 14) & 0xfff)
    quotes.askQuantityHigh[row] = 0
    quotes.eventTimeUs[row] = timeUs
    quotes.receivedTimeUs[row] = timeUs
    // Needs no count of the quotes before: unique and rising.
    quotes.sequence[row] = index
  }

  #quantity(symbol: number, quantile: number): number {
    const lots = Math.round(this.#lots[symbol]! * QUANTITY_FACTORS[quantile]!)
    return lots < 1 ? 1 : lots > QUANTITY_MAX_LOTS ? QUANTITY_MAX_LOTS : lots
  }
}

/** The nearest 1, 2 or 5 of some decimal, and its digits in those decimals. */
function tickFormat(wanted: number): { tick: number; decimals: number; digits: number } {
  // A little more than wanted: the logarithm of 0.01 must not fall below -2.
  const exponent = Math.floor(Math.log10(wanted * (1 + 1e-9)))
  const leading = wanted / 10 ** exponent
  const [step, shift] = leading < 1.5 ? [1, 0] : leading < 3.5 ? [2, 0] : leading < 7.5 ? [5, 0] : [1, 1]
  const scale = exponent + shift
  const decimals = Math.min(12, Math.max(0, -scale))
  return { tick: step * 10 ** scale, decimals, digits: step * 10 ** (scale + decimals) }
}
