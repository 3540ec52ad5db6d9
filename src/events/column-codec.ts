import { DECIMALS_MAX } from '../base/decimal.ts'
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
/** Most rows of a batch. */
const ROWS_MAX_COUNT = 2 ** 20

/** 1 trades, 2 quotes, 3 payments. */
export type BatchKind = 1 | 2 | 3

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

/** One buffer seen in every width. */
class Workspace {
  readonly bytes: Uint8Array
  readonly shorts: Uint16Array
  readonly words: Uint32Array
  readonly doubles: Float64Array

  constructor(capacityBytes: number) {
    const buffer = new ArrayBuffer(align8(capacityBytes))
    this.bytes = new Uint8Array(buffer)
    this.shorts = new Uint16Array(buffer)
    this.words = new Uint32Array(buffer)
    this.doubles = new Float64Array(buffer)
  }
}

/** As large as the largest batch so far: each encoding is built here and copied out at its own size. */
let workspace = new Workspace(1 << 20)
/** A column of integers on its way to or from doubles, so that every loop below meets one type of array only. */
let widened = new Float64Array(1 << 13)

/** Smallest and largest value of a column. */
export interface ColumnRange {
  minimum: number
  maximum: number
}

/**
 * @param ranges of columns whose range is known, by place; the others are looked through
 * @returns bytes that are valid until the next encoding of any batch
 */
export function encodeColumns(
  kind: BatchKind,
  rowCount: number,
  watermarkUs: number,
  dictionary: readonly Instrument[],
  columns: readonly ColumnArray[],
  ranges: readonly (ColumnRange | undefined)[] = [],
): Uint8Array {
  const dictionaryBytes = textEncoder.encode(
    JSON.stringify(dictionary.map((i) => [i.venue, i.symbol, i.priceDecimals, i.quantityDecimals])),
  )
  if (rowCount > ROWS_MAX_COUNT) {
    throw new FinPulseError('internal', `columnar batch: expected at most ${ROWS_MAX_COUNT} rows, got ${rowCount}`)
  }
  const maxBytes = encodedMaxBytes(columns.length, rowCount, dictionaryBytes.length)
  if (maxBytes > workspace.bytes.length) workspace = new Workspace(maxBytes)
  workspace.words.set([MAGIC, kind, rowCount, dictionaryBytes.length])
  workspace.doubles[2] = watermarkUs
  let at = HEADER_BYTES + align8(dictionaryBytes.length)
  workspace.bytes.fill(0, HEADER_BYTES, at)
  workspace.bytes.set(dictionaryBytes, HEADER_BYTES)
  for (let place = 0; place < columns.length; place++) {
    const column = columns[place]!
    at = writeColumn(workspace, at, column, rowCount, ranges[place] ?? rangeOf(column, rowCount))
  }
  return workspace.bytes.subarray(0, at)
}

function reserveWidened(rowCount: number): void {
  if (widened.length < rowCount) widened = new Float64Array(rowCount)
}

/** Set by the functions below, so that they allocate nothing. */
const range: ColumnRange = { minimum: 0, maximum: 0 }

function writeColumn(
  space: Workspace,
  at: number,
  column: ColumnArray,
  rowCount: number,
  { minimum, maximum }: ColumnRange,
): number {
  const width = widthOf(maximum - minimum)
  space.words[at >> 2] = width
  space.words[(at >> 2) + 1] = 0
  space.doubles[(at >> 3) + 1] = minimum
  const start = at + COLUMN_HEADER_BYTES
  if (width === 0) return start
  const end = start + align8(width * rowCount)
  // What is left of the last eight bytes must be the same in every run.
  space.doubles[(end >> 3) - 1] = 0
  if (column instanceof Uint8Array) {
    moveBytes(space.bytes, start, column, minimum, rowCount)
    return end
  }
  const doubles = asDoubles(column, rowCount)
  if (width === 8) space.doubles.set(doubles.subarray(0, rowCount), start >> 3)
  else if (width === 4) packWords(space.words, start >> 2, doubles, minimum, rowCount)
  else if (width === 2) packShorts(space.shorts, start >> 1, doubles, minimum, rowCount)
  else packBytes(space.bytes, start, doubles, minimum, rowCount)
  return end
}

/** @returns the column itself, or its integers as doubles, valid until the next call */
function asDoubles(column: Float64Array | Uint32Array, rowCount: number): Float64Array {
  if (column instanceof Float64Array) return column
  reserveWidened(rowCount)
  for (let row = 0; row < rowCount; row++) widened[row] = column[row]!
  return widened
}

/** Both are 0 for no rows. Valid until the next call. */
function rangeOf(column: ColumnArray, rowCount: number): ColumnRange {
  range.minimum = rowCount === 0 ? 0 : column[0]!
  range.maximum = range.minimum
  if (rowCount === 0 || isConstant(column, rowCount)) return range
  if (column instanceof Float64Array) findRangeOfDoubles(column, rowCount)
  else if (column instanceof Uint32Array) findRangeOfWords(column, rowCount)
  else findRangeOfBytes(column, rowCount)
  return range
}

/** Many columns have one value only: comparing memory with itself, a place on, tells it ten times faster than a loop. */
function isConstant(column: ColumnArray, rowCount: number): boolean {
  if (column[rowCount - 1] !== column[0]) return false
  const width = column.BYTES_PER_ELEMENT
  const bytes = Buffer.from(column.buffer, column.byteOffset, rowCount * width)
  return bytes.compare(bytes, width, bytes.length, 0, bytes.length - width) === 0
}

/** Whether the rows of two columns of times are the same, to the bit. */
export function areSameRows(one: Float64Array, other: Float64Array, rowCount: number): boolean {
  const byteCount = rowCount * one.BYTES_PER_ELEMENT
  const bytes = Buffer.from(one.buffer, one.byteOffset, byteCount)
  return bytes.equals(Buffer.from(other.buffer, other.byteOffset, byteCount))
}

// One function per type of array: a loop that meets several types runs several times slower. Each runs over the values
// that do not fall at the beginning first: times have no other.

function findRangeOfDoubles(column: Float64Array, rowCount: number): void {
  const first = column[0]!
  let minimum = first
  let maximum = first
  let row = 1
  for (; row < rowCount; row++) {
    const value = column[row]!
    if (value < maximum) break
    maximum = value
  }
  for (; row < rowCount; row++) {
    const value = column[row]!
    if (value < minimum) minimum = value
    else if (value > maximum) maximum = value
  }
  range.minimum = minimum
  range.maximum = maximum
}

function findRangeOfWords(column: Uint32Array, rowCount: number): void {
  const first = column[0]!
  let minimum = first
  let maximum = first
  let row = 1
  for (; row < rowCount; row++) {
    const value = column[row]!
    if (value < maximum) break
    maximum = value
  }
  for (; row < rowCount; row++) {
    const value = column[row]!
    if (value < minimum) minimum = value
    else if (value > maximum) maximum = value
  }
  range.minimum = minimum
  range.maximum = maximum
}

function findRangeOfBytes(column: Uint8Array, rowCount: number): void {
  const first = column[0]!
  let minimum = first
  let maximum = first
  let row = 1
  for (; row < rowCount; row++) {
    const value = column[row]!
    if (value < maximum) break
    maximum = value
  }
  for (; row < rowCount; row++) {
    const value = column[row]!
    if (value < minimum) minimum = value
    else if (value > maximum) maximum = value
  }
  range.minimum = minimum
  range.maximum = maximum
}

function moveBytes(into: Uint8Array, at: number, from: Uint8Array, minimum: number, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) into[at + row] = from[row]! - minimum
}

function packBytes(into: Uint8Array, at: number, from: Float64Array, minimum: number, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) into[at + row] = from[row]! - minimum
}

function packShorts(into: Uint16Array, at: number, from: Float64Array, minimum: number, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) into[at + row] = from[row]! - minimum
}

function packWords(into: Uint32Array, at: number, from: Float64Array, minimum: number, rowCount: number): void {
  for (let row = 0; row < rowCount; row++) into[at + row] = from[row]! - minimum
}

/** @throws FinPulseError log-corrupt where the bytes are not such a batch */
export function decodeColumns(kind: BatchKind, payload: Uint8Array): EncodedColumns {
  // Views need alignment; blobs from the log start at 0, so the copy is rare.
  // (`slice` of a Buffer makes none.)
  const bytes = payload.byteOffset % 8 === 0 ? payload : new Uint8Array(payload)
  if (bytes.length < HEADER_BYTES) throw corrupt('is shorter than its header')
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, 4)
  const [magic, storedKind, rowCount, dictionaryLength] = header as unknown as [number, number, number, number]
  if (magic !== MAGIC || storedKind !== kind) throw corrupt(`starts with ${magic}/${storedKind}`)
  // Constant columns take no bytes, so the length alone does not bound the memory that the rows take.
  if (rowCount > ROWS_MAX_COUNT) throw corrupt(`has ${rowCount} rows, at most ${ROWS_MAX_COUNT}`)
  const dictionaryEnd = HEADER_BYTES + dictionaryLength
  if (dictionaryEnd > bytes.length) throw corrupt('ends inside its dictionary')
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
  } else if (into instanceof Float64Array) {
    unpack(bytes, start, width, base, into, rowCount)
  } else {
    reserveWidened(rowCount)
    unpack(bytes, start, width, base, widened, rowCount)
    into.set(widened.subarray(0, rowCount))
  }
  return end
}

function unpack(
  bytes: Uint8Array,
  start: number,
  width: number,
  base: number,
  into: Float64Array,
  count: number,
): void {
  const { buffer } = bytes
  const offset = bytes.byteOffset + start
  if (width === 8) into.set(new Float64Array(buffer, offset, count))
  else if (width === 4) unpackWords(new Uint32Array(buffer, offset, count), base, into)
  else if (width === 2) unpackShorts(new Uint16Array(buffer, offset, count), base, into)
  else if (width === 1) unpackBytes(new Uint8Array(buffer, offset, count), base, into)
  else throw corrupt(`has a column of width ${width}`)
}

function unpackBytes(from: Uint8Array, base: number, into: Float64Array): void {
  for (let row = 0; row < from.length; row++) into[row] = from[row]! + base
}

function unpackShorts(from: Uint16Array, base: number, into: Float64Array): void {
  for (let row = 0; row < from.length; row++) into[row] = from[row]! + base
}

function unpackWords(from: Uint32Array, base: number, into: Float64Array): void {
  for (let row = 0; row < from.length; row++) into[row] = from[row]! + base
}

function parseDictionary(text: string): Instrument[] {
  let rows: unknown
  try {
    rows = JSON.parse(text)
  } catch (error) {
    throw corrupt('has a dictionary that is not JSON', error)
  }
  if (!Array.isArray(rows)) throw corrupt('has a dictionary that is no list')
  return rows.map(instrumentFrom)
}

function instrumentFrom(row: unknown): Instrument {
  const [venue, symbol, priceDecimals, quantityDecimals] = Array.isArray(row) ? (row as unknown[]) : []
  const areNames = typeof venue === 'string' && typeof symbol === 'string'
  if (!areNames || !isDecimals(priceDecimals) || !isDecimals(quantityDecimals)) {
    throw corrupt(`has ${JSON.stringify(row)} in its dictionary`)
  }
  return { venue, symbol, priceDecimals, quantityDecimals }
}

function isDecimals(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= DECIMALS_MAX
}

function widthOf(range: number): 0 | 1 | 2 | 4 | 8 {
  if (range === 0) return 0
  if (range < 2 ** 8) return 1
  if (range < 2 ** 16) return 2
  return range < 2 ** 32 ? 4 : 8
}

function align8(bytes: number): number {
  return (bytes + 7) & ~7
}

/** The error of a batch whose bytes are no batch. */
export function corrupt(what: string, cause?: unknown): FinPulseError {
  return new FinPulseError('log-corrupt', `columnar batch: ${what}`, { cause })
}
