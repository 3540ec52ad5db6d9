import type { Schedule } from '../../feeds/schedule.ts'

/** How many events of each stream are before a place in their merge. */
export interface MergeSplit {
  readonly first: number
  readonly second: number
}

/** Later than any event time, µs. */
const TIME_MAX_US = 2 ** 53 - 1

/**
 * Two streams as one, by due time; of equal times those of the first stream come first. Index n of the merge follows
 * from the two schedules alone, so a merged stream too may be begun at any event.
 */
export class MergedSchedule implements Schedule {
  readonly #first: Schedule
  readonly #second: Schedule
  readonly #fromUs: number

  constructor(first: Schedule, second: Schedule) {
    this.#first = first
    this.#second = second
    this.#fromUs = Math.min(first.dueUs(0), second.dueUs(0))
  }

  countBefore(timeUs: number): number {
    return this.#first.countBefore(timeUs) + this.#second.countBefore(timeUs)
  }

  /** The latest time before which at most `index` events are due, by bisection. */
  dueUs(index: number): number {
    let low = this.#fromUs
    let span = 1
    while (low + span < TIME_MAX_US && this.countBefore(low + span) <= index) span *= 2
    let high = Math.min(TIME_MAX_US, low + span)
    // Fewer than `index` + 1 events are due before `low`, more than `index` before `high`.
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2)
      if (this.countBefore(middle) <= index) low = middle
      else high = middle
    }
    return low
  }

  splitAt(index: number): MergeSplit {
    const timeUs = this.dueUs(index)
    const before = this.#first.countBefore(timeUs)
    const rest = index - this.countBefore(timeUs)
    const first = Math.min(before + rest, this.#first.countBefore(timeUs + 1))
    return { first, second: index - first }
  }
}
