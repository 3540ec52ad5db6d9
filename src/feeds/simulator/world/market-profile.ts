/** One of the sums that log volatility is made of: a mean-reverting process (Ornstein-Uhlenbeck). */
export interface VolatilityComponent {
  /** Time in which a deviation fades to 1/e, minutes. */
  readonly relaxationMinutes: number
  /** Standard deviation of its part of log volatility. */
  readonly deviation: number
}

/**
 * How a kind of market behaves. The crypto defaults were fitted to the 10th and 90th percentile of real months (`finpulse
 * realism`): by a random search on seeds 1 to 3, and by hand on 1 to 14. What it came to, also for seeds that it had not met,
 * is in docs/simulated-market.md.
 */
export interface MarketProfile {
  /** Median standard deviation of a one-minute log return, in basis points. */
  readonly minuteDeviationBp: number
  /** Several relaxation times give the slow decay of |return| autocorrelation that one alone does not. */
  readonly volatility: readonly VolatilityComponent[]
  /** Degrees of freedom of the one-minute shocks (Student's t). */
  readonly shockFreedom: number
  readonly jumpsPerDay: number
  /** Standard deviation and mean of a jump, in units of the minute's deviation; a negative mean is a skew to the left. */
  readonly jumpDeviation: number
  readonly jumpMean: number
  /** Part of a symbol's shocks that is the market's, as a correlation. */
  readonly marketCorrelation: number
  /** Log volume = volatility part × log volatility + shock part × log(1 + |shock|) + noise. */
  readonly volumeOfVolatility: number
  readonly volumeOfShock: number
  readonly volumeNoise: number
  /** Smallest price step, as a part of the starting price, in basis points; rounded to 1, 2 or 5. */
  readonly tickBp: number
  /** Spread of a calm minute, and what each basis point of the minute's deviation adds, in basis points. */
  readonly spreadBp: number
  readonly spreadOfVolatility: number
  /** Trades of one taker come in runs of this mean length. */
  readonly runLength: number
  /** Amplitude and UTC hour of the peak of the daily wave of log volatility; around the clock only. */
  readonly dayAmplitude: number
  readonly dayPeakHour: number
  /** How far a session's volume follows the measured U (`session-shape.ts`): 0 not at all, 1 as measured. Sessions only. */
  readonly sessionAmplitude: number
  /** Standard deviation of the log return from close to next open, relative to that of a session. Sessions only. */
  readonly overnightDeviation: number
}

/** Perpetual futures of the larger coins, around the clock. */
export const CRYPTO_PROFILE: MarketProfile = {
  minuteDeviationBp: 6.8,
  volatility: [
    { relaxationMinutes: 4, deviation: 0.36 },
    { relaxationMinutes: 45, deviation: 0.26 },
    { relaxationMinutes: 500, deviation: 0.1 },
    { relaxationMinutes: 3000, deviation: 0.41 },
  ],
  shockFreedom: 25,
  jumpsPerDay: 1.8,
  jumpDeviation: 10,
  jumpMean: -3,
  marketCorrelation: 0.5,
  volumeOfVolatility: 1.05,
  volumeOfShock: 1.1,
  volumeNoise: 0.77,
  tickBp: 2.4,
  spreadBp: 2.7,
  spreadOfVolatility: 0.1,
  runLength: 2.5,
  dayAmplitude: 0.33,
  dayPeakHour: 15,
  // As shares have it: coins that someone lets trade in sessions are nobody's measurement.
  sessionAmplitude: 1,
  overnightDeviation: 0.57,
}

/** Large US shares: around the clock as if their market never closed, or in sessions. Not fitted to anything as a whole. */
export const EQUITY_PROFILE: MarketProfile = {
  minuteDeviationBp: 3,
  volatility: [
    { relaxationMinutes: 4, deviation: 0.5 },
    { relaxationMinutes: 45, deviation: 0.3 },
    { relaxationMinutes: 500, deviation: 0.3 },
    { relaxationMinutes: 3000, deviation: 0.3 },
  ],
  shockFreedom: 6,
  jumpsPerDay: 0.3,
  jumpDeviation: 4,
  jumpMean: -0.5,
  marketCorrelation: 0.6,
  volumeOfVolatility: 0.92,
  volumeOfShock: 0.77,
  volumeNoise: 0.64,
  tickBp: 0.5,
  spreadBp: 1,
  spreadOfVolatility: 0.1,
  runLength: 2.5,
  dayAmplitude: 0.33,
  dayPeakHour: 15,
  sessionAmplitude: 1,
  // SPY, daily, 2017 and 2018: 0.42 % from close to open, 0.73 % from open to close.
  overnightDeviation: 0.57,
}

/**
 * What makes a geometric Brownian motion of any profile: one volatility at all times, normal shocks, no jumps. Of so many
 * degrees of freedom Student's t is the normal distribution to a hundredth of its kurtosis.
 */
export const BROWNIAN_PARTS: Partial<MarketProfile> = {
  volatility: [],
  shockFreedom: 1000,
  jumpsPerDay: 0,
  dayAmplitude: 0,
  sessionAmplitude: 0,
}
