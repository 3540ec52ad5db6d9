import { FinPulseError } from '../../base/errors.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
/** A number below 2^53 takes at most this many bytes. */
const UINT_MAX_BYTES = 8

/** Writes whole numbers in as few bytes as they need, seven bits in each (LEB128). */
export class VarintWriter {
  #bytes = new Uint8Array(1024)
  #length = 0

  clear(): void {
    this.#length = 0
  }

  /** @param value from 0 to 2^53 - 1 */
  uint(value: number): void {
    this.#reserve(UINT_MAX_BYTES)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  text(text: string): void {
    const bytes = encoder.encode(text)
    this.uint(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A copy of what was written. */
  written(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** The inverse of VarintWriter. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.#at = start
  }

  /** @throws FinPulseError data-dir-incompatible behind the end */
  uint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new FinPulseError('data-dir-incompatible', 'position of the push feed: it is cut')
      value += (byte % 128) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }

  text(): string {
    const length = this.uint()
    this.#at += length
    return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at))
  }
}
