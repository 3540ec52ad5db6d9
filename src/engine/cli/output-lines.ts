import type { Writable } from 'node:stream'

const FLUSH_BYTES = 64 * 1024

/** Writes lines in pieces and waits where the reader of the pipe is slow. */
export class OutputLines {
  readonly #stream: Writable
  #lines: string[] = []
  #pieces: Uint8Array[] = []
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

  /** Adds a line without its end. */
  add(line: string): void {
    this.#lines.push(line)
    this.#length += line.length
  }

  /** Adds whole lines as bytes; they are copied. */
  addBytes(lines: Uint8Array): void {
    this.#closeLines()
    this.#pieces.push(lines.slice())
    this.#length += lines.length
  }

  #closeLines(): void {
    if (this.#lines.length === 0) return
    this.#pieces.push(Buffer.from(`${this.#lines.join('\n')}\n`))
    this.#lines = []
  }

  /** Resolves when there is room for more. */
  async flush(isEnd = false): Promise<void> {
    if (this.isClosed || (!isEnd && this.#length < FLUSH_BYTES)) return
    this.#closeLines()
    if (this.#pieces.length === 0) return
    const piece = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#length = 0
    await new Promise<void>((resolve) => this.#stream.write(piece, () => resolve()))
  }
}
