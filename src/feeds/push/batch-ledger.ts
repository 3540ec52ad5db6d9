import type { RefusedLine } from './push-batch.ts'
import type { VarintReader, VarintWriter } from './varint.ts'

/** What is known of a batch that has an id. */
export interface BatchEntry {
  /** Of its bytes: an id that comes again with others is a mistake of the client. */
  readonly fingerprint: number
  /** Lines that were taken; 0 once all were. */
  readonly lineCount: number
  readonly acceptedCount: number
  readonly duplicateCount: number
  readonly refusedCount: number
  /** Known since the start only; empty after it. */
  readonly refused: readonly RefusedLine[]
}

/** The newest batches by a hash of their ids. Beyond the maximum the oldest is forgotten. */
export class BatchLedger {
  readonly #maxCount: number
  readonly #entries = new Map<number, BatchEntry>()

  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  get(key: number): BatchEntry | undefined {
    return this.#entries.get(key)
  }

  set(key: number, entry: BatchEntry): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#maxCount) return
    const [oldest] = this.#entries.keys()
    this.#entries.delete(oldest!)
  }

  write(writer: VarintWriter): void {
    writer.uint(this.#entries.size)
    for (const [key, { fingerprint, lineCount, acceptedCount, duplicateCount, refusedCount }] of this.#entries) {
      writer.uint(key)
      writer.uint(fingerprint)
      writer.uint(lineCount)
      writer.uint(acceptedCount)
      writer.uint(duplicateCount)
      writer.uint(refusedCount)
    }
  }

  read(reader: VarintReader): void {
    for (let count = reader.uint(); count > 0; count--) {
      const key = reader.uint()
      this.set(key, {
        fingerprint: reader.uint(),
        lineCount: reader.uint(),
        acceptedCount: reader.uint(),
        duplicateCount: reader.uint(),
        refusedCount: reader.uint(),
        refused: [],
      })
    }
  }
}
