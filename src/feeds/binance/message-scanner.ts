import { FALSE, type MessageFields, NULL, NUMBER, STRING, TRUE } from './message-fields.ts'

/** What a message is. */
export const UNFAMILIAR = 0
export const PASSED_OVER = 1
export const TRADE = 2
export const AGG_TRADE = 3
export const BOOK_TICKER = 4
export type MessageKind = typeof UNFAMILIAR | typeof PASSED_OVER | typeof TRADE | typeof AGG_TRADE | typeof BOOK_TICKER

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN = 0x7b
const CLOSE = 0x7d
const LETTER_E = 0x65
const STREAM_OPEN = ascii('{"stream":"')
const DATA_OPEN = ascii('","data":{')
const LITERALS = [
  { text: ascii('true'), type: TRUE },
  { text: ascii('false'), type: FALSE },
  { text: ascii('null'), type: NULL },
] as const
const TRADE_NAME = ascii('trade')
const AGG_TRADE_NAME = ascii('aggTrade')
const BOOK_TICKER_NAME = ascii('bookTicker')
const BOOK_TICKER_KEYS = [...ascii('usbBaA')]

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/**
 * Finds the fields of one Binance message, raw or in a combined-stream envelope, without decoding it. Handles what the
 * exchange sends: compact JSON of printable ASCII without escapes, flat, whole numbers. Fields may come in any order.
 * For anything else it answers UNFAMILIAR, and `parseMessage` decides; whatever is not UNFAMILIAR means the same to
 * `JSON.parse`, except that of a message of another kind than ours only its beginning and end are looked at.
 * The byte at `end` must exist and be a control character.
 */
export function scanMessage(bytes: Uint8Array, start: number, end: number, fields: MessageFields): MessageKind {
  fields.clear(bytes)
  let at = start
  let isCombined = false
  if (startsWith(bytes, at, STREAM_OPEN)) {
    at = skipText(bytes, at + STREAM_OPEN.length)
    if (!startsWith(bytes, at, DATA_OPEN)) return UNFAMILIAR
    at += DATA_OPEN.length
    isCombined = true
  } else if (bytes[at] === OPEN) {
    at += 1
  } else {
    return UNFAMILIAR
  }
  return scanMembers(bytes, at, end, isCombined, fields)
}

function scanMembers(
  bytes: Uint8Array,
  start: number,
  end: number,
  isCombined: boolean,
  fields: MessageFields,
): MessageKind {
  const tailBytes = isCombined ? 2 : 1
  let kind: MessageKind = UNFAMILIAR
  let at = start
  for (;;) {
    if (bytes[at] !== QUOTE) return UNFAMILIAR
    const keyEnd = skipText(bytes, at + 1)
    const key = keyEnd === at + 2 ? bytes[at + 1]! : -1
    if (bytes[keyEnd] !== QUOTE || bytes[keyEnd + 1] !== COLON) return UNFAMILIAR
    at = scanValue(bytes, keyEnd + 2, key, fields)
    if (at < 0) return UNFAMILIAR
    if (key === LETTER_E) {
      kind = kindOf(bytes, fields)
      if (kind === PASSED_OVER) return endsWithBraces(bytes, end, tailBytes) ? PASSED_OVER : UNFAMILIAR
    }
    const next = bytes[at]
    at += 1
    if (next === COMMA) continue
    if (next !== CLOSE) return UNFAMILIAR
    break
  }
  if (isCombined && bytes[at++] !== CLOSE) return UNFAMILIAR
  if (at !== end) return UNFAMILIAR
  return kind === UNFAMILIAR && looksLikeSpotBookTicker(fields) ? BOOK_TICKER : kind
}

/** @returns the index behind the value, or -1 where it is not of the plain kind */
function scanValue(bytes: Uint8Array, start: number, key: number, fields: MessageFields): number {
  const first = bytes[start]!
  if (first === QUOTE) {
    const textEnd = skipText(bytes, start + 1)
    if (bytes[textEnd] !== QUOTE) return -1
    note(fields, key, STRING, start + 1, textEnd)
    return textEnd + 1
  }
  let at = start
  while (bytes[at]! >= 48 && bytes[at]! <= 57) at += 1
  if (at > start) {
    // JSON knows no leading zeros.
    if (first === 48 && at > start + 1) return -1
    note(fields, key, NUMBER, start, at)
    return at
  }
  for (const literal of LITERALS) {
    if (first !== literal.text[0]) continue
    if (!startsWith(bytes, start, literal.text)) return -1
    note(fields, key, literal.type, start, start + literal.text.length)
    return start + literal.text.length
  }
  return -1
}

function note(fields: MessageFields, key: number, type: number, start: number, end: number): void {
  if (key < 0) return
  fields.type[key] = type
  fields.start[key] = start
  fields.end[key] = end
}

/** The index of the first byte that is not plain text: a quote, an escape, a control character or beyond ASCII. */
function skipText(bytes: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const code = bytes[at]!
    if (code >= 0x20 && code < 0x7f && code !== QUOTE && code !== BACKSLASH) at += 1
    else return at
  }
}

function kindOf(bytes: Uint8Array, fields: MessageFields): MessageKind {
  if (fields.type[LETTER_E] !== STRING) return UNFAMILIAR
  const start = fields.start[LETTER_E]!
  const length = fields.end[LETTER_E]! - start
  if (length === TRADE_NAME.length && startsWith(bytes, start, TRADE_NAME)) return TRADE
  if (length === AGG_TRADE_NAME.length && startsWith(bytes, start, AGG_TRADE_NAME)) return AGG_TRADE
  if (length === BOOK_TICKER_NAME.length && startsWith(bytes, start, BOOK_TICKER_NAME)) return BOOK_TICKER
  return PASSED_OVER
}

/** Spot `bookTicker` has no `e`: its six fields are its mark. */
export function looksLikeSpotBookTicker(fields: MessageFields): boolean {
  return fields.type[LETTER_E] === 0 && BOOK_TICKER_KEYS.every((key) => fields.isText(key))
}

function endsWithBraces(bytes: Uint8Array, end: number, count: number): boolean {
  for (let back = 1; back <= count; back++) if (bytes[end - back] !== CLOSE) return false
  return true
}

function startsWith(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return true
}
