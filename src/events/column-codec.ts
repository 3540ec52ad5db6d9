import { FinPulseError } from '../base/errors.ts'
import type { ColumnArray } from './column.ts'
import type { Instrument } from './instrument.ts'

/*
 * Binary form of a columnar batch, little-endian, every part aligned to 8 bytes:
 *
 *   u32 magic "FPB1" · u32 kind · u32 rowCount · u32 dictionaryBytes · f64 watermarkUs
 *   dictionary: JSON [[venue, symbol, priceDecimals, quantityDecimals], …]
 *   per column: u32 width · u32 reserved · f64 base · values
 *
 * A column stores `value - base` in the narrowest unsigned integers that hold it (frame of reference): width 0 for a
 * constant, 1, 2 or 4 bytes, or 8 for raw doubles. Market data is narrow, so a trade takes about 16 bytes.
 */

const MAGIC = 0x31425046
const HEADER_BYTES = 24
const COLUMN_HEADER_BYTES = 16

export type BatchKind = 1 | 2

export interface EncodedColumns {
  readonly rowCount: number
  /** -1: none. */
  readonly watermarkUs: number
  readonly dictionary: readonly Instrument[]
  /** Fills `into` with the next column; columns are read in the order in which they were written. */
  readColumn(into: ColumnArray): void
}

const textEncoder = new TextEncoder()
const textDecoder = new TextDecoder()

/** Largest encoding of a batch: raw doubles in every column. */
function encodedMaxBytes(columnCount: number, rowCount: number, dictionaryBytes: number): number {
  return HEADER_BYTES + align8(dictionaryBytes) + columnCount * (COLUMN_HEADER_BYTES + align8(rowCount * 8))
}

export function encodeColumns(
  kind: BatchKind,
  rowCount: number,
  watermarkUs: number,
  dictionary: readonly Instrument[],
  columns: readonly ColumnArray[],
): Uint8Array {
  const dictionaryBytes = textEncoder.encode(
    JSON.stringify(dictionary.map((i) => [i.venue, i.symbol, i.priceDecimals, i.quantityDecimals])),
  )
  const buffer = new ArrayBuffer(encodedMaxBytes(columns.length, rowCount, dictionaryBytes.length))
  new Uint32Array(buffer, 0, 4).set([MAGIC, kind, rowCount, dictionaryBytes.length])
  new Float64Array(buffer, 16, 1)[0] = watermarkUs
  new Uint8Array(buffer, HEADER_BYTES).set(dictionaryBytes)
  let at = HEADER_BYTES + align8(dictionaryBytes.length)
  for (const column of columns) at = writeColumn(buffer, at, column, rowCount)
  return new Uint8Array(buffer, 0, at)
}

function writeColumn(buffer: ArrayBuffer, at: number, column: ColumnArray, rowCount: number): number {
  let minimum = Number.POSITIVE_INFINITY
  let maximum = Number.NEGATIVE_INFINITY
  for (let row = 0; row < rowCount; row++) {
    const value = column[row]!
    if (value < minimum) minimum = value
    if (value > maximum) maximum = value
  }
  const width = rowCount === 0 ? 0 : widthOf(maximum - minimum)
  new Uint32Array(buffer, at, 2).set([width, 0])
  new Float64Array(buffer, at + 8, 1)[0] = rowCount === 0 ? 0 : minimum
  const start = at + COLUMN_HEADER_BYTES
  if (width === 8) {
    new Float64Array(buffer, start, rowCount).set(column.subarray(0, rowCount))
  } else if (width > 0) {
    const values = narrowView(buffer, start, width, rowCount)
    for (let row = 0; row < rowCount; row++) values[row] = column[row]! - minimum
  }
  return start + align8(width * rowCount)
}

/** @throws FinPulseError log-corrupt where the bytes are not such a batch */
export function decodeColumns(kind: BatchKind, payload: Uint8Array): EncodedColumns {
  // Views need alignment; blobs from the log start at 0, so the copy is rare.
  const bytes = payload.byteOffset % 8 === 0 ? payload : payload.slice()
  if (bytes.length < HEADER_BYTES) throw corrupt('is shorter than its header')
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, 4)
  const [magic, storedKind, rowCount, dictionaryLength] = header as unknown as [number, number, number, number]
  if (magic !== MAGIC || storedKind !== kind) throw corrupt(`starts with ${magic}/${storedKind}`)
  const dictionaryEnd = HEADER_BYTES + dictionaryLength
  let at = HEADER_BYTES + align8(dictionaryLength)
  if (at > bytes.length) throw corrupt('ends inside its dictionary')
  return {
    rowCount,
    watermarkUs: new Float64Array(bytes.buffer, bytes.byteOffset + 16, 1)[0]!,
    dictionary: parseDictionary(textDecoder.decode(bytes.subarray(HEADER_BYTES, dictionaryEnd))),
    readColumn(into) {
      at = readColumn(bytes, at, rowCount, into)
    },
  }
}

function readColumn(bytes: Uint8Array, at: number, rowCount: number, into: ColumnArray): number {
  if (at + COLUMN_HEADER_BYTES > bytes.length) throw corrupt('ends before its last column')
  const width = new Uint32Array(bytes.buffer, bytes.byteOffset + at, 1)[0]!
  const base = new Float64Array(bytes.buffer, bytes.byteOffset + at + 8, 1)[0]!
  const start = at + COLUMN_HEADER_BYTES
  const end = start + align8(width * rowCount)
  if (end > bytes.length) throw corrupt('ends inside a column')
  if (width === 0) {
    into.fill(base, 0, rowCount)
  } else if (width === 8) {
    into.set(new Float64Array(bytes.buffer, bytes.byteOffset + start, rowCount))
  } else {
    const values = narrowView(bytes.buffer, bytes.byteOffset + start, width, rowCount)
    for (let row = 0; row < rowCount; row++) into[row] = values[row]! + base
  }
  return end
}

function parseDictionary(text: string): Instrument[] {
  const rows = JSON.parse(text) as [string, string, number, number][]
  return rows.map(([venue, symbol, priceDecimals, quantityDecimals]) => ({
    venue,
    symbol,
    priceDecimals,
    quantityDecimals,
  }))
}

function widthOf(range: number): 0 | 1 | 2 | 4 | 8 {
  if (range === 0) return 0
  if (range < 2 ** 8) return 1
  if (range < 2 ** 16) return 2
  return range < 2 ** 32 ? 4 : 8
}

function narrowView(
  buffer: ArrayBufferLike,
  start: number,
  width: number,
  count: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (width === 1) return new Uint8Array(buffer, start, count)
  if (width === 2) return new Uint16Array(buffer, start, count)
  if (width === 4) return new Uint32Array(buffer, start, count)
  throw corrupt(`has a column of width ${width}`)
}

function align8(bytes: number): number {
  return (bytes + 7) & ~7
}

function corrupt(what: string): FinPulseError {
  return new FinPulseError('log-corrupt', `columnar batch: ${what}`)
}
