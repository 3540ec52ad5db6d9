import {
  autocorrelation,
  correlation,
  deviation,
  type Estimate,
  hillIndex,
  kurtosis,
  outlierShare,
  skewness,
  summed,
  zeroShare,
} from './estimators.ts'

/**
 * One-minute bars of one symbol, oldest first, one for every minute. A minute without trades has the last close and a
 * volume of 0, as in the klines of Binance; one that is not known has NaN for both.
 */
export interface MinuteSeries {
  readonly closes: Float64Array
  readonly volumes: Float64Array
}

/** What the statistics are of: log returns from close to close, their sizes, and the volumes of their minutes. */
interface MinuteSample {
  readonly returns: Float64Array
  readonly sizes: Float64Array
  readonly volumes: Float64Array
}

interface FactDefinition {
  readonly meaning: string
  /** Fewest values (pairs, blocks, windows) that a value is given for. It is a rough one then. */
  readonly countMin: number
  /** Minutes in a row that have so many. */
  readonly minutesMin: number
  readonly estimate: (sample: MinuteSample) => Estimate
}

/** Fewest values of a shape, and of a correlation: of n values the kurtosis is below n. */
const VALUES_MIN_COUNT = 10
/** The largest 1 % of fewer returns are not even ten. */
const TAIL_MIN_COUNT = 1000

/** @param extent minutes of one value, 1 or the length of a block @param before minutes ahead of the first: a lag or window */
function fact(
  meaning: string,
  countMin: number,
  estimate: (sample: MinuteSample) => Estimate,
  extent = 1,
  before = 0,
): FactDefinition {
  return { meaning, countMin, minutesMin: before + countMin * extent + 1, estimate }
}

/** As many pairs as the lag is long. */
function autocorrelationFact(meaning: string, of: 'returns' | 'sizes', lag: number): FactDefinition {
  return fact(meaning, Math.max(lag, VALUES_MIN_COUNT), (sample) => autocorrelation(sample[of], lag), 1, lag)
}

/** As many values as their window is long. */
function outlierFact(meaning: string, of: 'returns' | 'volumes', window: number): FactDefinition {
  return fact(meaning, window, (sample) => outlierShare(sample[of], window, 3), 1, window)
}

/** Statistics of one-minute log returns and volumes that real markets share (Cont, "Empirical properties", 2001). */
export const STYLIZED_FACTS = {
  std_bp: fact('standard deviation of the return, basis points', 2, ({ returns }) => {
    const { value, count } = deviation(returns)
    return { value: value * 1e4, count }
  }),
  kurt: fact('kurtosis of the return', VALUES_MIN_COUNT, ({ returns }) => kurtosis(returns)),
  skew: fact('skewness of the return', VALUES_MIN_COUNT, ({ returns }) => skewness(returns)),
  hill_tail_1pct: fact("tail index of |return|, Hill's estimator over the largest 1 %", TAIL_MIN_COUNT, ({ sizes }) =>
    hillIndex(sizes, 0.01),
  ),
  acf_r1: autocorrelationFact('autocorrelation of the return at 1 minute', 'returns', 1),
  zero_ret: fact('share of returns that are zero', 2, ({ returns }) => zeroShare(returns)),
  acf_abs_1: autocorrelationFact('autocorrelation of |return| at 1 minute', 'sizes', 1),
  acf_abs_5: autocorrelationFact('… at 5 minutes', 'sizes', 5),
  acf_abs_10: autocorrelationFact('… at 10 minutes', 'sizes', 10),
  acf_abs_60: autocorrelationFact('… at an hour', 'sizes', 60),
  acf_abs_1440: autocorrelationFact('… at a day', 'sizes', 1440),
  kurt_x5: fact('kurtosis of 5-minute returns', VALUES_MIN_COUNT, ({ returns }) => kurtosis(summed(returns, 5)), 5),
  kurt_x60: fact('kurtosis of hourly returns', VALUES_MIN_COUNT, ({ returns }) => kurtosis(summed(returns, 60)), 60),
  corr_absr_vol: fact('correlation of |return| and volume', VALUES_MIN_COUNT, ({ sizes, volumes }) =>
    correlation(sizes, volumes),
  ),
  corr_absr_logvol: fact('correlation of |return| and log volume', VALUES_MIN_COUNT, ({ sizes, volumes }) =>
    correlation(
      sizes,
      volumes.map((volume) => Math.log(volume + 1e-9)),
    ),
  ),
  z3_ret_w20: outlierFact('returns more than 3 σ from the mean of the 20 before', 'returns', 20),
  z3_vol_w20: outlierFact('volumes more than 3 σ from the mean of the 20 before', 'volumes', 20),
  z3_ret_w60: outlierFact('returns more than 3 σ from the mean of the 60 before', 'returns', 60),
  z3_vol_w60: outlierFact('volumes more than 3 σ from the mean of the 60 before', 'volumes', 60),
  z3_ret_w1440: outlierFact('returns more than 3 σ from the mean of the day before', 'returns', 1440),
  z3_vol_w1440: outlierFact('volumes more than 3 σ from the mean of the day before', 'volumes', 1440),
} as const satisfies Readonly<Record<string, FactDefinition>>
export type StylizedFact = keyof typeof STYLIZED_FACTS
export const STYLIZED_FACT_NAMES = Object.keys(STYLIZED_FACTS) as readonly StylizedFact[]

/** A statistic, or why there is none. */
export type FactValue = { readonly value: number } | { readonly value: null; readonly reason: string }

/** The statistics of a series of any length; those that it is too short for, or too broken, are null. */
export function stylizedFacts(series: MinuteSeries): Record<StylizedFact, FactValue> {
  const sample = sampleOf(series)
  const minuteCount = series.closes.filter((close) => !Number.isNaN(close)).length
  const entries = STYLIZED_FACT_NAMES.map((name) => [name, factValue(STYLIZED_FACTS[name], sample, minuteCount)])
  return Object.fromEntries(entries) as Record<StylizedFact, FactValue>
}

function sampleOf({ closes, volumes }: MinuteSeries): MinuteSample {
  const returns = Float64Array.from({ length: Math.max(0, closes.length - 1) }, (_, index) =>
    Math.log(closes[index + 1]! / closes[index]!),
  )
  // Where there is no return, nothing is said of the volume either: both are of the same minutes.
  const traded = returns.map((value, index) => (Number.isNaN(value) ? Number.NaN : volumes[index + 1]!))
  return { returns, sizes: returns.map(Math.abs), volumes: traded }
}

function factValue(definition: FactDefinition, sample: MinuteSample, minuteCount: number): FactValue {
  const { countMin, minutesMin, estimate } = definition
  if (minuteCount < minutesMin) {
    return { value: null, reason: `needs ${grouped(minutesMin)} minutes, has ${grouped(minuteCount)}` }
  }
  const { value, count } = estimate(sample)
  if (count < countMin) {
    return { value: null, reason: `needs ${grouped(minutesMin)} minutes in a row; too many are missing in between` }
  }
  return Number.isFinite(value) ? { value } : { value: null, reason: 'its values do not vary' }
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
