import { GzipFile } from '../gzip-file.ts'
import { OutputFile } from '../output-file.ts'
import { Outbox } from './outbox.ts'
import type { Delivery, PieceSink } from './sink.ts'

const WAITING_MAX_BYTES = 8 << 20
/** Written at once at most. */
const BATCH_MAX_BYTES = 1 << 20

/** A file, which has at every end, also that by a failure, what was taken and no more. */
export class FileSink implements PieceSink {
  readonly name: string
  readonly #file: OutputFile | GzipFile
  readonly #outbox: Outbox

  /** Compressed where the name ends with `.gz`. @throws FinPulseError sink-failed */
  static async open(path: string): Promise<FileSink> {
    const file = await OutputFile.open(path)
    return new FileSink(path, path.endsWith('.gz') ? new GzipFile(file) : file)
  }

  constructor(name: string, file: OutputFile | GzipFile) {
    this.name = name
    this.#file = file
    this.#outbox = new Outbox({
      name,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: BATCH_MAX_BYTES,
      send: (bytes) => file.append(bytes),
    })
  }

  get isGone(): boolean {
    return this.#outbox.isGone
  }

  get finalBytes(): number {
    return this.#file.length
  }

  writeHeader(bytes: Uint8Array): Promise<void> {
    return this.#outbox.push(bytes, () => undefined)
  }

  write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    return this.#outbox.push(bytes, taken)
  }

  async close(): Promise<void> {
    await this.#outbox.drain()
    await this.#file.close()
  }

  async giveUp(): Promise<void> {
    await this.#outbox.giveUp()
    await this.#file.cutBackTo(this.#file.length)
    await this.#file.close()
  }
}
