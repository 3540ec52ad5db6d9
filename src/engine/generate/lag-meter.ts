import type { Schedule } from '../../feeds/schedule.ts'

/** From the time an event was due to the time its place had taken it, ms. */
export interface LagFigures {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Due times that are looked up of each stretch of events, evenly over it. */
const SAMPLES_MAX_COUNT = 32
/** Buckets to a power of two: the figures are exact to 1 %. */
const STEPS = 64
/** Of up to 2^46 µs, two years. */
const BUCKET_COUNT = 46 * STEPS

/** How late the events of an open-loop run come; those that nobody takes grow late with the clock. */
export class LagMeter {
  readonly #schedule: Schedule
  readonly #counts = new Float64Array(BUCKET_COUNT)
  #maxUs = 0

  constructor(schedule: Schedule) {
    this.#schedule = schedule
  }

  /** The events of [fromIndex, toIndex) were taken when the clock of their schedule said `nowUs`. */
  took(fromIndex: number, toIndex: number, nowUs: number): void {
    this.#maxUs = Math.max(this.#maxUs, this.#count(this.#counts, fromIndex, toIndex, nowUs))
  }

  /** With those of [takenIndex, endIndex) that are due and wait; undefined before anything is due. */
  figures(takenIndex: number, endIndex: number, nowUs: number): LagFigures | undefined {
    const dueIndex = Math.max(takenIndex, Math.min(endIndex, this.#schedule.countBefore(nowUs)))
    const counts = this.#counts.slice()
    const maxUs = Math.max(this.#maxUs, this.#count(counts, takenIndex, dueIndex, nowUs))
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (total === 0) return undefined
    const ms = (part: number) => Math.round(Math.min(maxUs, valueAt(counts, total * part))) / 1000
    return { p50: ms(0.5), p99: ms(0.99), max: Math.round(maxUs) / 1000 }
  }

  /** @returns the largest lag, µs, which is that of the first event */
  #count(counts: Float64Array, fromIndex: number, toIndex: number, nowUs: number): number {
    if (toIndex <= fromIndex) return 0
    const step = Math.max(1, Math.ceil((toIndex - fromIndex) / SAMPLES_MAX_COUNT))
    for (let index = fromIndex; index < toIndex; index += step) {
      const bucket = bucketOf(nowUs - this.#schedule.dueUs(index))
      counts[bucket] = counts[bucket]! + Math.min(step, toIndex - index)
    }
    return Math.max(0, nowUs - this.#schedule.dueUs(fromIndex))
  }
}

function bucketOf(lagUs: number): number {
  return Math.min(BUCKET_COUNT - 1, Math.floor(Math.log2(Math.max(1, lagUs)) * STEPS))
}

/** The middle of the bucket in which the value of that rank is, µs. */
function valueAt(counts: Float64Array, rank: number): number {
  let sum = 0
  let bucket = -1
  while (sum < rank && bucket < BUCKET_COUNT - 1) {
    bucket += 1
    sum += counts[bucket]!
  }
  return 2 ** ((bucket + 0.5) / STEPS)
}
