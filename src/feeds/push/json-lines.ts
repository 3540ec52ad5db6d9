import { FinPulseError } from '../../base/errors.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = 0x5b
const CLOSE = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const NEWLINE = 0x0a
const SPACE = 0x20
/** Stands for a control character in a text, which JSON forbids: one that does not end the line. */
const NOT_TEXT = 0x01

/**
 * A JSON array as lines, one element each; a lone object is one line. The elements are not parsed, so that their numbers
 * keep their digits: what is wrong within one is found when its line is read.
 * @throws FinPulseError request-invalid where the array itself is none
 */
export function linesOfJson(bytes: Uint8Array): Uint8Array {
  const start = skipSpace(bytes, 0)
  if (bytes[start] === OPEN_BRACE) return oneLine(bytes, start)
  if (bytes[start] !== OPEN) throw notAnArray('it begins with neither [ nor {')
  const lines = new Uint8Array(bytes.length)
  let depth = 0
  let isText = false
  let at = start + 1
  for (; at < bytes.length; at++) {
    const code = bytes[at]!
    lines[at] = code
    if (isText) {
      if (code === BACKSLASH && at + 1 < bytes.length) {
        at += 1
        lines[at] = bytes[at]!
      } else if (code === QUOTE) isText = false
      else if (code < SPACE) lines[at] = NOT_TEXT
    } else if (code === QUOTE) isText = true
    else if (code === OPEN || code === OPEN_BRACE) depth += 1
    else if (code === CLOSE && depth === 0) break
    else if (code === CLOSE || code === CLOSE_BRACE) depth -= 1
    else if (code < SPACE) lines[at] = SPACE
    else if (code === COMMA && depth === 0) lines[at] = NEWLINE
    if (depth < 0) break
  }
  if (bytes[at] !== CLOSE || depth !== 0) throw notAnArray('it has no end')
  if (skipSpace(bytes, at + 1) !== bytes.length) throw notAnArray('something follows its end')
  return lines.subarray(start + 1, at)
}

function oneLine(bytes: Uint8Array, start: number): Uint8Array {
  return bytes.slice(start).map((code) => (code < SPACE ? SPACE : code))
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at]! <= SPACE) at += 1
  return at
}

function notAnArray(what: string): FinPulseError {
  return new FinPulseError('request-invalid', `body: expected a JSON array of events, or one event; ${what}`)
}
