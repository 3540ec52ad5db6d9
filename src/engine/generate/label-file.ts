import { type FileHandle, open } from 'node:fs/promises'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { encodeRecords } from '../../events/json.ts'
import type { Label } from '../../events/label.ts'

/** Labels as NDJSON in a file of their own. */
export class LabelFile {
  readonly #path: string
  readonly #file: FileHandle

  /** @throws FinPulseError sink-failed */
  static async open(path: string): Promise<LabelFile> {
    return new LabelFile(path, await open(path, 'w').catch((error: unknown) => Promise.reject(failure(path, error))))
  }

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** @throws FinPulseError sink-failed */
  async write(labels: readonly Label[]): Promise<void> {
    try {
      await this.#file.appendFile(Buffer.concat([encodeRecords(labels), Buffer.from('\n')]))
    } catch (error) {
      throw failure(this.#path, error)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

function failure(path: string, error: unknown): FinPulseError {
  return new FinPulseError('sink-failed', `${path}: ${messageOf(error)}`, { cause: error })
}
