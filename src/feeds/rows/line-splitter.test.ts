import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINE_MAX_BYTES, LineSplitter } from './line-splitter.ts'

function split(pieces: readonly Uint8Array[]): string[] {
  const splitter = new LineSplitter()
  const lines: string[] = []
  const take = () => {
    expect(splitter.bytes[splitter.end]! < 0x20).toBe(true)
    lines.push(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)).toString())
  }
  for (const piece of pieces) {
    splitter.push(piece)
    while (splitter.next()) take()
  }
  if (splitter.finish()) take()
  expect(splitter.lineCount).toBe(lines.length)
  return lines
}

const aPiece = fc
  .array(fc.constantFrom('a', 'b', '\n', '\r\n', '{}', '\n\n'))
  .map((parts) => Buffer.from(parts.join('')))

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(aPiece), (pieces) => {
        const whole = Buffer.concat(pieces).toString()
        const expected = whole.split('\n').map((line) => line.replace(/\r$/, ''))
        // A text that ends with a line end has no line behind it.
        if (expected.at(-1) === '' && !whole.endsWith('\r')) expected.pop()
        expect(split(pieces.map((piece) => Uint8Array.from(piece)))).toEqual(expected)
      }),
    )
  })

  it('skips lines as it would have given them', () => {
    fc.assert(
      fc.property(fc.array(aPiece), fc.nat(10), (pieces, count) => {
        const splitter = new LineSplitter()
        const rest: string[] = []
        for (const piece of pieces) {
          splitter.push(piece)
          splitter.skip(Math.max(0, count - splitter.lineCount))
          while (splitter.lineCount >= count && splitter.next()) {
            rest.push(Buffer.from(splitter.bytes.subarray(splitter.start, splitter.end)).toString())
          }
        }
        const whole = `${Buffer.concat(pieces)}`.split('\n').slice(0, -1)
        expect(rest).toEqual(whole.map((line) => line.replace(/\r$/, '')).slice(count))
      }),
    )
  })

  it('keeps the beginning of a 100 MB line, skips the rest and goes on with the next line', () => {
    const splitter = new LineSplitter()
    const piece = new Uint8Array(1024 * 1024).fill(0x61)
    for (let count = 0; count < 100; count++) {
      splitter.push(piece)
      expect(splitter.next()).toBe(false)
    }
    splitter.push(Buffer.from('\nnext\n'))
    expect(splitter.next()).toBe(true)
    expect(splitter.isTooLong).toBe(true)
    expect(splitter.end - splitter.start).toBeLessThan(4096)
    expect(splitter.next()).toBe(true)
    expect(splitter.isTooLong).toBe(false)
    expect(splitter.lineCount).toBe(2)
  })

  it('takes a line of the greatest length, within a piece and across pieces, and none that is longer', () => {
    for (const extra of [0, 1]) {
      const line = Buffer.alloc(LINE_MAX_BYTES + extra + 1, 0x61)
      line[line.length - 1] = 0x0a
      for (const cut of [0, 1000, LINE_MAX_BYTES]) {
        const splitter = new LineSplitter()
        splitter.push(line.subarray(0, cut))
        expect(splitter.next()).toBe(false)
        splitter.push(line.subarray(cut))
        expect(splitter.next()).toBe(true)
        expect(splitter.isTooLong).toBe(extra === 1)
      }
    }
  })
})
