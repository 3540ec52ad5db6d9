import { Random } from '../../base/random.ts'
import type { InstrumentTable } from '../../events/instrument.ts'
import type { QuoteBatch } from '../../events/quote-batch.ts'
import { TAKER_BUY, TAKER_SELL, type TradeBatch } from '../../events/trade-batch.ts'
import { presetOf } from './symbol-presets.ts'

export const SIMULATOR_VENUE = 'sim'
/** Prices are in cents, quantities in whole shares. */
const PRICE_DECIMALS = 2
const QUANTITY_DECIMALS = 0
const CENTS = 100
/** The simulated market never closes: a year of it has as many µs as a year. */
const YEAR_US = 365 * 86_400 * 1_000_000
/** Half the distance from bid to ask, as a part of the price. */
const HALF_SPREAD = 0.00006
/** Quantities are log-normal around this median. */
const QUANTITY_MEDIAN = 40
const QUANTITY_DEVIATION = 1.1
const QUANTITY_MAX = 100_000
/** Prices stay inside, in cents, so that no walk, however long, leaves the range of a price. */
const PRICE_MIN = 100
const PRICE_MAX = 100_000_000

/** Everything that the market goes on with after a restart. */
export interface MarketState {
  readonly symbols: readonly string[]
  /** Logarithm of the middle price in cents. */
  readonly logPrice: Float64Array
  readonly lastTimeUs: Float64Array
  readonly nextTradeId: Float64Array
  readonly bid: Float64Array
  readonly ask: Float64Array
  readonly random: (number | null)[]
  quoteSequence: number
}

/**
 * Geometric Brownian motion of the middle price (Hull, "Options, Futures, and Other Derivatives", ch. 14), seen through
 * a bid and an ask that are whole cents: buyers take the ask, sellers hit the bid. Same seed, same market.
 */
export class MarketModel {
  readonly #random: Random
  readonly #state: MarketState
  /** Index in the instrument table, by symbol. */
  readonly #instrument: number[]
  readonly #volatility: number[]

  constructor(instruments: InstrumentTable, symbols: readonly string[], seed: number, saved?: MarketState) {
    this.#random = new Random(seed)
    const count = symbols.length
    this.#state = {
      symbols,
      logPrice: Float64Array.from(symbols, (symbol) => Math.log(presetOf(symbol).price * CENTS)),
      lastTimeUs: new Float64Array(count),
      nextTradeId: new Float64Array(count).fill(1),
      bid: new Float64Array(count),
      ask: new Float64Array(count),
      random: [],
      quoteSequence: 0,
    }
    if (saved !== undefined) this.#takeOver(saved)
    this.#volatility = symbols.map((symbol) => presetOf(symbol).annualVolatility)
    this.#instrument = symbols.map((symbol) =>
      instruments.register(SIMULATOR_VENUE, symbol, PRICE_DECIMALS, QUANTITY_DECIMALS),
    )
  }

  /** Symbols that were there before go on; new ones begin at their preset. */
  #takeOver(saved: MarketState): void {
    const state = this.#state
    state.symbols.forEach((symbol, index) => {
      const before = saved.symbols.indexOf(symbol)
      if (before < 0) return
      for (const column of ['logPrice', 'lastTimeUs', 'nextTradeId', 'bid', 'ask'] as const) {
        state[column][index] = saved[column][before]!
      }
    })
    state.quoteSequence = saved.quoteSequence
    this.#random.restore(saved.random)
  }

  /** Appends one trade at `timeUs`, and before it a quote where the best bid or ask has moved. */
  trade(timeUs: number, trades: TradeBatch, quotes: QuoteBatch): void {
    const random = this.#random
    const state = this.#state
    const index = random.nextInt(this.#instrument.length)
    this.#move(index, timeUs)
    const middle = Math.exp(state.logPrice[index]!)
    const half = Math.max(0.5, middle * HALF_SPREAD)
    const bid = Math.max(1, Math.floor(middle - half))
    const ask = Math.max(bid + 1, Math.ceil(middle + half))
    if (bid !== state.bid[index] || ask !== state.ask[index]) {
      state.bid[index] = bid
      state.ask[index] = ask
      this.#quote(index, timeUs, quotes)
    }
    const isBuy = random.next() < 0.5
    const row = trades.count++
    trades.instrument[row] = this.#instrument[index]!
    trades.priceLow[row] = isBuy ? ask : bid
    trades.priceHigh[row] = 0
    trades.quantityLow[row] = this.#quantity()
    trades.quantityHigh[row] = 0
    trades.eventTimeUs[row] = timeUs
    // The simulated venue is next door: what it sends arrives at once, and the same bytes on every run.
    trades.receivedTimeUs[row] = timeUs
    trades.id[row] = state.nextTradeId[index]!++
    trades.tradeCount[row] = 1
    trades.flags[row] = isBuy ? TAKER_BUY : TAKER_SELL
  }

  #move(index: number, timeUs: number): void {
    const state = this.#state
    const elapsedUs = state.lastTimeUs[index] === 0 ? 0 : timeUs - state.lastTimeUs[index]!
    state.lastTimeUs[index] = timeUs
    const volatility = this.#volatility[index]!
    const years = elapsedUs / YEAR_US
    const step = -0.5 * volatility * volatility * years + volatility * Math.sqrt(years) * this.#random.nextNormal()
    const moved = state.logPrice[index]! + step
    state.logPrice[index] = Math.min(Math.log(PRICE_MAX), Math.max(Math.log(PRICE_MIN), moved))
  }

  #quote(index: number, timeUs: number, quotes: QuoteBatch): void {
    const state = this.#state
    const row = quotes.count++
    quotes.instrument[row] = this.#instrument[index]!
    quotes.bidPriceLow[row] = state.bid[index]!
    quotes.bidPriceHigh[row] = 0
    quotes.bidQuantityLow[row] = this.#quantity()
    quotes.bidQuantityHigh[row] = 0
    quotes.askPriceLow[row] = state.ask[index]!
    quotes.askPriceHigh[row] = 0
    quotes.askQuantityLow[row] = this.#quantity()
    quotes.askQuantityHigh[row] = 0
    quotes.eventTimeUs[row] = timeUs
    quotes.receivedTimeUs[row] = timeUs
    quotes.sequence[row] = state.quoteSequence++
  }

  #quantity(): number {
    const quantity = Math.round(QUANTITY_MEDIAN * Math.exp(QUANTITY_DEVIATION * this.#random.nextNormal()))
    return Math.min(QUANTITY_MAX, Math.max(1, quantity))
  }

  save(): MarketState {
    return { ...this.#state, random: this.#random.save() }
  }
}
