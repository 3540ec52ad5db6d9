/** When each event is due. Event indexes count from 0 over the life of the world. */
export interface Schedule {
  /** Event time of the event, µs, an integer; never less than that of the one before. */
  dueUs(index: number): number
  /** Number of events due before `timeUs`. */
  countBefore(timeUs: number): number
}

/** The n-th event is due at `originUs + (n - originIndex) / rate`, exactly, whatever anybody does. */
export class ConstantRate implements Schedule {
  readonly ratePerSecond: number
  readonly originUs: number
  readonly originIndex: number

  constructor(ratePerSecond: number, originUs: number, originIndex = 0) {
    this.ratePerSecond = ratePerSecond
    this.originUs = originUs
    this.originIndex = originIndex
  }

  dueUs(index: number): number {
    return this.originUs + Math.floor(((index - this.originIndex) * 1e6) / this.ratePerSecond)
  }

  countBefore(timeUs: number): number {
    if (timeUs <= this.originUs) return this.originIndex
    let count = Math.max(0, Math.floor(((timeUs - this.originUs) * this.ratePerSecond) / 1e6))
    // Division may be off by one either way; the due times decide.
    while (this.dueUs(this.originIndex + count) < timeUs) count += 1
    while (count > 0 && this.dueUs(this.originIndex + count - 1) >= timeUs) count -= 1
    return this.originIndex + count
  }
}
