import { FinPulseError } from '../../base/errors.ts'
import type { Refusal } from './market-row.ts'
import type { LineReader, RowSink } from './row-sink.ts'
import { type ColumnPlaces, missingColumns, placeColumns, TableRowReader, type TradeColumn } from './table-columns.ts'

const textDecoder = new TextDecoder()
const QUOTE = '"'

/** Reads CSV with a header: columns in any order and case, RFC 4180 quotes. A record is one line. */
export class CsvLines implements LineReader {
  readonly #header: string
  readonly #places: ColumnPlaces
  readonly #columnCount: number
  readonly #rows: TableRowReader
  #record: readonly string[] = []
  readonly #text = (column: TradeColumn): string => {
    const place = this.#places[column]
    return place < 0 ? '' : this.#record[place]!.trim()
  }

  /**
   * @param name of the input, for the message
   * @throws FinPulseError format-unknown where a column is missing
   */
  constructor(name: string, header: string, venue: string) {
    const names = splitRecord(header) ?? []
    this.#header = header
    this.#columnCount = names.length
    this.#places = placeColumns(names.map((column) => column.trim()))
    const missing = missingColumns(this.#places)
    if (missing.length > 0) {
      const shown = JSON.stringify(header.slice(0, 80))
      throw new FinPulseError('format-unknown', `${name}: CSV header ${shown} has no column for ${missing.join(', ')}`)
    }
    this.#rows = new TableRowReader(venue)
  }

  get receivedTimeUs(): number {
    return this.#rows.receivedTimeUs
  }

  readLine(bytes: Uint8Array, start: number, end: number, sink: RowSink): Refusal | undefined {
    const line = textDecoder.decode(bytes.subarray(start, end))
    // Files that were put together from several have their header in between, too.
    if (line.trim() === this.#header) return sink.passOver('CSV header')
    const record = splitRecord(line)
    if (record === undefined) return { reason: 'malformed', detail: 'a quoted field is not closed' }
    if (record.length !== this.#columnCount) {
      return { reason: 'malformed', detail: `expected ${this.#columnCount} fields, got ${record.length}` }
    }
    this.#record = record
    return this.#rows.read(this.#text, sink)
  }
}

/** The fields of one record, or undefined where its quotes do not match. */
export function splitRecord(line: string): string[] | undefined {
  if (!line.includes(QUOTE)) return line.split(',')
  const fields: string[] = []
  let at = 0
  for (;;) {
    const field = line[at] === QUOTE ? quotedField(line, at) : plainField(line, at)
    if (field === undefined) return undefined
    fields.push(field.text)
    if (field.end === line.length) return fields
    if (line[field.end] !== ',') return undefined
    at = field.end + 1
  }
}

interface Field {
  readonly text: string
  readonly end: number
}

function plainField(line: string, start: number): Field {
  const comma = line.indexOf(',', start)
  const end = comma < 0 ? line.length : comma
  return { text: line.slice(start, end), end }
}

function quotedField(line: string, start: number): Field | undefined {
  let text = ''
  let at = start + 1
  for (;;) {
    const quote = line.indexOf(QUOTE, at)
    if (quote < 0) return undefined
    text += line.slice(at, quote)
    if (line[quote + 1] !== QUOTE) return { text, end: quote + 1 }
    text += QUOTE
    at = quote + 2
  }
}
