/** Longest line that is read; of a longer one only its beginning is kept. */
export const LINE_MAX_BYTES = 1024 * 1024
const SAMPLE_MAX_BYTES = 2048
const NEWLINE = 0x0a
const RETURN = 0x0d

/**
 * Cuts pieces of bytes into lines without copying those that lie within one piece. After `next` returned true, the line
 * is `bytes[start, end)`, without its line end; `bytes[end]` exists and is a control character, which ends every scan.
 * Memory is bounded by a piece and LINE_MAX_BYTES: the rest of a longer line is skipped as it comes.
 */
export class LineSplitter {
  bytes: Uint8Array = new Uint8Array(1)
  start = 0
  end = 0
  /** Lines given so far, blank ones included: the number of the current line, from 1. */
  lineCount = 0
  /** The line was too long, and `bytes[start, end)` is only its beginning. */
  isTooLong = false

  #piece: Uint8Array = new Uint8Array(0)
  #at = 0
  #carry = Buffer.alloc(64 * 1024)
  #carryLength = 0
  #isSkipping = false

  /** Hands over the next piece; only when `next` has returned false. */
  push(piece: Uint8Array): void {
    this.#piece = piece
    this.#at = 0
  }

  /** Steps to the next whole line. @returns false when another piece is needed */
  next(): boolean {
    const newline = this.#piece.indexOf(NEWLINE, this.#at)
    if (newline < 0) {
      this.#keepRest()
      return false
    }
    const lineStart = this.#at
    this.#at = newline + 1
    if (this.#carryLength > 0 || this.#isSkipping) {
      this.#carryOver(lineStart, newline)
      this.#giveCarry()
    } else {
      this.#give(this.#piece, lineStart, newline, newline - lineStart > LINE_MAX_BYTES)
    }
    return true
  }

  /** Steps over up to `count` lines, as fast as they can be found. @returns how many */
  skip(count: number): number {
    let skipped = 0
    while (skipped < count) {
      const newline = this.#piece.indexOf(NEWLINE, this.#at)
      if (newline < 0) {
        this.#keepRest()
        break
      }
      this.#at = newline + 1
      this.#carryLength = 0
      this.#isSkipping = false
      skipped += 1
    }
    this.lineCount += skipped
    return skipped
  }

  /** At the end of the input: the last line, where no line end follows it. @returns false where there is none */
  finish(): boolean {
    if (this.#carryLength === 0 && !this.#isSkipping) return false
    this.#giveCarry()
    return true
  }

  #give(bytes: Uint8Array, start: number, end: number, isTooLong: boolean): void {
    this.bytes = bytes
    this.start = start
    this.end = isTooLong ? start + SAMPLE_MAX_BYTES : end
    if (!isTooLong && end > start && bytes[end - 1] === RETURN) this.end -= 1
    this.isTooLong = isTooLong
    this.lineCount += 1
  }

  #giveCarry(): void {
    const isTooLong = this.#isSkipping
    this.#carry[this.#carryLength] = NEWLINE
    this.#give(this.#carry, 0, isTooLong ? LINE_MAX_BYTES : this.#carryLength, isTooLong)
    this.#carryLength = 0
    this.#isSkipping = false
  }

  #keepRest(): void {
    this.#carryOver(this.#at, this.#piece.length)
    this.#at = this.#piece.length
  }

  #carryOver(start: number, end: number): void {
    const length = end - start
    if (this.#isSkipping || length === 0) return
    if (this.#carryLength + length > LINE_MAX_BYTES) {
      const kept = Math.min(length, Math.max(0, SAMPLE_MAX_BYTES - this.#carryLength))
      this.#append(start, start + kept)
      this.#isSkipping = true
      return
    }
    this.#append(start, end)
  }

  #append(start: number, end: number): void {
    const needed = this.#carryLength + end - start + 1
    if (needed > this.#carry.length) {
      const grown = Buffer.alloc(Math.min(LINE_MAX_BYTES + 1, Math.max(needed, this.#carry.length * 2)))
      grown.set(this.#carry.subarray(0, this.#carryLength))
      this.#carry = grown
    }
    this.#carry.set(this.#piece.subarray(start, end), this.#carryLength)
    this.#carryLength += end - start
  }
}
