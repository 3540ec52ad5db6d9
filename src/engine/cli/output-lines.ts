import type { Writable } from 'node:stream'

const FLUSH_LENGTH = 64 * 1024

/** Writes lines in pieces and waits where the reader of the pipe is slow. */
export class OutputLines {
  readonly #stream: Writable
  #pending: string[] = []
  #length = 0
  /** True once the reader has gone away (`| head`): nobody wants the rest. */
  isClosed = false

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      this.isClosed = true
    })
  }

  add(line: string): void {
    this.#pending.push(line)
    this.#length += line.length
  }

  /** Resolves when there is room for more. */
  async flush(isEnd = false): Promise<void> {
    if (this.isClosed || this.#pending.length === 0 || (!isEnd && this.#length < FLUSH_LENGTH)) return
    const text = `${this.#pending.join('\n')}\n`
    this.#pending = []
    this.#length = 0
    await new Promise<void>((resolve) => this.#stream.write(text, () => resolve()))
  }
}
