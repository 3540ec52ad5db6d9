import { type DuckDBAppender, DuckDBDataChunk, type DuckDBType, type DuckDBVector } from '@duckdb/node-api'

/** Rows of one chunk: DuckDB's vector size. */
export const CHUNK_ROWS = 2048

const WORD = 2 ** 32

/**
 * The memory behind a fixed-width vector. The library keeps it private; going through `setItem` instead would make a
 * BigInt of every 64-bit value.
 */
interface VectorMemory {
  readonly items: { readonly buffer: ArrayBuffer; readonly byteOffset: number; readonly byteLength: number }
}

/** A reusable chunk of fixed-width columns that are written as plain words. */
export class TypedChunk {
  readonly #chunk: DuckDBDataChunk
  readonly #vectors: DuckDBVector[]
  /** A 32-bit column has one word a row; a 64-bit column two, the low one first. */
  readonly words: readonly Uint32Array[]
  /** The same memory byte by byte, for 8-bit columns. */
  readonly bytes: readonly Uint8Array[]

  constructor(types: readonly DuckDBType[]) {
    this.#chunk = DuckDBDataChunk.create(types, CHUNK_ROWS)
    this.#vectors = types.map((_type, column) => this.#chunk.getColumnVector(column))
    const memories = this.#vectors.map((vector) => (vector as unknown as VectorMemory).items)
    this.bytes = memories.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))
    this.words = this.bytes.map(
      ({ buffer, byteOffset, byteLength }) => new Uint32Array(buffer, byteOffset, byteLength >> 2),
    )
  }

  /** Appends the first `rowCount` rows. */
  appendTo(appender: DuckDBAppender, rowCount: number): void {
    for (const vector of this.#vectors) vector.flush()
    this.#chunk.rowCount = rowCount
    appender.appendDataChunk(this.#chunk)
  }
}

/** Writes a whole number of magnitude up to 2^53 into a BIGINT column. */
export function setInteger(words: Uint32Array, row: number, value: number): void {
  const high = Math.floor(value / WORD)
  words[2 * row] = value - high * WORD
  words[2 * row + 1] = high
}

/** Writes digits given as limbs of base 2^52 (base/decimal.ts) as their low 63 bits and the rest. */
export function setDigits(words: Uint32Array, highWords: Uint32Array, row: number, low: number, high: number): void {
  const middle = Math.floor(low / WORD)
  words[2 * row] = low - middle * WORD
  words[2 * row + 1] = high === 0 ? middle : middle | ((high & 0x7ff) << 20)
  highWords[row] = high >>> 11
}

/** As `setDigits`, for digits below 2^127 and a 64-bit column for the rest. */
export function setBigDigits(words: Uint32Array, highWords: Uint32Array, row: number, digits: bigint): void {
  setBigInteger(words, row, digits & 0x7fff_ffff_ffff_ffffn)
  setBigInteger(highWords, row, digits >> 63n)
}

export function setBigInteger(words: Uint32Array, row: number, value: bigint): void {
  words[2 * row] = Number(value & 0xffff_ffffn)
  words[2 * row + 1] = Number(value >> 32n)
}

/** The inverse of `setDigits` and `setBigDigits`, from what a query returns. */
export function digitsOf(low: bigint, high: bigint | number): bigint {
  return (BigInt(high) << 63n) | low
}
