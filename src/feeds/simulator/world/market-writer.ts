import type { InstrumentTable } from '../../../events/instrument.ts'
import type { QuoteBatch } from '../../../events/quote-batch.ts'
import { TAKER_BUY, TAKER_SELL, type TradeBatch } from '../../../events/trade-batch.ts'
import type { Schedule } from '../../schedule.ts'
import type { MarketProfile } from './market-profile.ts'
import type { PriceWalk } from './price-walk.ts'
import { NORMAL_QUANTILES } from './quantile-table.ts'

/** How a symbol's rows look. */
export interface WrittenSymbol {
  readonly venue: string
  readonly symbol: string
  /** Price at the beginning of the world. */
  readonly price: number
  readonly profile: MarketProfile
  readonly quantityDecimals: number
  /** Smallest price step, 1, 2 or 5 of some decimal; by the profile where it is not given. */
  readonly tickSize?: number
}

const QUANTITY_DEVIATION = 1.1
const QUANTITY_MAX_LOTS = 1e9

/** Log-normal factors of mean 1 at evenly spaced probabilities. */
const QUANTITY_FACTORS = NORMAL_QUANTILES.map((quantile) =>
  Math.exp(QUANTITY_DEVIATION * quantile - QUANTITY_DEVIATION ** 2 / 2),
)

/** Events of a block, walked already, that are to be written. */
export interface WalkedEvents {
  readonly walk: PriceWalk
  /** Symbols of a block's events, and where these begin among them. */
  readonly order: Uint16Array
  at: number
  count: number
  /** Index of the first of them. */
  firstIndex: number
}

/** Writes the rows of a market: prices come in ticks, quantities as quantiles of their distribution. The hot path. */
export class MarketWriter {
  /** By symbol. */
  readonly tick: Float64Array
  /** Mean quantity at present, by symbol, in lots: set by the market. */
  readonly lots: Float64Array
  readonly #instrument: Uint32Array
  /** Digits of one tick. */
  readonly #tickDigits: Float64Array

  constructor(symbols: readonly WrittenSymbol[], instruments: InstrumentTable) {
    const formats = symbols.map(({ price, profile, tickSize }) => tickFormat(tickSize ?? price * profile.tickBp * 1e-4))
    this.#instrument = Uint32Array.from(symbols, ({ venue, symbol, quantityDecimals }, index) =>
      instruments.register(venue, symbol, formats[index]!.decimals, quantityDecimals),
    )
    this.tick = Float64Array.from(formats, ({ tick }) => tick)
    this.lots = new Float64Array(symbols.length)
    this.#tickDigits = Float64Array.from(formats, ({ digits }) => digits)
  }

  /** One trade an event. @param nextTradeId by symbol, goes on */
  trades(batch: TradeBatch, events: WalkedEvents, schedule: Schedule, nextTradeId: Float64Array): void {
    const { walk, order, at, count, firstIndex } = events
    const { bits, bids, asks, sides } = walk
    const { lots } = this
    const instruments = this.#instrument
    const tickDigits = this.#tickDigits
    const { instrument, priceLow, quantityLow, id, flags, eventTimeUs, receivedTimeUs } = batch
    const from = batch.count
    const to = from + count
    for (let event = 0; event < count; event++) {
      const row = from + event
      const symbol = order[at + event]!
      const side = sides[event]!
      instrument[row] = instruments[symbol]!
      // A buyer pays the ask. No branch: for each trade it would be a coin toss.
      const price = bids[event]! + (asks[event]! - bids[event]!) * (side & TAKER_BUY)
      priceLow[row] = price * tickDigits[symbol]!
      quantityLow[row] = quantityOf(lots[symbol]!, (bits[event]! >>> 8) & 0xfff)
      id[row] = nextTradeId[symbol]!++
      flags[row] = side
    }
    for (let event = 0; event < count; event++) eventTimeUs[from + event] = schedule.dueUs(firstIndex + event)
    // The simulated venue is next door: what it sends arrives at once, and the same bytes on every run.
    receivedTimeUs.set(eventTimeUs.subarray(from, to), from)
    batch.priceHigh.fill(0, from, to)
    batch.quantityHigh.fill(0, from, to)
    batch.tradeCount.fill(1, from, to)
    batch.count = to
  }

  /** Quotes where bid or ask has changed, or of every event. */
  quotes(batch: QuoteBatch, events: WalkedEvents, schedule: Schedule, areAll: boolean): void {
    const { walk, order, at, count, firstIndex } = events
    const { bits, bids, asks, isNewQuote } = walk
    for (let event = 0; event < count; event++) {
      if (isNewQuote[event] === 0 && !areAll) continue
      const index = firstIndex + event
      this.quote(batch, order[at + event]!, index, schedule.dueUs(index), bids[event]!, asks[event]!, bits[event]!)
    }
  }

  /** @param lots mean quantity, by `this.lots` or otherwise @param quantile of the quantity, 0 to 4095 */
  trade(
    trades: TradeBatch,
    symbol: number,
    id: number,
    timeUs: number,
    price: number,
    isBuy: boolean,
    lots: number,
    quantile: number,
  ): void {
    const row = trades.count++
    trades.instrument[row] = this.#instrument[symbol]!
    trades.priceLow[row] = price * this.#tickDigits[symbol]!
    trades.priceHigh[row] = 0
    trades.quantityLow[row] = quantityOf(lots, quantile)
    trades.quantityHigh[row] = 0
    trades.eventTimeUs[row] = timeUs
    // The simulated venue is next door: what it sends arrives at once, and the same bytes on every run.
    trades.receivedTimeUs[row] = timeUs
    trades.id[row] = id
    trades.tradeCount[row] = 1
    trades.flags[row] = isBuy ? TAKER_BUY : TAKER_SELL
  }

  /** @param index of the event that it comes with @param bits random, for both quantities */
  quote(
    quotes: QuoteBatch,
    symbol: number,
    index: number,
    timeUs: number,
    bid: number,
    ask: number,
    bits: number,
  ): void {
    const row = quotes.count++
    const lots = this.lots[symbol]!
    quotes.instrument[row] = this.#instrument[symbol]!
    quotes.bidPriceLow[row] = bid * this.#tickDigits[symbol]!
    quotes.bidPriceHigh[row] = 0
    quotes.bidQuantityLow[row] = quantityOf(lots, (bits >>> 4) & 0xfff)
    quotes.bidQuantityHigh[row] = 0
    quotes.askPriceLow[row] = ask * this.#tickDigits[symbol]!
    quotes.askPriceHigh[row] = 0
    quotes.askQuantityLow[row] = quantityOf(lots, (bits >>> 14) & 0xfff)
    quotes.askQuantityHigh[row] = 0
    quotes.eventTimeUs[row] = timeUs
    quotes.receivedTimeUs[row] = timeUs
    // Needs no count of the quotes before: unique in its symbol, and rising.
    quotes.sequence[row] = index
  }
}

function quantityOf(meanLots: number, quantile: number): number {
  const lots = Math.floor(meanLots * QUANTITY_FACTORS[quantile]! + 0.5)
  return lots < 1 ? 1 : lots > QUANTITY_MAX_LOTS ? QUANTITY_MAX_LOTS : lots
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
