import { digitsToBigInt, formatDecimal, POWERS_OF_TEN } from '../base/decimal.ts'

const ZERO = 48
const POINT = 46
/** Longest whole number that is written here, in digits. */
const DIGITS_MAX = 20
const CHUNK = 1e8
/** Whole numbers below this are computed with as integers of the machine. */
const SMALL_LIMIT = 2 ** 31
const SMALL_DIGITS = 9
const SMALL_POWERS = Int32Array.from({ length: SMALL_DIGITS + 1 }, (_, exponent) => 10 ** exponent)

/** Builds ASCII text in a growing buffer without a string per number. Reused from piece to piece. */
export class ByteWriter {
  bytes: Uint8Array
  length = 0
  readonly #digits = new Uint8Array(DIGITS_MAX)

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Makes room for so many further bytes; the calls below do not check. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  byte(code: number): void {
    this.bytes[this.length++] = code
  }

  /** Bytes that were encoded before. */
  piece(piece: Uint8Array): void {
    const { bytes } = this
    let at = this.length
    // For short pieces a loop is faster than `set`.
    for (let index = 0; index < piece.length; index++) bytes[at++] = piece[index]!
    this.length = at
  }

  /** A whole number from 0 to 2^53, in at least `minimumLength` digits. */
  integer(value: number, minimumLength = 1): void {
    const digits = this.#digits
    let count = 0
    let rest = value
    // Eight digits at a time fit small integers, whose division is fast.
    while (rest >= CHUNK) {
      const high = Math.floor(rest / CHUNK)
      let low = (rest - high * CHUNK) | 0
      for (let index = 0; index < 8; index++) {
        const next = (low / 10) | 0
        digits[count++] = low - next * 10
        low = next
      }
      rest = high
    }
    let small = rest | 0
    while (small > 0) {
      const next = (small / 10) | 0
      digits[count++] = small - next * 10
      small = next
    }
    while (count < minimumLength) digits[count++] = 0
    const { bytes } = this
    let at = this.length
    while (count > 0) bytes[at++] = ZERO + digits[--count]!
    this.length = at
  }

  /** A decimal's digits (see base/decimal.ts) in plain notation, as `formatDecimal` writes them. */
  decimal(low: number, high: number, decimals: number): void {
    if (high !== 0) {
      this.text(formatDecimal(digitsToBigInt(low, high), decimals))
      return
    }
    if (decimals === 0) {
      this.integer(low)
      return
    }
    const scale = POWERS_OF_TEN[decimals]!
    const whole = Math.floor(low / scale)
    this.integer(whole)
    this.byte(POINT)
    this.integer(low - whole * scale, decimals)
  }

  // Rows of columns. A number that is passed on as a double is allocated; these pass none, and so a stream of lines
  // leaves nothing for the collector.

  /** As `integer`, of a row. */
  integerAt(column: Float64Array, row: number): void {
    const value = column[row]!
    if (value < SMALL_LIMIT) this.#small(value | 0, 1)
    else this.integer(value)
  }

  /** As `decimal`, of a row. */
  decimalAt(low: Float64Array, high: Uint32Array, row: number, decimals: number): void {
    const value = low[row]!
    if (value >= SMALL_LIMIT || high[row] !== 0 || decimals > SMALL_DIGITS) {
      this.decimal(value, high[row]!, decimals)
      return
    }
    const digits = value | 0
    if (decimals === 0) {
      this.#small(digits, 1)
      return
    }
    const scale = SMALL_POWERS[decimals]!
    const whole = (digits / scale) | 0
    this.#small(whole, 1)
    this.byte(POINT)
    this.#small(digits - whole * scale, decimals)
  }

  /** A row's time in µs as ms with as many decimals as it has, as JSON writes the number. */
  millisecondsAt(timesUs: Float64Array, row: number): void {
    const timeUs = timesUs[row]!
    const whole = Math.floor(timeUs / 1000)
    const high = Math.floor(whole / CHUNK)
    if (high === 0) this.#small(whole | 0, 1)
    else {
      this.#small(high | 0, 1)
      this.#small((whole - high * CHUNK) | 0, 8)
    }
    let fraction = (timeUs - whole * 1000) | 0
    if (fraction === 0) return
    let length = 3
    while (fraction % 10 === 0) {
      fraction = (fraction / 10) | 0
      length -= 1
    }
    this.byte(POINT)
    this.#small(fraction, length)
  }

  /** Writes what was written at `[from, to)` once more. */
  repeat(from: number, to: number): void {
    const { bytes } = this
    let at = this.length
    for (let index = from; index < to; index++) bytes[at++] = bytes[index]!
    this.length = at
  }

  /** A whole number below 2^31, from its last digit to its first. */
  #small(value: number, minimumLength: number): void {
    let length = minimumLength
    while (length < SMALL_DIGITS && value >= SMALL_POWERS[length]!) length += 1
    if (value >= 1e9) length = 10
    const { bytes } = this
    let rest = value
    for (let at = this.length + length - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0
      bytes[at] = ZERO + rest - next * 10
      rest = next
    }
    this.length += length
  }

  /** ASCII text. */
  text(text: string): void {
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index))
  }
}
