const LENGTH = 4096

const A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
]
const B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
]
const C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
]
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1]

/** Quantiles of the standard normal distribution at 4,096 evenly spaced probabilities: a draw is one look-up. */
export const NORMAL_QUANTILES: Float64Array = Float64Array.from({ length: LENGTH }, (_, index) =>
  normalQuantile((index + 0.5) / LENGTH),
)

/** The quantile that belongs to the top twelve bits of a random 32-bit number. */
export function normalFromBits(bits: number): number {
  return NORMAL_QUANTILES[bits >>> 20]!
}

/**
 * Acklam's rational approximation of the inverse normal distribution function ("An algorithm for computing the inverse
 * normal cumulative distribution function", 2003); relative error below 1.15e-9.
 */
function normalQuantile(probability: number): number {
  const tail = 0.02425
  if (probability < tail) return tailQuantile(Math.sqrt(-2 * Math.log(probability)))
  if (probability > 1 - tail) return -tailQuantile(Math.sqrt(-2 * Math.log(1 - probability)))
  const q = probability - 0.5
  return (polynomial(A, q * q) * q) / polynomial(B, q * q)
}

function tailQuantile(q: number): number {
  return polynomial(C, q) / polynomial(D, q)
}

/** Horner's scheme; the highest power's coefficient comes first. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
}
