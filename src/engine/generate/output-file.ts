import { close, constants, fstat, ftruncate, open, write } from 'node:fs'
import { promisify } from 'node:util'
import { FinPulseError, messageOf } from '../../base/errors.ts'

const calls = {
  open: promisify(open),
  fstat: promisify(fstat),
  ftruncate: promisify(ftruncate),
  close: promisify(close),
  write: promisify(write),
}
const STDOUT = 1

/**
 * A file that is written from its beginning to its end, and can be cut back to an earlier length, so that a failure
 * leaves whole events. What was there before is lost with the first write, not before.
 */
export class OutputFile {
  readonly #path: string
  readonly #descriptor: number
  /** Only what is stored can be cut back: not a pipe, nor a device. */
  readonly #isStored: boolean
  readonly #startLength: number
  #length = 0
  #isBegun: boolean

  /** @throws FinPulseError sink-failed */
  static async open(path: string): Promise<OutputFile> {
    try {
      const descriptor = await calls.open(path, constants.O_WRONLY | constants.O_CREAT, 0o666)
      return new OutputFile(path, descriptor, (await calls.fstat(descriptor)).isFile(), 0, false)
    } catch (error) {
      throw failure(path, error)
    }
  }

  /** Standard output, where that is a file: what comes goes behind what it has. Undefined where it is none. */
  static async onStandardOutput(): Promise<OutputFile | undefined> {
    const stats = await calls.fstat(STDOUT)
    return stats.isFile() ? new OutputFile('standard output', STDOUT, true, stats.size, true) : undefined
  }

  private constructor(path: string, descriptor: number, isStored: boolean, startLength: number, isBegun: boolean) {
    this.#path = path
    this.#descriptor = descriptor
    this.#isStored = isStored
    this.#startLength = startLength
    this.#isBegun = isBegun
  }

  /** Bytes that were appended as a whole. */
  get length(): number {
    return this.#length
  }

  /** @throws FinPulseError sink-failed; the file may then have a part of it, behind `length` */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#begin()
    try {
      for (let from = 0; from < bytes.length; ) {
        const { bytesWritten } = await calls.write(
          this.#descriptor,
          bytes,
          from,
          bytes.length - from,
          this.#place(from),
        )
        from += bytesWritten
      }
    } catch (error) {
      throw failure(this.#path, error)
    }
    this.#length += bytes.length
  }

  /**
   * Where it is stored, behind what is whole: a failure may have moved the place at which the system would write next.
   * On standard output that place is shared with whoever comes after us.
   */
  #place(from: number): number | null {
    return this.#isStored && this.#descriptor !== STDOUT ? this.#length + from : null
  }

  /** @throws FinPulseError sink-failed */
  async cutBackTo(length: number): Promise<void> {
    await this.#begin()
    if (this.#isStored) await this.#cut(this.#startLength + length)
    this.#length = length
  }

  async close(): Promise<void> {
    await this.#begin()
    if (this.#descriptor !== STDOUT) await calls.close(this.#descriptor)
  }

  async #begin(): Promise<void> {
    if (this.#isBegun) return
    this.#isBegun = true
    if (this.#isStored) await this.#cut(0)
  }

  async #cut(length: number): Promise<void> {
    await calls.ftruncate(this.#descriptor, length).catch((error: unknown) => {
      throw failure(this.#path, error)
    })
  }
}

function failure(path: string, error: unknown): FinPulseError {
  return new FinPulseError('sink-failed', `${path}: ${messageOf(error)}`, { cause: error })
}
