/** When each event is due. Event indexes count from 0 over the life of the world. */
export interface Schedule {
  /** Event time of the event, µs, an integer; never less than that of the one before. */
  dueUs(index: number): number
  /** Number of events due before `timeUs`; where there are more than whole numbers are exact for (2^53), just as many. */
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
    const count = index - this.originIndex
    const scaled = count * 1e6
    if (scaled <= Number.MAX_SAFE_INTEGER) return this.originUs + Math.floor(scaled / this.ratePerSecond)
    // More digits than a product may have: the whole seconds first. Exact where the rate is a whole number.
    const seconds = Math.floor(count / this.ratePerSecond)
    const rest = count - seconds * this.ratePerSecond
    return this.originUs + seconds * 1e6 + Math.floor((rest * 1e6) / this.ratePerSecond)
  }

  countBefore(timeUs: number): number {
    if (timeUs <= this.originUs) return this.originIndex
    let count = Math.max(0, Math.floor(((timeUs - this.originUs) * this.ratePerSecond) / 1e6))
    if (this.originIndex + count >= Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER
    // Division may be off by one either way; the due times decide.
    while (this.dueUs(this.originIndex + count) < timeUs) count += 1
    while (count > 0 && this.dueUs(this.originIndex + count - 1) >= timeUs) count -= 1
    return this.originIndex + count
  }
}
