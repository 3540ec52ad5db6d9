import { constants, crc32, createDeflateRaw } from 'node:zlib'
import type { OutputFile } from './output-file.ts'

/** Of a gzip member: no name, no time, system unknown. RFC 1952, 2.3. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
/** The last block, empty, which begins at a whole byte behind a flush. RFC 1951, 3.2.6. */
const LAST_BLOCK = Buffer.from([0x03, 0x00])

/**
 * A file compressed as one gzip member. Each part is flushed, so that what is in the file can be decompressed at any
 * time; and the trailer is our own, so that the file can be ended in order behind any part, also where the next one
 * has failed.
 */
export class GzipFile {
  readonly #file: OutputFile
  readonly #deflate = createDeflateRaw({ level: 1 })
  #blocks: Uint8Array[] = []
  #checksum = 0
  #plainLength = 0

  constructor(file: OutputFile) {
    this.#file = file
    this.#deflate.on('data', (block: Uint8Array) => this.#blocks.push(block))
  }

  /** Bytes in the file, compressed. */
  get length(): number {
    return this.#file.length
  }

  /** @throws FinPulseError sink-failed */
  async append(bytes: Uint8Array): Promise<void> {
    const blocks = await this.#compressed(bytes)
    await this.#file.append(this.#file.length === 0 ? Buffer.concat([HEADER, blocks]) : blocks)
    this.#checksum = crc32(bytes, this.#checksum)
    this.#plainLength = (this.#plainLength + bytes.length) % 2 ** 32
  }

  /** Behind a failure, where nothing else can be appended. @throws FinPulseError sink-failed */
  cutBackTo(length: number): Promise<void> {
    return this.#file.cutBackTo(length)
  }

  async close(): Promise<void> {
    this.#deflate.destroy()
    const trailer = Buffer.alloc(8)
    trailer.writeUInt32LE(this.#checksum, 0)
    trailer.writeUInt32LE(this.#plainLength, 4)
    await this.#file.append(Buffer.concat([...(this.#file.length === 0 ? [HEADER] : []), LAST_BLOCK, trailer]))
    await this.#file.close()
  }

  async #compressed(bytes: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once('error', reject)
      this.#deflate.write(bytes)
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('error', reject)
        resolve()
      })
    })
    const blocks = this.#blocks
    this.#blocks = []
    return Buffer.concat(blocks)
  }
}
