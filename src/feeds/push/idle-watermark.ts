const MINUTE_US = 60_000_000

export interface IdleWatermarkOptions {
  /** Without events for so long, the source counts as quiet. */
  readonly afterUs: number
  /** How far the watermark trails. */
  readonly latenessUs: number
}

/**
 * Lets windows close when nothing is pushed any more: the source's time then goes on at the pace of our clock, from its
 * newest event. Promises come where a minute ends, as that is when there is something to close.
 */
export class IdleWatermark {
  readonly #options: IdleWatermarkOptions
  #newestUs: number
  #arrivedUs: number
  #givenUs: number

  /** @param newestUs newest event time before, or -1 */
  constructor(options: IdleWatermarkOptions, newestUs: number, nowUs: number) {
    this.#options = options
    this.#newestUs = newestUs
    this.#arrivedUs = nowUs
    this.#givenUs = newestUs - options.latenessUs
  }

  /**
   * Events came, up to this time.
   * @returns the watermark to give with them, so that those partitions that none of them is for keep step; or -1
   */
  noteEvents(newestUs: number, nowUs: number): number {
    this.#arrivedUs = nowUs
    if (newestUs <= this.#newestUs) return -1
    const isFirst = this.#newestUs < 0
    this.#newestUs = newestUs
    const watermarkUs = newestUs - this.#options.latenessUs
    if (isFirst) this.#givenUs = watermarkUs
    return this.#giveFrom(watermarkUs)
  }

  /** The watermark to give now that nothing comes, or -1. */
  take(nowUs: number): number {
    if (this.#newestUs < 0 || nowUs - this.#arrivedUs < this.#options.afterUs) return -1
    return this.#giveFrom(this.#newestUs + nowUs - this.#arrivedUs - this.#options.latenessUs)
  }

  /** µs until `take` may have one; undefined before the first event. */
  waitUs(nowUs: number): number | undefined {
    if (this.#newestUs < 0) return undefined
    const { afterUs, latenessUs } = this.#options
    const idleUs = Math.max(afterUs, minuteAfter(this.#givenUs) + latenessUs - this.#newestUs)
    return Math.max(0, this.#arrivedUs + idleUs - nowUs)
  }

  #giveFrom(watermarkUs: number): number {
    if (watermarkUs < minuteAfter(this.#givenUs)) return -1
    this.#givenUs = watermarkUs
    return watermarkUs
  }
}

function minuteAfter(timeUs: number): number {
  return (Math.floor(timeUs / MINUTE_US) + 1) * MINUTE_US
}
