const NEWLINE = 10

/** Text lines with the event time of each, in order. Reused from piece to piece. */
export class LineBuffer {
  bytes = new Uint8Array(1 << 12)
  length = 0
  lineCount = 0
  /** Where each line ends, behind its newline. */
  ends = new Uint32Array(1 << 8)
  /** µs. */
  times = new Float64Array(1 << 8)

  clear(): void {
    this.length = 0
    this.lineCount = 0
  }

  /** Appends one line, its newline included. */
  push(line: Uint8Array, timeUs: number): void {
    this.#reserve(line.length, 1)
    this.bytes.set(line, this.length)
    this.length += line.length
    this.ends[this.lineCount] = this.length
    this.times[this.lineCount++] = timeUs
  }

  /** Appends all lines of a text, with their times. */
  append(text: Uint8Array, times: Float64Array, count: number): void {
    this.#reserve(text.length, count)
    this.bytes.set(text, this.length)
    this.times.set(times.subarray(0, count), this.lineCount)
    let at = 0
    for (let line = 0; line < count; line++) {
      at = text.indexOf(NEWLINE, at) + 1
      this.ends[this.lineCount++] = this.length + at
    }
    this.length += text.length
  }

  /** A line, valid until the next change. */
  lineAt(index: number): Uint8Array {
    return this.bytes.subarray(index === 0 ? 0 : this.ends[index - 1]!, this.ends[index]!)
  }

  /** Becomes the lines of two buffers in order of time; of equal times those of the first come first. */
  merge(first: LineBuffer, second: LineBuffer): void {
    this.clear()
    let at = 0
    for (let other = 0; other < second.lineCount; other++) {
      const timeUs = second.times[other]!
      const from = at
      while (at < first.lineCount && first.times[at]! <= timeUs) at += 1
      this.#copy(first, from, at)
      this.#copy(second, other, other + 1)
    }
    this.#copy(first, at, first.lineCount)
  }

  #copy(from: LineBuffer, fromLine: number, toLine: number): void {
    if (fromLine === toLine) return
    const start = fromLine === 0 ? 0 : from.ends[fromLine - 1]!
    const end = from.ends[toLine - 1]!
    this.#reserve(end - start, toLine - fromLine)
    this.bytes.set(from.bytes.subarray(start, end), this.length)
    const shift = this.length - start
    for (let line = fromLine; line < toLine; line++) {
      this.ends[this.lineCount] = from.ends[line]! + shift
      this.times[this.lineCount++] = from.times[line]!
    }
    this.length += end - start
  }

  #reserve(byteCount: number, lineCount: number): void {
    if (this.length + byteCount > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + byteCount))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    }
    if (this.lineCount + lineCount <= this.ends.length) return
    const capacity = Math.max(this.ends.length * 2, this.lineCount + lineCount)
    const ends = new Uint32Array(capacity)
    ends.set(this.ends.subarray(0, this.lineCount))
    this.ends = ends
    const times = new Float64Array(capacity)
    times.set(this.times.subarray(0, this.lineCount))
    this.times = times
  }
}
