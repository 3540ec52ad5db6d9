import { GzipFile } from '../gzip-file.ts'
import { OutputFile } from '../output-file.ts'
import { OutboxSink } from './outbox-sink.ts'

const WAITING_MAX_BYTES = 8 << 20
/** Written at once at most. */
const BATCH_MAX_BYTES = 1 << 20

/** A file, which has at every end, also that by a failure, what was taken and no more. */
export class FileSink extends OutboxSink {
  readonly #file: OutputFile | GzipFile

  /** Compressed where the name ends with `.gz`. @throws FinPulseError sink-failed */
  static async open(path: string): Promise<FileSink> {
    const file = await OutputFile.open(path)
    return new FileSink(path, path.endsWith('.gz') ? new GzipFile(file) : file)
  }

  constructor(name: string, file: OutputFile | GzipFile) {
    super({
      name,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: BATCH_MAX_BYTES,
      send: (bytes) => file.append(bytes),
    })
    this.#file = file
  }

  get finalBytes(): number {
    return this.#file.length
  }

  override async close(): Promise<void> {
    await super.close()
    await this.#file.close()
  }

  override async giveUp(): Promise<void> {
    await super.giveUp()
    await this.#file.cutBackTo(this.#file.length)
    await this.#file.close()
  }
}
