import { hashText, Random } from '../../../base/random.ts'
import type { SessionTable } from '../../calendar/session-table.ts'
import type { MarketProfile } from './market-profile.ts'
import { dailyWave, sessionVariance } from './return-variance.ts'
import { logActivity, SESSION_MINUTES } from './session-shape.ts'

export const MINUTE_US = 60_000_000
const MINUTES_PER_DAY = 1440
const BASIS_POINT = 1e-4
/** Stream of what all symbols share. */
const MARKET_STREAM = 0x6d61726b
const NIGHT_STREAM = 0x6e696768
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
 *
 * In sessions the path has open minutes alone, as if they followed one another, and in place of a night one gap at the
 * open; the daily wave is the U of a session.
 */
export class MinutePath {
  readonly #seed: number
  readonly #symbols: readonly PathSymbol[]
  readonly #sessions: SessionTable | undefined
  readonly #minutesPerDay: number
  readonly #streams: Uint32Array
  readonly #startLogPrice: Float64Array
  /** What a shock of a night is multiplied by in ordinary times; 0 around the clock. */
  readonly #nightDeviation: Float64Array
  /** Parts of log volatility, by symbol. */
  readonly #volatility: Float64Array[]
  readonly #random = new Random(0)
  readonly #market = new Random(0)
  /** Of the present minute; 0 around the clock. */
  #logActivity = 0
  #isAfterNight = false
  /** Minute that the arrays below are about. */
  minute: number
  /** Log price when the minute opens and when it closes. */
  readonly openLogPrice: Float64Array
  readonly closeLogPrice: Float64Array
  /** Standard deviation of the log return that the minute's shock was drawn from. */
  readonly deviation: Float64Array
  /** Volume relative to an ordinary minute of the symbol. */
  readonly volume: Float64Array

  /**
   * @param startMinute minutes since the epoch: the first minute of the world
   * @param sessions hours of trading; around the clock without
   */
  constructor(seed: number, symbols: readonly PathSymbol[], startMinute: number, sessions?: SessionTable) {
    const count = symbols.length
    this.#seed = seed
    this.#symbols = symbols
    this.#sessions = sessions
    this.#minutesPerDay = sessions === undefined ? MINUTES_PER_DAY : SESSION_MINUTES
    this.#streams = Uint32Array.from(symbols, ({ symbol }) => hashText(symbol))
    this.#startLogPrice = Float64Array.from(symbols, ({ price }) => Math.log(price))
    this.#nightDeviation = Float64Array.from(symbols, ({ profile }) =>
      sessions === undefined ? 0 : nightDeviation(profile),
    )
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

  /** Walks to a minute at or after the present one, or to the last open one before it. */
  advanceTo(minute: number): void {
    for (let next = this.#openFrom(this.minute + 1); next <= minute; next = this.#openFrom(next + 1)) {
      this.minute = next
      for (let index = 0; index < this.#symbols.length; index++) this.#step(index)
    }
  }

  /** The first open minute from one on; what its place in the session means is kept for the steps into it. */
  #openFrom(minute: number): number {
    if (this.#sessions === undefined) return minute
    const { openUs, closeUs } = this.#sessions.sessionAt(minute * MINUTE_US)
    const open = openUs / MINUTE_US
    const found = Math.max(minute, open)
    this.#logActivity = logActivity(found - open, closeUs / MINUTE_US - open)
    this.#isAfterNight = found === open
    return found
  }

  #step(index: number): void {
    const { profile } = this.#symbols[index]!
    const closed = this.closeLogPrice[index]!
    const opened = this.#isAfterNight ? this.#within(index, closed + this.#nightReturn(profile, index)) : closed
    const random = this.#random
    random.reseed(this.#seed, this.#streams[index]!, this.minute)
    // Each symbol draws the shared numbers anew from the same place: no order among symbols, nothing to keep.
    this.#market.reseed(this.#seed, MARKET_STREAM, this.minute)
    const wave = this.#sessions === undefined ? dailyWave(profile, this.minute) : this.#sessionWave(profile)
    const logVolatility = this.#stepVolatility(profile, index) + wave
    const deviation = profile.minuteDeviationBp * BASIS_POINT * Math.exp(logVolatility)
    const shared = profile.marketCorrelation
    const marketShock = studentShock(this.#market, profile.shockFreedom)
    const ownShock = studentShock(random, profile.shockFreedom)
    let shock = shared * marketShock + Math.sqrt(1 - shared * shared) * ownShock
    if (random.next() < profile.jumpsPerDay / this.#minutesPerDay) {
      shock += profile.jumpMean + profile.jumpDeviation * random.nextNormal()
    }
    this.openLogPrice[index] = opened
    this.closeLogPrice[index] = this.#within(index, opened + deviation * shock)
    this.deviation[index] = deviation
    const logVolume =
      profile.volumeOfVolatility * logVolatility +
      profile.volumeOfShock * (Math.log1p(Math.abs(shock)) - 0.5) +
      profile.volumeNoise * random.nextNormal()
    this.volume[index] = Math.exp(logVolume) * (MINUTE_OF_HOUR_VOLUME[this.minute % 60] ?? 1) * this.#restOfU(profile)
  }

  /** Variance is proportional to volume (Clark, "A subordinated stochastic process model", 1973): half of the U. */
  #sessionWave({ sessionAmplitude }: MarketProfile): number {
    return (sessionAmplitude * this.#logActivity) / 2
  }

  /** What volume has of the U beyond what it has through volatility; 1 around the clock. */
  #restOfU(profile: MarketProfile): number {
    return Math.exp(
      profile.sessionAmplitude * this.#logActivity - profile.volumeOfVolatility * this.#sessionWave(profile),
    )
  }

  /** Log return from a close to the next open; calm and stormy days have nights of their kind. */
  #nightReturn(profile: MarketProfile, index: number): number {
    const { marketCorrelation: shared, shockFreedom, volatility } = profile
    let slow = 0
    for (let part = 0; part < volatility.length; part++) {
      const { relaxationMinutes, deviation } = volatility[part]!
      // The mean of the square is kept.
      if (relaxationMinutes > SESSION_MINUTES) slow += this.#volatility[index]![part]! - deviation ** 2
    }
    this.#random.reseed(this.#seed, this.#streams[index]! ^ NIGHT_STREAM, this.minute)
    this.#market.reseed(this.#seed, MARKET_STREAM ^ NIGHT_STREAM, this.minute)
    const marketShock = studentShock(this.#market, shockFreedom)
    const ownShock = studentShock(this.#random, shockFreedom)
    const shock = shared * marketShock + Math.sqrt(1 - shared * shared) * ownShock
    return this.#nightDeviation[index]! * Math.exp(slow) * shock
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

  /** Reflects a price that has left its range: a walk, however long or wild, stays a price. */
  #within(index: number, logPrice: number): number {
    const start = this.#startLogPrice[index]!
    if (logPrice > start + DRIFT_LIMIT) return Math.max(start - DRIFT_LIMIT, 2 * (start + DRIFT_LIMIT) - logPrice)
    if (logPrice < start - DRIFT_LIMIT) return Math.min(start + DRIFT_LIMIT, 2 * (start - DRIFT_LIMIT) - logPrice)
    return logPrice
  }
}

function nightDeviation(profile: MarketProfile): number {
  const { minuteDeviationBp, overnightDeviation, shockFreedom } = profile
  const session = minuteDeviationBp * BASIS_POINT * Math.sqrt(sessionVariance(profile))
  return overnightDeviation * session * Math.sqrt((shockFreedom - 2) / shockFreedom)
}

/** Student's t by Bailey's polar form ("Polar generation of random variates with the t-distribution", 1994). */
function studentShock(random: Random, freedom: number): number {
  const u = Math.max(random.next(), 2 ** -32)
  const radius = Math.sqrt(freedom * (u ** (-2 / freedom) - 1))
  return radius * Math.cos(2 * Math.PI * random.next())
}
