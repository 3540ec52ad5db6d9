import { CsvLines } from '../rows/csv-lines.ts'
import { LINE_MAX_BYTES } from '../rows/line-splitter.ts'
import type { Refusal } from '../rows/market-row.ts'
import { NdjsonLines } from '../rows/ndjson-lines.ts'
import type { LineReader } from '../rows/row-sink.ts'
import { linesOfJson } from './json-lines.ts'
import { isPaymentHeader, PaymentCsvLines } from './payment-csv-lines.ts'
import type { PushBatch } from './push-batch.ts'
import type { PushSink } from './push-sink.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const SAMPLE_MAX_BYTES = 2048
/** Longest header of CSV that is looked at. */
const HEADER_MAX_BYTES = 4096
const decoder = new TextDecoder()

/** Called for each bad line, with its beginning. */
export type OnRefused = (refusal: Refusal, line: number, sample: Uint8Array) => void

/** Reads the lines of one batch into a sink, as many at a time as that has room for. */
export class BatchReader {
  readonly #bytes: Uint8Array
  readonly #sink: PushSink
  readonly #lines: LineReader
  #at = 0
  /** Lines read so far. */
  lineCount = 0

  /**
   * @param lineCount lines that were taken before, and are stepped over
   * @throws FinPulseError request-invalid, or format-unknown for a CSV header without the columns of trades
   */
  constructor(batch: PushBatch, venue: string, sink: PushSink, lineCount = 0) {
    this.#sink = sink
    this.#bytes = batch.format === 'json' ? linesOfJson(batch.bytes) : batch.bytes
    if (startsWithMark(this.#bytes)) this.#at = 3
    this.#lines =
      batch.format === 'csv' ? this.#csvLines(venue) : new NdjsonLines(venue, (type, json) => sink.addOther(type, json))
    while (this.lineCount < lineCount && this.#next() !== undefined) this.lineCount += 1
  }

  #csvLines(venue: string): LineReader {
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      this.lineCount += 1
      const header = decoder.decode(line.subarray(0, HEADER_MAX_BYTES)).trim()
      if (isPaymentHeader(header)) return new PaymentCsvLines(header, this.#sink)
      if (header !== '') return new CsvLines('body', header, venue)
    }
    return new CsvLines('body', '', venue)
  }

  /** Reads until the sink is full or the batch is at its end. @returns whether it is at its end */
  read(onRefused: OnRefused): boolean {
    while (!this.#sink.isFull) {
      const line = this.#next()
      if (line === undefined) return true
      this.lineCount += 1
      const refusal = this.#readLine(line)
      if (refusal !== undefined) onRefused(refusal, this.lineCount, line.subarray(0, SAMPLE_MAX_BYTES))
    }
    return this.#at >= this.#bytes.length
  }

  #readLine(line: Uint8Array): Refusal | undefined {
    if (line.length > LINE_MAX_BYTES) {
      return { reason: 'too-long', detail: `the line is longer than ${LINE_MAX_BYTES} bytes` }
    }
    if (isBlank(line)) return undefined
    return this.#lines.readLine(line, 0, line.length, this.#sink)
  }

  /** The next line without its end; undefined behind the last. */
  #next(): Uint8Array | undefined {
    const bytes = this.#bytes
    const start = this.#at
    if (start >= bytes.length) return undefined
    const newline = bytes.indexOf(NEWLINE, start)
    let end = newline < 0 ? bytes.length : newline
    this.#at = end + 1
    if (end > start && bytes[end - 1] === RETURN) end -= 1
    return bytes.subarray(start, end)
  }
}

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

function isBlank(line: Uint8Array): boolean {
  for (let index = 0; index < line.length; index++) if (line[index]! > SPACE) return false
  return true
}
