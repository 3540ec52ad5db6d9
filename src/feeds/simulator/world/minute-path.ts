import { hashText, Random } from '../../../base/random.ts'
import type { MarketProfile } from './market-profile.ts'

export const MINUTE_US = 60_000_000
const MINUTES_PER_DAY = 1440
const BASIS_POINT = 1e-4
/** Stream of what all symbols share. */
const MARKET_STREAM = 0x6d61726b
/** Log prices stay this close to where they began: a range that any price format holds. */
const DRIFT_LIMIT = 6
/** Minutes of the hour at which people and programs trade more than at others, in real markets as here. */
const MINUTE_OF_HOUR_VOLUME: Readonly<Record<number, number>> = { 0: 1.36, 15: 1.11, 30: 1.19 }

export interface PathSymbol {
  readonly symbol: string
  /** Price at the beginning of the world. */
  readonly price: number
  readonly profile: MarketProfile
}

/**
 * Price, volatility and volume of every symbol from minute to minute: stochastic volatility on several time scales,
 * heavy-tailed shocks, jumps, a part that all symbols share, a daily wave. The shocks of a minute are drawn from (seed,
 * symbol, minute), so the path is the same however far it is walked in one go.
 */
export class MinutePath {
  readonly #seed: number
  readonly #symbols: readonly PathSymbol[]
  readonly #streams: Uint32Array
  readonly #startLogPrice: Float64Array
  /** Parts of log volatility, by symbol. */
  readonly #volatility: Float64Array[]
  readonly #random = new Random(0)
  readonly #market = new Random(0)
  /** Minute that the arrays below are about. */
  minute: number
  /** Log price when the minute opens and when it closes. */
  readonly openLogPrice: Float64Array
  readonly closeLogPrice: Float64Array
  /** Standard deviation of the log return that the minute's shock was drawn from. */
  readonly deviation: Float64Array
  /** Volume relative to an ordinary minute of the symbol. */
  readonly volume: Float64Array

  /** @param startMinute minutes since the epoch: the first minute of the world */
  constructor(seed: number, symbols: readonly PathSymbol[], startMinute: number) {
    const count = symbols.length
    this.#seed = seed
    this.#symbols = symbols
    this.#streams = Uint32Array.from(symbols, ({ symbol }) => hashText(symbol))
    this.#startLogPrice = Float64Array.from(symbols, ({ price }) => Math.log(price))
    this.openLogPrice = this.#startLogPrice.slice()
    this.closeLogPrice = this.#startLogPrice.slice()
    this.deviation = new Float64Array(count)
    this.volume = new Float64Array(count)
    this.minute = startMinute - 1
    this.#volatility = symbols.map(({ profile }, index) => this.#stationary(profile, index, startMinute))
    this.advanceTo(startMinute)
  }

  /** Volatility at the beginning, as if the world had always been. */
  #stationary(profile: MarketProfile, index: number, startMinute: number): Float64Array {
    this.#random.reseed(this.#seed, this.#streams[index]! ^ MARKET_STREAM, startMinute - 1)
    return Float64Array.from(profile.volatility, ({ deviation }) => deviation * this.#random.nextNormal())
  }

  /** Walks to a minute at or after the present one. */
  advanceTo(minute: number): void {
    while (this.minute < minute) {
      this.minute += 1
      for (let index = 0; index < this.#symbols.length; index++) this.#step(index)
    }
  }

  #step(index: number): void {
    const { profile } = this.#symbols[index]!
    const random = this.#random
    random.reseed(this.#seed, this.#streams[index]!, this.minute)
    // Each symbol draws the shared numbers anew from the same place: no order among symbols, nothing to keep.
    this.#market.reseed(this.#seed, MARKET_STREAM, this.minute)
    const logVolatility = this.#stepVolatility(profile, index) + dailyWave(profile, this.minute)
    const deviation = profile.minuteDeviationBp * BASIS_POINT * Math.exp(logVolatility)
    const shared = profile.marketCorrelation
    const marketShock = studentShock(this.#market, profile.shockFreedom)
    const ownShock = studentShock(random, profile.shockFreedom)
    let shock = shared * marketShock + Math.sqrt(1 - shared * shared) * ownShock
    if (random.next() < profile.jumpsPerDay / MINUTES_PER_DAY) {
      shock += profile.jumpMean + profile.jumpDeviation * random.nextNormal()
    }
    const opened = this.closeLogPrice[index]!
    this.openLogPrice[index] = opened
    this.closeLogPrice[index] = this.#within(index, opened + deviation * shock)
    this.deviation[index] = deviation
    const logVolume =
      profile.volumeOfVolatility * logVolatility +
      profile.volumeOfShock * (Math.log1p(Math.abs(shock)) - 0.5) +
      profile.volumeNoise * random.nextNormal()
    this.volume[index] = Math.exp(logVolume) * (MINUTE_OF_HOUR_VOLUME[this.minute % 60] ?? 1)
  }

  #stepVolatility(profile: MarketProfile, index: number): number {
    const parts = this.#volatility[index]!
    const shared = profile.marketCorrelation
    let sum = 0
    for (let part = 0; part < parts.length; part++) {
      const { relaxationMinutes, deviation } = profile.volatility[part]!
      const kept = Math.exp(-1 / relaxationMinutes)
      const drawn = shared * this.#market.nextNormal() + Math.sqrt(1 - shared * shared) * this.#random.nextNormal()
      parts[part] = kept * parts[part]! + deviation * Math.sqrt(1 - kept * kept) * drawn
      sum += parts[part]!
    }
    return sum
  }

  /** Reflects a price that has left its range: a walk, however long, stays a price. */
  #within(index: number, logPrice: number): number {
    const start = this.#startLogPrice[index]!
    if (logPrice > start + DRIFT_LIMIT) return 2 * (start + DRIFT_LIMIT) - logPrice
    if (logPrice < start - DRIFT_LIMIT) return 2 * (start - DRIFT_LIMIT) - logPrice
    return logPrice
  }
}

function dailyWave(profile: MarketProfile, minute: number): number {
  const angle = 2 * Math.PI * ((minute % MINUTES_PER_DAY) / MINUTES_PER_DAY - profile.dayPeakHour / 24)
  return profile.dayAmplitude * Math.cos(angle)
}

/** Student's t by Bailey's polar form ("Polar generation of random variates with the t-distribution", 1994). */
function studentShock(random: Random, freedom: number): number {
  const u = Math.max(random.next(), 2 ** -32)
  const radius = Math.sqrt(freedom * (u ** (-2 / freedom) - 1))
  return radius * Math.cos(2 * Math.PI * random.next())
}
