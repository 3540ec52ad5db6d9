import { encodeRecords } from '../../events/json.ts'
import type { Label } from '../../events/label.ts'
import { OutputFile } from './output-file.ts'

const NEWLINE = Buffer.from('\n')

/** The length that the file has with all labels known before an event. */
interface Mark {
  readonly index: number
  readonly length: number
}

/** Labels as NDJSON in a file of their own, which at the end has those of the events that were taken. */
export class LabelFile {
  readonly #file: OutputFile
  /** Of what is not known to be taken, and the one before; in order. */
  #marks: Mark[] = [{ index: 0, length: 0 }]

  /** @throws FinPulseError sink-failed */
  static async open(path: string): Promise<LabelFile> {
    return new LabelFile(await OutputFile.open(path))
  }

  private constructor(file: OutputFile) {
    this.#file = file
  }

  /**
   * @param endIndex before whose event they are known
   * @param takenIndex before which all events were taken
   * @throws FinPulseError sink-failed
   */
  async write(labels: readonly Label[], endIndex: number, takenIndex: number): Promise<void> {
    if (labels.length === 0) return
    await this.#file.append(Buffer.concat([encodeRecords(labels), NEWLINE]))
    this.#marks = [...this.#marks.slice(this.#lastBefore(takenIndex)), { index: endIndex, length: this.#file.length }]
  }

  /** @param takenIndex before which all events were taken; labels behind it go @throws FinPulseError sink-failed */
  async end(takenIndex: number): Promise<void> {
    await this.#file.cutBackTo(this.#marks[this.#lastBefore(takenIndex)]!.length)
    await this.#file.close()
  }

  #lastBefore(takenIndex: number): number {
    return Math.max(
      0,
      this.#marks.findLastIndex(({ index }) => index <= takenIndex),
    )
  }
}
