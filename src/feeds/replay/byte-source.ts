import { open } from 'node:fs/promises'
import { createGunzip, createInflateRaw } from 'node:zlib'
import { FinPulseError, messageOf } from '../../base/errors.ts'

/** Bytes in order, pulled piece by piece. A piece is the caller's own until its next `read`, and longer. */
export interface ByteSource {
  /** Where the bytes come from, for messages. */
  readonly name: string
  /** Bytes taken from the file so far, before any decompression. */
  readonly bytesRead: number
  /**
   * The next piece, never empty, or undefined at the end.
   * @throws FinPulseError input-unreadable, now and at every further call
   */
  read(): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

const PIECE_BYTES = 128 * 1024

/** A file from its first byte to its last. @throws FinPulseError input-unreadable */
export async function openFile(path: string): Promise<ByteSource> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, 'cannot be opened', error)
  })
  let bytesRead = 0
  return {
    name: path,
    get bytesRead() {
      return bytesRead
    },
    async read() {
      try {
        const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
        const result = await file.read(piece, 0, PIECE_BYTES, null)
        bytesRead += result.bytesRead
        return result.bytesRead === 0 ? undefined : piece.subarray(0, result.bytesRead)
      } catch (error) {
        throw unreadable(path, `cannot be read at byte ${bytesRead}`, error)
      }
    },
    close: () => file.close(),
  }
}

/** A stream of Node, such as standard input. */
export function fromStream(name: string, stream: AsyncIterable<Uint8Array>): ByteSource {
  const pieces = stream[Symbol.asyncIterator]()
  let bytesRead = 0
  let failure: FinPulseError | undefined
  return {
    name,
    get bytesRead() {
      return bytesRead
    },
    async read() {
      for (;;) {
        // A stream that has failed looks ended when asked again.
        if (failure !== undefined) throw failure
        const next = await pieces.next().catch((error: unknown) => {
          failure = unreadable(name, `cannot be read at byte ${bytesRead}`, error)
          throw failure
        })
        if (next.done === true) return undefined
        bytesRead += next.value.length
        if (next.value.length > 0) return next.value
      }
    },
    async close() {
      await pieces.return?.()
    },
  }
}

/** Gives back what was read ahead, then goes on. */
export function withHead(head: readonly Uint8Array[], source: ByteSource): ByteSource {
  let at = 0
  return {
    name: source.name,
    get bytesRead() {
      return source.bytesRead
    },
    read: async () => (at < head.length ? head[at++] : source.read()),
    close: () => source.close(),
  }
}

const INFLATED_PIECE_BYTES = 256 * 1024
/** Compressed bytes handed over at once: with the worst ratio of deflate (1,032) they become 33 MB. */
const DEFLATED_PIECE_BYTES = 32 * 1024

/**
 * The decompressed bytes of gzip (of any number of members) or of a bare deflate stream. Damaged or cut short, it gives
 * all that could be decompressed before it throws, which a plain pipe of streams would throw away.
 */
export class InflateSource implements ByteSource {
  readonly name: string
  readonly #inner: ByteSource
  readonly #inflate: ReturnType<typeof createGunzip>
  #ready: Uint8Array[] = []
  #compressed: Uint8Array = new Uint8Array(0)
  #running: Promise<void> | undefined
  #error: FinPulseError | undefined
  #ended = false

  constructor(inner: ByteSource, format: 'gzip' | 'deflate-raw') {
    this.name = inner.name
    this.#inner = inner
    const options = { chunkSize: INFLATED_PIECE_BYTES }
    this.#inflate = format === 'gzip' ? createGunzip(options) : createInflateRaw(options)
    this.#inflate.on('data', (piece: Uint8Array) => this.#ready.push(piece))
    // Reported by the call that met it; without a listener it would end the process.
    this.#inflate.on('error', (error) => this.#fail(error))
  }

  get bytesRead(): number {
    return this.#inner.bytesRead
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const piece = this.#ready.shift()
      if (piece !== undefined) {
        // The next piece is decompressed on another thread while this one is scanned.
        if (this.#ready.length === 0) this.#start()
        return piece
      }
      if (this.#running !== undefined) await this.#running
      else if (this.#error !== undefined) throw this.#error
      else if (this.#ended) return undefined
      else this.#start()
    }
  }

  async close(): Promise<void> {
    await this.#running
    this.#inflate.destroy()
    await this.#inner.close()
  }

  #start(): void {
    if (this.#running !== undefined || this.#ended || this.#error !== undefined) return
    this.#running = this.#step().finally(() => {
      this.#running = undefined
    })
  }

  async #step(): Promise<void> {
    try {
      if (this.#compressed.length === 0) this.#compressed = (await this.#inner.read()) ?? this.#compressed
      const piece = this.#compressed.subarray(0, DEFLATED_PIECE_BYTES)
      this.#compressed = this.#compressed.subarray(piece.length)
      await new Promise<void>((resolve) => {
        this.#inflate.once('close', resolve)
        const done = () => {
          this.#inflate.off('close', resolve)
          resolve()
        }
        if (piece.length > 0) {
          this.#inflate.write(piece, done)
          return
        }
        this.#inflate.once('end', () => {
          this.#ended = true
          done()
        })
        this.#inflate.end()
      })
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#error ??=
      error instanceof FinPulseError
        ? error
        : unreadable(this.name, `is damaged or cut short near byte ${this.bytesRead}`, error)
  }
}

export function unreadable(name: string, what: string, cause?: unknown): FinPulseError {
  const reason = cause === undefined ? '' : `: ${messageOf(cause)}`
  return new FinPulseError('input-unreadable', `${name}: ${what}${reason}`, { cause, context: { input: name } })
}
