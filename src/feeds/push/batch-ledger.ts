import type { RefusedLine } from './push-batch.ts'
import { type VarintReader, VarintWriter } from './varint.ts'

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

interface Kept {
  readonly entry: BatchEntry
  /** As it is written. */
  readonly bytes: Uint8Array
}

/** The newest batches by a hash of their ids. Beyond the maximum the oldest is forgotten. */
export class BatchLedger {
  readonly #maxCount: number
  readonly #kept = new Map<number, Kept>()
  readonly #writer = new VarintWriter()
  /** What `write` gives, as `[start, end)`: it is asked for at every step, and little has changed then. */
  #image = new Uint8Array(1024)
  #start = 0
  #end = 0
  #newestKey = -1

  constructor(maxCount: number) {
    this.#maxCount = maxCount
  }

  get(key: number): BatchEntry | undefined {
    return this.#kept.get(key)?.entry
  }

  set(key: number, entry: BatchEntry): void {
    this.#remove(key)
    const bytes = this.#encoded(key, entry)
    this.#kept.set(key, { entry, bytes })
    this.#append(bytes)
    this.#newestKey = key
    if (this.#kept.size > this.#maxCount) this.#dropOldest()
  }

  #encoded(key: number, entry: BatchEntry): Uint8Array {
    const writer = this.#writer
    writer.clear()
    writer.uint(key)
    writer.uint(entry.fingerprint)
    writer.uint(entry.lineCount)
    writer.uint(entry.acceptedCount)
    writer.uint(entry.duplicateCount)
    writer.uint(entry.refusedCount)
    return writer.written()
  }

  #remove(key: number): void {
    const before = this.#kept.get(key)
    if (before === undefined) return
    this.#kept.delete(key)
    if (key === this.#newestKey) {
      this.#end -= before.bytes.length
      return
    }
    // Only a batch that goes on after a restart is not the newest: rare enough to begin again.
    this.#start = 0
    this.#end = 0
    for (const { bytes } of this.#kept.values()) this.#append(bytes)
  }

  #append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#image.length) {
      const used = this.#image.subarray(this.#start, this.#end)
      this.#image = new Uint8Array(Math.max(1024, 2 * (used.length + bytes.length)))
      this.#image.set(used)
      this.#end = used.length
      this.#start = 0
    }
    this.#image.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #dropOldest(): void {
    const [oldest] = this.#kept
    const [key, { bytes }] = oldest!
    this.#kept.delete(key)
    this.#start += bytes.length
  }

  write(writer: VarintWriter): void {
    writer.uint(this.#kept.size)
    writer.raw(this.#image.subarray(this.#start, this.#end))
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
