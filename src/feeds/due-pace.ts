import type { Clock } from '../base/clock.ts'
import type { FeedProgress } from './feed.ts'
import type { Schedule } from './schedule.ts'

/** A step without events is given after this time, so that nobody takes a quiet source for a dead one. */
const IDLE_STEP_MS = 1000
/** Events that come within this time are given together. */
const GATHER_MS = 10

/**
 * Keeps a made-up source in step with the clock: behind it (at the first start, after a pause) without waiting, then as
 * its events become due.
 */
export class DuePace {
  readonly #schedule: Schedule
  readonly #clock: Clock
  /** The past that is to be made up for. */
  readonly #fromUs: number
  readonly #toUs: number
  #hasCaughtUp = false

  /** @param index event that comes next */
  constructor(schedule: Schedule, clock: Clock, index: number) {
    this.#schedule = schedule
    this.#clock = clock
    this.#fromUs = schedule.dueUs(index)
    this.#toUs = Math.max(clock.nowUs(), this.#fromUs)
  }

  /**
   * Waits, at most a second, for the event `index`.
   * @returns the time it is then, µs, and the index behind the last event that is due by then
   */
  async wait(index: number, signal: AbortSignal): Promise<{ readonly nowUs: number; readonly dueIndex: number }> {
    signal.throwIfAborted()
    let nowUs = this.#clock.nowUs()
    const waitUs = this.#schedule.dueUs(index) - nowUs
    if (waitUs > -GATHER_MS * 1000) {
      this.#hasCaughtUp = true
      await this.#clock.sleep(Math.min(IDLE_STEP_MS, Math.max(0, waitUs / 1000) + GATHER_MS), signal)
      nowUs = this.#clock.nowUs()
    }
    // Due at this very µs counts as due.
    return { nowUs, dueIndex: this.#schedule.countBefore(nowUs + 1) }
  }

  /** How much of the past has been made up for. @param isOver whether nothing comes any more */
  progress(index: number, isOver = false): FeedProgress {
    const isDone = this.#hasCaughtUp || isOver
    const atUs = Math.min(this.#toUs, this.#schedule.dueUs(index))
    const fraction = isDone || this.#toUs === this.#fromUs ? 1 : (atUs - this.#fromUs) / (this.#toUs - this.#fromUs)
    return { fromUs: this.#fromUs, toUs: this.#toUs, atUs, fraction, isDone }
  }
}
