/** One-minute bars of one symbol, oldest first, one for every minute: a minute without trades has the last close and 0. */
export interface MinuteSeries {
  readonly closes: Float64Array
  readonly volumes: Float64Array
}

/** Statistics of one-minute log returns and volumes that real markets share (Cont, "Empirical properties", 2001). */
export const STYLIZED_FACTS = {
  std_bp: 'standard deviation of the return, basis points',
  kurt: 'kurtosis of the return',
  skew: 'skewness of the return',
  hill_tail_1pct: "tail index of |return|, Hill's estimator over the largest 1 %",
  acf_r1: 'autocorrelation of the return at 1 minute',
  zero_ret: 'share of returns that are zero',
  acf_abs_1: 'autocorrelation of |return| at 1 minute',
  acf_abs_5: '… at 5 minutes',
  acf_abs_10: '… at 10 minutes',
  acf_abs_60: '… at an hour',
  acf_abs_1440: '… at a day',
  kurt_x5: 'kurtosis of 5-minute returns',
  kurt_x60: 'kurtosis of hourly returns',
  corr_absr_vol: 'correlation of |return| and volume',
  corr_absr_logvol: 'correlation of |return| and log volume',
  z3_ret_w20: 'returns more than 3 σ above the 20 before',
  z3_vol_w20: 'volumes more than 3 σ above the 20 before',
  z3_ret_w60: 'returns more than 3 σ above the 60 before',
  z3_vol_w60: 'volumes more than 3 σ above the 60 before',
  z3_ret_w1440: 'returns more than 3 σ above the day before',
  z3_vol_w1440: 'volumes more than 3 σ above the day before',
} as const
export type StylizedFact = keyof typeof STYLIZED_FACTS

/** @param series at least two days of minutes, so that every lag and window fits */
export function stylizedFacts({ closes, volumes }: MinuteSeries): Record<StylizedFact, number> {
  const returns = Float64Array.from({ length: closes.length - 1 }, (_, index) =>
    Math.log(closes[index + 1]! / closes[index]!),
  )
  const sizes = returns.map(Math.abs)
  const traded = volumes.subarray(1)
  const logVolumes = traded.map((volume) => Math.log(volume + 1e-9))
  return {
    std_bp: Math.sqrt(centralMoment(returns, 2)) * 1e4,
    kurt: kurtosis(returns),
    skew: centralMoment(returns, 3) / centralMoment(returns, 2) ** 1.5,
    hill_tail_1pct: hillIndex(sizes, 0.01),
    acf_r1: autocorrelation(returns, 1),
    zero_ret: returns.filter((value) => value === 0).length / returns.length,
    acf_abs_1: autocorrelation(sizes, 1),
    acf_abs_5: autocorrelation(sizes, 5),
    acf_abs_10: autocorrelation(sizes, 10),
    acf_abs_60: autocorrelation(sizes, 60),
    acf_abs_1440: autocorrelation(sizes, 1440),
    kurt_x5: kurtosis(summed(returns, 5)),
    kurt_x60: kurtosis(summed(returns, 60)),
    corr_absr_vol: correlation(sizes, traded),
    corr_absr_logvol: correlation(sizes, logVolumes),
    z3_ret_w20: shareAbove(returns, 20, 3),
    z3_vol_w20: shareAbove(traded, 20, 3),
    z3_ret_w60: shareAbove(returns, 60, 3),
    z3_vol_w60: shareAbove(traded, 60, 3),
    z3_ret_w1440: shareAbove(returns, 1440, 3),
    z3_vol_w1440: shareAbove(traded, 1440, 3),
  }
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function centralMoment(values: Float64Array, order: number): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** order, 0) / values.length
}

function kurtosis(values: Float64Array): number {
  return centralMoment(values, 4) / centralMoment(values, 2) ** 2
}

function autocorrelation(values: Float64Array, lag: number): number {
  const mean = meanOf(values)
  let products = 0
  for (let index = lag; index < values.length; index++)
    products += (values[index]! - mean) * (values[index - lag]! - mean)
  return products / (values.length - lag) / centralMoment(values, 2)
}

function correlation(a: Float64Array, b: Float64Array): number {
  const meanA = meanOf(a)
  const meanB = meanOf(b)
  let products = 0
  for (let index = 0; index < a.length; index++) products += (a[index]! - meanA) * (b[index]! - meanB)
  return products / a.length / Math.sqrt(centralMoment(a, 2) * centralMoment(b, 2))
}

/** Hill, "A simple general approach to inference about the tail of a distribution", 1975. */
function hillIndex(sizes: Float64Array, share: number): number {
  const sorted = sizes.toSorted((x, y) => y - x)
  const count = Math.floor(sorted.length * share)
  let logs = 0
  for (let index = 0; index < count; index++) logs += Math.log(sorted[index]! / sorted[count]!)
  return count / logs
}

/** Sums of so many values in a row; what is left over at the end is left out. */
function summed(values: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / count) }, (_, index) =>
    values.subarray(index * count, (index + 1) * count).reduce((sum, value) => sum + value, 0),
  )
}

/** Share of the values that lie more than `threshold` population deviations above the mean of the window before. */
function shareAbove(values: Float64Array, window: number, threshold: number): number {
  let sum = 0
  let squares = 0
  let aboveCount = 0
  // Sums of deviations from a near value: squares of prices would cancel.
  const origin = values[0] ?? 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index]! - origin
    if (index >= window) {
      const mean = sum / window
      const deviation = Math.sqrt(Math.max(0, squares / window - mean * mean))
      if (deviation > 0 && value - mean > threshold * deviation) aboveCount += 1
      const oldest = values[index - window]! - origin
      sum -= oldest
      squares -= oldest * oldest
    }
    sum += value
    squares += value * value
  }
  return aboveCount / (values.length - window)
}
