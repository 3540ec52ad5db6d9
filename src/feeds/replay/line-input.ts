import { LINE_MAX_BYTES, LineSplitter } from '../rows/line-splitter.ts'
import type { LineReader, RowSink } from '../rows/row-sink.ts'
import type { ByteSource } from './byte-source.ts'

/** One opened input: a file, an entry of a zip, or standard input. */
export interface ReplayInput {
  /** Lines or records given so far, those skipped at the start included. */
  readonly recordCount: number
  /** Bytes taken from the file so far. */
  readonly bytesRead: number
  /** Reads what is at hand, up to `recordMaxCount` records or a full step. @returns records read; 0 when `fetch` is due */
  read(sink: RowSink, recordMaxCount: number): number
  /** Waits for more. @returns false at the end @throws FinPulseError input-unreadable */
  fetch(): Promise<boolean>
  /** Steps over the first records. Only before the first `read`. */
  skip(count: number): Promise<void>
  /** Counts the record that the end of a damaged input has torn, if there is one. */
  refuseTorn(sink: RowSink): void
  close(): Promise<void>
}

/** An input of lines. */
export class LineInput implements ReplayInput {
  readonly #source: ByteSource
  readonly #reader: LineReader
  readonly #splitter = new LineSplitter()
  #ended = false

  constructor(source: ByteSource, reader: LineReader) {
    this.#source = source
    this.#reader = reader
  }

  get recordCount(): number {
    return this.#splitter.lineCount
  }

  get bytesRead(): number {
    return this.#source.bytesRead
  }

  read(sink: RowSink, recordMaxCount: number): number {
    let count = 0
    while (count < recordMaxCount && !sink.step.isFull) {
      if (!(this.#ended ? this.#splitter.finish() : this.#splitter.next())) break
      count += 1
      this.#readLine(sink)
    }
    sink.ledger.lines += count
    return count
  }

  async fetch(): Promise<boolean> {
    if (this.#ended) return false
    const piece = await this.#source.read()
    // A last line without a line end is still to be read.
    if (piece === undefined) this.#ended = true
    else this.#splitter.push(piece)
    return true
  }

  async skip(count: number): Promise<void> {
    while (this.#splitter.lineCount < count) {
      this.#splitter.skip(count - this.#splitter.lineCount)
      if (this.#splitter.lineCount < count && !(await this.fetch())) return
      if (this.#ended) this.#splitter.finish()
    }
  }

  refuseTorn(sink: RowSink): void {
    if (!this.#splitter.finish()) return
    sink.ledger.lines += 1
    // Half a number can look like a whole one: what the damage has cut is not read.
    this.#refuse(sink, { reason: 'malformed', detail: 'the line is torn where the input is damaged' })
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  #readLine(sink: RowSink): void {
    const splitter = this.#splitter
    const { bytes, end } = splitter
    if (splitter.isTooLong) {
      this.#refuse(sink, { reason: 'too-long', detail: `the line is longer than ${LINE_MAX_BYTES} bytes` })
      return
    }
    let start = splitter.start
    if (splitter.lineCount === 1 && bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) {
      start += 3
    }
    if (isBlank(bytes, start, end)) return
    const refusal = this.#reader.readLine(bytes, start, end, sink)
    if (refusal !== undefined) this.#refuse(sink, refusal)
  }

  #refuse(sink: RowSink, refusal: Parameters<RowSink['ledger']['refuse']>[0]): void {
    const { bytes, start, end, lineCount } = this.#splitter
    const isUnread = refusal.reason === 'too-long'
    const receivedTimeUs = isUnread ? Number.NaN : this.#reader.receivedTimeUs
    sink.ledger.refuse(refusal, `${this.#source.name}:${lineCount}`, receivedTimeUs, () => bytes.subarray(start, end))
  }
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = bytes[index]
    if (code !== 0x20 && code !== 0x09) return false
  }
  return true
}
