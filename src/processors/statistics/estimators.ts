/** A statistic and how many values (of pairs, blocks, windows) it is of. Not a number where they do not vary. */
export interface Estimate {
  readonly value: number
  readonly count: number
}

/*
 * Values are those of minutes in a row; one that is missing is NaN. What would need a missing one, a pair, a block or a
 * window, is left out.
 */

export function deviation(values: Float64Array): Estimate {
  const known = present(values)
  return { value: Math.sqrt(centralMoment(known, 2)), count: known.length }
}

export function skewness(values: Float64Array): Estimate {
  const known = present(values)
  return { value: centralMoment(known, 3) / centralMoment(known, 2) ** 1.5, count: known.length }
}

/** Of a normal distribution it is 3. */
export function kurtosis(values: Float64Array): Estimate {
  const known = present(values)
  return { value: centralMoment(known, 4) / centralMoment(known, 2) ** 2, count: known.length }
}

export function zeroShare(values: Float64Array): Estimate {
  const known = present(values)
  return { value: known.filter((value) => value === 0).length / known.length, count: known.length }
}

/** @param lag minutes between the two of a pair */
export function autocorrelation(values: Float64Array, lag: number): Estimate {
  const known = present(values)
  const mean = meanOf(known)
  let products = 0
  let count = 0
  for (let index = lag; index < values.length; index++) {
    const product = (values[index]! - mean) * (values[index - lag]! - mean)
    if (Number.isNaN(product)) continue
    products += product
    count += 1
  }
  return { value: products / count / centralMoment(known, 2), count }
}

/** @param a @param b missing in the same places */
export function correlation(a: Float64Array, b: Float64Array): Estimate {
  const knownA = present(a)
  const knownB = present(b)
  const meanA = meanOf(knownA)
  const meanB = meanOf(knownB)
  let products = 0
  for (let index = 0; index < knownA.length; index++) products += (knownA[index]! - meanA) * (knownB[index]! - meanB)
  const deviations = Math.sqrt(centralMoment(knownA, 2) * centralMoment(knownB, 2))
  return { value: products / knownA.length / deviations, count: knownA.length }
}

/**
 * Hill, "A simple general approach to inference about the tail of a distribution", 1975.
 * @param share part of the values that is the tail
 */
export function hillIndex(sizes: Float64Array, share: number): Estimate {
  const sorted = present(sizes).sort((x, y) => y - x)
  const tail = Math.floor(sorted.length * share)
  let logs = 0
  for (let index = 0; index < tail; index++) logs += Math.log(sorted[index]! / sorted[tail]!)
  return { value: Number.isFinite(logs) ? tail / logs : Number.NaN, count: sorted.length }
}

/** Sums of so many values in a row; what is left over at the end is left out. */
export function summed(values: Float64Array, count: number): Float64Array {
  return Float64Array.from({ length: Math.floor(values.length / count) }, (_, index) =>
    values.subarray(index * count, (index + 1) * count).reduce((sum, value) => sum + value, 0),
  )
}

/**
 * Share of the values that lie more than `threshold` population deviations from the mean of the window before, to either
 * side.
 */
export function outlierShare(values: Float64Array, window: number, threshold: number): Estimate {
  let sum = 0
  let squares = 0
  let inRowCount = 0
  let outlierCount = 0
  let count = 0
  // Sums of deviations from a near value: squares of prices would cancel.
  const origin = values.find((value) => !Number.isNaN(value)) ?? 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index]! - origin
    if (Number.isNaN(value)) {
      sum = 0
      squares = 0
      inRowCount = 0
      continue
    }
    if (inRowCount >= window) {
      const mean = sum / window
      const spread = Math.sqrt(Math.max(0, squares / window - mean * mean))
      count += 1
      if (spread > 0 && Math.abs(value - mean) > threshold * spread) outlierCount += 1
      const oldest = values[index - window]! - origin
      sum -= oldest
      squares -= oldest * oldest
    }
    sum += value
    squares += value * value
    inRowCount += 1
  }
  return { value: outlierCount / count, count }
}

function present(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value))
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function centralMoment(values: Float64Array, order: number): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** order, 0) / values.length
}
