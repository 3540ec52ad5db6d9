import type { Clock } from '../../base/clock.ts'

/** Longest sleep before the pace is looked at again: a pause or another speed takes effect within it. */
const LOOK_EVERY_MS = 100

/** Lets recorded time pass at a chosen speed. */
export class ReplayPace {
  readonly #clock: Clock
  #speed: number
  #isPaused = false
  /** Wall clock and event time from which the present stretch counts; undefined before its first event. */
  #anchor: { readonly wallUs: number; readonly eventUs: number } | undefined
  #lastEventUs: number | undefined

  /** @param speed event time per real time; 0 is as fast as it goes */
  constructor(clock: Clock, speed: number) {
    this.#clock = clock
    this.#speed = speed
  }

  get speed(): number {
    return this.#speed
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#reanchor()
  }

  setSpeed(speed: number): void {
    this.#speed = speed
    this.#reanchor()
  }

  #reanchor(): void {
    this.#anchor =
      this.#lastEventUs === undefined ? undefined : { wallUs: this.#clock.nowUs(), eventUs: this.#lastEventUs }
  }

  /** Resolves when an event of that time is due. */
  async waitUntilDue(eventTimeUs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = this.#waitMs(eventTimeUs)
      if (waitMs <= 0) break
      await this.#clock.sleep(Math.min(LOOK_EVERY_MS, waitMs), signal)
    }
    this.#lastEventUs = eventTimeUs
  }

  #waitMs(eventTimeUs: number): number {
    if (this.#isPaused) return LOOK_EVERY_MS
    if (this.#speed === 0) return 0
    this.#anchor ??= { wallUs: this.#clock.nowUs(), eventUs: eventTimeUs }
    const dueUs = this.#anchor.wallUs + (eventTimeUs - this.#anchor.eventUs) / this.#speed
    return (dueUs - this.#clock.nowUs()) / 1000
  }
}
