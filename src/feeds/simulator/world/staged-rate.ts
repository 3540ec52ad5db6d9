import { FinPulseError } from '../../../base/errors.ts'
import type { Schedule } from '../../schedule.ts'
import { HALF_HOUR_VOLUMES, MEAN_HALF_HOUR_VOLUME } from './session-shape.ts'

/** A stretch of time over which the rate goes evenly from one value to another. */
export interface RateStage {
  readonly durationSeconds: number
  readonly fromPerSecond: number
  readonly toPerSecond: number
}

/** Of sums of some hundred numbers, relative. */
const ROUNDING = 1e-12

function nearestWhole(sum: number): number {
  const whole = Math.round(sum)
  return Math.abs(sum - whole) <= whole * ROUNDING ? whole : sum
}

/**
 * A rate that changes in stages, over and over: ramps, bursts, a day. The n-th event is due when the integral of the
 * rate reaches n, exactly to the µs, whatever anybody does.
 */
export class StagedRate implements Schedule {
  readonly #originUs: number
  readonly #stages: readonly RateStage[]
  /** Seconds and events before each stage; the last entry is the whole cycle. */
  readonly #startSeconds: number[] = [0]
  readonly #startCount: number[] = [0]

  constructor(stages: readonly RateStage[], originUs: number) {
    this.#originUs = originUs
    this.#stages = stages
    for (const { durationSeconds, fromPerSecond, toPerSecond } of stages) {
      if (!(durationSeconds > 0 && fromPerSecond >= 0 && toPerSecond >= 0)) {
        throw new FinPulseError('config-invalid', 'shape: expected durations above 0 and rates of at least 0')
      }
      this.#startSeconds.push(this.#startSeconds.at(-1)! + durationSeconds)
      this.#startCount.push(this.#startCount.at(-1)! + ((fromPerSecond + toPerSecond) / 2) * durationSeconds)
    }
    // What is whole and was added up from parts may be off by the last digits: the next cycle must not begin early.
    this.#startSeconds.push(nearestWhole(this.#startSeconds.pop()!))
    this.#startCount.push(nearestWhole(this.#startCount.pop()!))
    if (!(this.#cycleCount >= 1)) {
      throw new FinPulseError('config-invalid', `shape: expected at least one event a cycle, got ${this.#cycleCount}`)
    }
  }

  get #cycleSeconds(): number {
    return this.#startSeconds.at(-1)!
  }

  get #cycleCount(): number {
    return this.#startCount.at(-1)!
  }

  dueUs(index: number): number {
    const cycle = Math.floor(index / this.#cycleCount)
    const seconds = cycle * this.#cycleSeconds + this.#secondsAt(index - cycle * this.#cycleCount)
    return this.#originUs + Math.floor(seconds * 1e6)
  }

  /** Seconds into the cycle at which the integral of the rate reaches `count`. */
  #secondsAt(count: number): number {
    let stage = 0
    while (stage < this.#stages.length - 1 && this.#startCount[stage + 1]! <= count) stage += 1
    const { durationSeconds, fromPerSecond, toPerSecond } = this.#stages[stage]!
    const rest = count - this.#startCount[stage]!
    const slope = (toPerSecond - fromPerSecond) / durationSeconds
    // rest = from · t + slope · t² / 2, in the form that does not cancel.
    const root = Math.sqrt(Math.max(0, fromPerSecond * fromPerSecond + 2 * slope * rest))
    const seconds = rest === 0 ? 0 : (2 * rest) / (fromPerSecond + root)
    return this.#startSeconds[stage]! + Math.min(durationSeconds, seconds)
  }

  countBefore(timeUs: number): number {
    if (timeUs <= this.#originUs) return 0
    const seconds = (timeUs - this.#originUs) / 1e6
    const cycle = Math.floor(seconds / this.#cycleSeconds)
    let count = Math.max(0, Math.floor(cycle * this.#cycleCount + this.#countAt(seconds - cycle * this.#cycleSeconds)))
    if (count >= Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
    // The arithmetic may be off by a little either way; the due times decide.
    while (this.dueUs(count) < timeUs) count += 1
    while (count > 0 && this.dueUs(count - 1) >= timeUs) count -= 1
    return count
  }

  #countAt(seconds: number): number {
    let stage = 0
    while (stage < this.#stages.length - 1 && this.#startSeconds[stage + 1]! <= seconds) stage += 1
    const { durationSeconds, fromPerSecond, toPerSecond } = this.#stages[stage]!
    const rest = seconds - this.#startSeconds[stage]!
    const slope = (toPerSecond - fromPerSecond) / durationSeconds
    return this.#startCount[stage]! + fromPerSecond * rest + (slope * rest * rest) / 2
  }
}

type RateShape = (ratePerSecond: number, daySeconds: number) => RateStage[]

/** Shapes by name, as stages around a mean rate. `daySeconds` is how long a day's trading lasts. */
export const RATE_SHAPES: Readonly<Record<'ramp' | 'burst' | 'diurnal', RateShape>> = {
  /** From a tenth to nearly twice the rate in ten minutes, and back. */
  ramp: (rate) => [
    { durationSeconds: 600, fromPerSecond: 0.1 * rate, toPerSecond: 1.9 * rate },
    { durationSeconds: 600, fromPerSecond: 1.9 * rate, toPerSecond: 0.1 * rate },
  ],
  /** Every minute five seconds at seven times the rate of the calm in between. */
  burst: (rate) => [
    { durationSeconds: 55, fromPerSecond: (rate * 60) / 90, toPerSecond: (rate * 60) / 90 },
    { durationSeconds: 5, fromPerSecond: (rate * 60 * 7) / 90, toPerSecond: (rate * 60 * 7) / 90 },
  ],
  /** A day of a share market in thirteen parts: busy when it opens, quiet at noon, busiest when it closes. */
  diurnal: (rate, daySeconds) =>
    HALF_HOUR_VOLUMES.map((volume) => ({
      durationSeconds: daySeconds / HALF_HOUR_VOLUMES.length,
      fromPerSecond: (rate * volume) / MEAN_HALF_HOUR_VOLUME,
      toPerSecond: (rate * volume) / MEAN_HALF_HOUR_VOLUME,
    })),
}
