/** Frames of which the longest silence is known, at least; at most twice as many. */
const WINDOW_COUNT = 256
/** Fewer say nothing. */
const KNOWN_COUNT = 32
const FACTOR = 3

/** How long a connection is usually silent between frames, from its last 256 to 512 of them. Times in µs. */
export class UsualSilence {
  #lastUs = 0
  #frameCount = 0
  #currentUs = 0
  #previousUs = 0

  /** Nothing was listened to before this: that was no silence. */
  begin(nowUs: number): void {
    this.#lastUs = nowUs
  }

  note(nowUs: number): void {
    if (this.#frameCount % WINDOW_COUNT === 0) {
      this.#previousUs = this.#currentUs
      this.#currentUs = 0
    }
    this.#frameCount += 1
    this.#currentUs = Math.max(this.#currentUs, nowUs - this.#lastUs)
    this.#lastUs = nowUs
  }

  /** When the last frame came, or listening began. */
  get lastUs(): number {
    return this.#lastUs
  }

  /** How long it has been silent now. */
  ofNowUs(nowUs: number): number {
    return nowUs - this.#lastUs
  }

  /** A silence that is longer than this is unusual: at least `minUs`; Infinity where little has come yet. */
  limitUs(minUs: number): number {
    if (this.#frameCount < KNOWN_COUNT) return Number.POSITIVE_INFINITY
    return Math.max(minUs, FACTOR * Math.max(this.#currentUs, this.#previousUs))
  }
}
