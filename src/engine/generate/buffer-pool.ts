const KEPT_MAX_COUNT = 64

/** Buffers that go round instead of being allocated for each piece. Keeps at most 64; further ones are let go. */
export class BufferPool {
  readonly #buffers: ArrayBuffer[] = []

  /** One that was given back, or an empty one. */
  take(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffers.pop() ?? new ArrayBuffer(0))
  }

  give(buffer: ArrayBuffer): void {
    if (this.#buffers.length < KEPT_MAX_COUNT) this.#buffers.push(buffer)
  }
}
