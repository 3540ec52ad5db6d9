import { messageOf } from '../../base/errors.ts'
import { NumberText, parseExactJson } from '../rows/exact-json.ts'
import type { Refusal } from '../rows/market-row.ts'
import { FALSE, type MessageFields, NESTED, NULL, NUMBER, STRING, TRUE } from './message-fields.ts'
import {
  AGG_TRADE,
  BOOK_TICKER,
  looksLikeSpotBookTicker,
  type MessageKind,
  PASSED_OVER,
  TRADE,
  UNFAMILIAR,
} from './message-scanner.ts'

/** How `parseMessage` names what it read. */
export interface ParsedMessage {
  readonly kind: MessageKind
  /** Of what is passed over: `depthUpdate`, `kline`, `depth snapshot`, … */
  readonly name: string
  readonly refusal?: Refusal
}

const textDecoder = new TextDecoder('utf-8', { fatal: true })
const textEncoder = new TextEncoder()
const KINDS: ReadonlyMap<string, MessageKind> = new Map([
  ['trade', TRADE],
  ['aggTrade', AGG_TRADE],
  ['bookTicker', BOOK_TICKER],
])

/**
 * Reads one message the thorough way: any JSON, with escapes, spaces, numbers in place of strings, envelope members in
 * any order. The fields come out as from `scanMessage`. Slow (about 5 µs): for what the scanner does not know.
 */
export function parseMessage(bytes: Uint8Array, start: number, end: number, fields: MessageFields): ParsedMessage {
  let json: unknown
  try {
    json = parseExactJson(textDecoder.decode(bytes.subarray(start, end)))
  } catch (error) {
    return refused('malformed', `not JSON: ${messageOf(error)}`)
  }
  if (isObject(json) && Object.hasOwn(json, 'stream') && Object.hasOwn(json, 'data')) json = json.data
  if (Array.isArray(json)) return { kind: PASSED_OVER, name: arrayName(json) }
  if (!isObject(json)) return refused('unknown-shape', 'expected a JSON object')
  fillFields(json, fields)
  const event = json.e
  if (typeof event === 'string' && Object.hasOwn(json, 'e')) {
    const kind = KINDS.get(event)
    return kind === undefined ? { kind: PASSED_OVER, name: event } : { kind, name: event }
  }
  if (looksLikeSpotBookTicker(fields)) return { kind: BOOK_TICKER, name: 'bookTicker' }
  return nameWithoutEvent(json)
}

/** Answers and snapshots say by their members what they are. */
function nameWithoutEvent(json: Record<string, unknown>): ParsedMessage {
  const has = (key: string) => Object.hasOwn(json, key)
  if (has('lastUpdateId') && has('bids') && has('asks')) return { kind: PASSED_OVER, name: 'depth snapshot' }
  if (has('result') && has('id')) return { kind: PASSED_OVER, name: 'subscription answer' }
  if (has('error') || (has('code') && has('msg'))) return { kind: PASSED_OVER, name: 'error answer' }
  if (has('symbols') && has('timezone')) return { kind: PASSED_OVER, name: 'exchange information' }
  return refused('unknown-shape', `object with the members ${Object.keys(json).slice(0, 8).join(', ').slice(0, 120)}`)
}

function arrayName(array: readonly unknown[]): string {
  const first = array[0]
  return isObject(first) && typeof first.e === 'string' ? `array of ${first.e}` : 'array'
}

function fillFields(json: Record<string, unknown>, fields: MessageFields): void {
  const parts: { key: number; type: number; bytes: Uint8Array }[] = []
  for (const [name, value] of Object.entries(json)) {
    const key = name.length === 1 ? name.charCodeAt(0) : 128
    if (key < 128) parts.push({ key, ...fieldOf(value) })
  }
  const scratch = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0))
  fields.clear(scratch)
  let at = 0
  for (const part of parts) {
    scratch.set(part.bytes, at)
    fields.type[part.key] = part.type
    fields.start[part.key] = at
    at += part.bytes.length
    fields.end[part.key] = at
  }
}

const NOTHING = new Uint8Array(0)

function fieldOf(value: unknown): { type: number; bytes: Uint8Array } {
  if (typeof value === 'string') return { type: STRING, bytes: textEncoder.encode(value) }
  if (value instanceof NumberText) return { type: NUMBER, bytes: textEncoder.encode(value.text) }
  if (value === true) return { type: TRUE, bytes: NOTHING }
  if (value === false) return { type: FALSE, bytes: NOTHING }
  return { type: value === null ? NULL : NESTED, bytes: NOTHING }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
}

function refused(reason: Refusal['reason'], detail: string): ParsedMessage {
  return { kind: UNFAMILIAR, name: '', refusal: { reason, detail } }
}
