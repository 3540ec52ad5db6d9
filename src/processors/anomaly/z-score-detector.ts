import type { Alert, Direction, Severity } from '../../events/alert.ts'
import type { Instrument } from '../../events/instrument.ts'

export interface ZScoreOptions {
  /** Price points that a price is compared with. */
  readonly windowCount: number
  readonly mediumThreshold: number
  readonly highThreshold: number
  /**
   * Excursions smaller than this part of the mean, in percent, are not reported: a walk of a few cents is, in units of
   * its own deviation, as far out as a crash. 0 reports all.
   */
  readonly minimumMovePercent: number
  /** A price point is taken at most once in this time: the first price of each such span. 0 takes every price. */
  readonly pointEveryUs: number
}

/** The definition of the original system: the last 30 prices, 2.5 and 3.5 standard deviations. */
export const Z_SCORE_DEFAULTS: ZScoreOptions = {
  windowCount: 30,
  mediumThreshold: 2.5,
  highThreshold: 3.5,
  minimumMovePercent: 0.1,
  pointEveryUs: 1_000_000,
}

const LEVEL_NONE = 0
const LEVEL_MEDIUM = 1
const LEVEL_HIGH = 2

/**
 * Compares each price point with mean and population standard deviation of the points before it. An excursion is
 * reported once, and again where it rises from MEDIUM to HIGH; it ends when a point is within the threshold.
 */
export class ZScoreDetector {
  readonly #options: ZScoreOptions
  readonly #emit: (alert: Alert) => void
  #points = new Float64Array(0)
  #pointCount = new Uint32Array(0)
  #nextPointUs = new Float64Array(0)
  /** Level of the running excursion, negative for a drop. */
  #level = new Int8Array(0)

  constructor(options: ZScoreOptions, emit: (alert: Alert) => void) {
    this.#options = options
    this.#emit = emit
  }

  reserve(count: number): void {
    if (count <= this.#pointCount.length) return
    const capacity = Math.max(16, count, this.#pointCount.length * 2)
    this.#points = grow(this.#points, new Float64Array(capacity * this.#options.windowCount))
    this.#pointCount = grow(this.#pointCount, new Uint32Array(capacity))
    this.#nextPointUs = grow(this.#nextPointUs, new Float64Array(capacity))
    this.#level = grow(this.#level, new Int8Array(capacity))
  }

  /** True where the next price of this instrument becomes a point: a cheap test for the hot path. */
  isDue(instrument: number, eventTimeUs: number): boolean {
    return eventTimeUs >= this.#nextPointUs[instrument]!
  }

  addPoint(instrument: number, described: Instrument, eventTimeUs: number, price: number): void {
    const { windowCount, pointEveryUs } = this.#options
    const first = instrument * windowCount
    const count = this.#pointCount[instrument]!
    if (count >= windowCount) this.#compare(instrument, described, eventTimeUs, price)
    this.#points[first + (count % windowCount)] = price
    // Counting on from windowCount keeps the ring position and never overflows.
    this.#pointCount[instrument] = count + 1 === 2 * windowCount ? windowCount : count + 1
    if (pointEveryUs > 0) {
      this.#nextPointUs[instrument] = (Math.floor(eventTimeUs / pointEveryUs) + 1) * pointEveryUs
    }
  }

  #compare(instrument: number, described: Instrument, eventTimeUs: number, price: number): void {
    const { windowCount, mediumThreshold, highThreshold, minimumMovePercent } = this.#options
    const first = instrument * windowCount
    const { mean, deviation } = meanAndDeviation(this.#points, first, first + windowCount)
    // In a window without any movement no score is defined.
    // Rounded before it is compared: noise of the last bit must not lift 2.5 above 2.5.
    const score = deviation === 0 ? 0 : round((price - mean) / deviation)
    const isMove = Math.abs(price - mean) * 100 >= minimumMovePercent * mean
    const size = isMove ? Math.abs(score) : 0
    const level = size > highThreshold ? LEVEL_HIGH : size > mediumThreshold ? LEVEL_MEDIUM : LEVEL_NONE
    const signed = score < 0 ? -level : level
    const known = this.#level[instrument]!
    this.#level[instrument] = signed
    const isNew = level !== LEVEL_NONE && (Math.sign(signed) !== Math.sign(known) || level > Math.abs(known))
    if (!isNew) {
      // Within one excursion the level only rises.
      if (level !== LEVEL_NONE) this.#level[instrument] = known
      return
    }
    const severity: Severity = level === LEVEL_HIGH ? 'HIGH' : 'MEDIUM'
    const direction: Direction = score > 0 ? 'SPIKE' : 'DROP'
    this.#emit({
      type: 'alert',
      id: `z-score:${described.venue}:${described.symbol}:${direction}:${eventTimeUs}`,
      kind: 'z-score',
      venue: described.venue,
      symbol: described.symbol,
      severity,
      direction,
      eventTimeMs: eventTimeUs / 1000,
      value: score,
      threshold: level === LEVEL_HIGH ? highThreshold : mediumThreshold,
      evidence: {
        unit: 'standard deviations',
        price: price.toFixed(described.priceDecimals),
        mean: round(mean),
        standardDeviation: round(deviation),
        windowCount,
      },
    })
  }

  save(): unknown {
    return { points: this.#points, pointCount: this.#pointCount, nextPointUs: this.#nextPointUs, level: this.#level }
  }

  restore(saved: unknown): void {
    const state = saved as {
      points: Float64Array<ArrayBuffer>
      pointCount: Uint32Array<ArrayBuffer>
      nextPointUs: Float64Array<ArrayBuffer>
      level: Int8Array<ArrayBuffer>
    }
    this.#points = state.points
    this.#pointCount = state.pointCount
    this.#nextPointUs = state.nextPointUs
    this.#level = state.level
  }
}

/** Mean and population standard deviation (divided by n) of a part of the values, in two passes for accuracy. */
export function meanAndDeviation(
  values: Float64Array,
  start = 0,
  end = values.length,
): { mean: number; deviation: number } {
  let sum = 0
  for (let index = start; index < end; index++) sum += values[index]!
  const mean = sum / (end - start)
  let squares = 0
  for (let index = start; index < end; index++) squares += (values[index]! - mean) * (values[index]! - mean)
  return { mean, deviation: Math.sqrt(squares / (end - start)) }
}

/** Six decimals are enough to compare and keep alerts short. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

function grow<A extends Float64Array | Uint32Array | Int8Array>(from: A, to: A): A {
  to.set(from)
  return to
}
