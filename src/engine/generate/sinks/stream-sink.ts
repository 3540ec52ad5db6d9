import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { FinPulseError, messageOf } from '../../../base/errors.ts'
import type { Delivery, PieceSink } from './sink.ts'

/** Bytes that may be on their way to the place while the next piece is made. */
const WAITING_MAX_BYTES = 8 << 20

/** A stream as a sink: standard output, a file, a compressed file. */
export class StreamSink implements PieceSink {
  readonly name: string
  readonly #stream: Writable
  readonly #end: () => Promise<void>
  #failure: unknown
  #waitingBytes = 0
  #wake: () => void = () => undefined
  isGone = false

  /** @param end ends the stream and resolves when everything is there */
  constructor(name: string, stream: Writable, end: () => Promise<void>) {
    this.name = name
    this.#stream = stream
    this.#end = end
    stream.on('error', (error) => this.fail(error))
  }

  writeHeader(bytes: Uint8Array): void {
    this.#stream.write(bytes)
  }

  async write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    this.#check()
    this.#waitingBytes += bytes.length
    this.#stream.write(bytes, (error) => {
      this.#waitingBytes -= bytes.length
      if (error === null || error === undefined) taken()
      else this.fail(error)
      this.#wake()
    })
    while (this.#waitingBytes > WAITING_MAX_BYTES && !this.isGone) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#check()
    }
  }

  async close(): Promise<void> {
    this.#check()
    if (!this.isGone) await this.#end().catch((error: unknown) => this.fail(error))
    this.#check()
  }

  /** The place has refused something. */
  fail(error: unknown): void {
    // A reader that goes away has had enough.
    if (this.#stream === process.stdout && (error as NodeJS.ErrnoException).code === 'EPIPE') this.isGone = true
    else this.#failure ??= error
    this.#wake()
  }

  #check(): void {
    if (this.#failure === undefined) return
    throw new FinPulseError('sink-failed', `${this.name}: ${messageOf(this.#failure)}`, { cause: this.#failure })
  }
}

/** Standard output, which stays open. */
export function standardOutputSink(): PieceSink {
  const stream = process.stdout
  // An empty write comes back when all before it are out.
  const end = () => new Promise<void>((resolve) => void stream.write('', () => resolve()))
  return new StreamSink('standard output', stream, end)
}

/** A file, compressed where its name ends with `.gz`. */
export function fileSink(path: string): PieceSink {
  const file = createWriteStream(path)
  if (!path.endsWith('.gz')) {
    return new StreamSink(path, file, async () => {
      file.end()
      await finished(file)
    })
  }
  const gzip = createGzip({ level: 1 })
  gzip.pipe(file)
  // What ends is the file: the last bytes leave the compressor before it.
  const sink = new StreamSink(path, gzip, async () => {
    gzip.end()
    await finished(file)
  })
  file.on('error', (error) => sink.fail(error))
  return sink
}
