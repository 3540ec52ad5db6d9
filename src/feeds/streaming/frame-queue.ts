/** One text frame of a socket, unread. */
export interface Frame {
  readonly bytes: Uint8Array
  /** µs. */
  readonly receivedTimeUs: number
}

/**
 * Frames between the sockets and the feed's reader, in order of arrival. It never drops: when it is full, `pause` asks
 * the sockets to stop reading, and `resume` lets them go on when half of it is free.
 */
export class FrameQueue {
  readonly #maxCount: number
  readonly #flow: { readonly pause: () => void; readonly resume: () => void }
  #frames: Frame[] = []
  #head = 0
  #isPaused = false
  /** Times that the sockets had to wait. */
  waitCount = 0

  constructor(maxCount: number, flow: { readonly pause: () => void; readonly resume: () => void }) {
    this.#maxCount = maxCount
    this.#flow = flow
  }

  get count(): number {
    return this.#frames.length - this.#head
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  push(frame: Frame): void {
    this.#frames.push(frame)
    if (this.#isPaused || this.count < this.#maxCount) return
    this.#isPaused = true
    this.waitCount += 1
    this.#flow.pause()
  }

  peek(): Frame | undefined {
    return this.#frames[this.#head]
  }

  /** Forgets the frame that `peek` gave. */
  drop(): void {
    this.#head += 1
    // So that what was read is not kept, at a constant cost for each frame.
    if (this.#head > 256 && this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head)
      this.#head = 0
    }
    if (!this.#isPaused || this.count > this.#maxCount / 2) return
    this.#isPaused = false
    this.#flow.resume()
  }
}
