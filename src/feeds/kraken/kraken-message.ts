import { messageOf } from '../../base/errors.ts'
import { NumberText, parseExactJson } from '../rows/exact-json.ts'
import type { Refusal } from '../rows/market-row.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** The venue's answer to a request over the socket, or a complaint that answers none. */
export interface SocketAnswer {
  /** NaN where it names no request. */
  readonly requestId: number
  /** Empty where it names none. */
  readonly symbol: string
  readonly isSuccess: boolean
  readonly error: string
}

/** What a frame is. A `trades` frame of past trades, sent at the beginning of a subscription, is a snapshot. */
export type KrakenMessage =
  | { readonly kind: 'trades' | 'quotes'; readonly isSnapshot: boolean; readonly rows: readonly JsonObject[] }
  | { readonly kind: 'answer'; readonly answer: SocketAnswer }
  /** `online`, `maintenance`, `cancel_only`, `post_only`, `limit_only`. */
  | { readonly kind: 'status'; readonly system: string }
  | { readonly kind: 'passed-over' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const PASSED: KrakenMessage = { kind: 'passed-over' }
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads one frame of WebSocket v2 (docs.kraken.com/api/docs/websocket-v2). Numbers stay as they are written. */
export function readMessage(frame: Uint8Array): KrakenMessage {
  let json: unknown
  try {
    json = parseExactJson(decoder.decode(frame))
  } catch (error) {
    return refused('malformed', `not JSON: ${messageOf(error)}`)
  }
  if (!isObject(json)) return refused('unknown-shape', 'expected a JSON object')
  const { channel, method } = json
  if (typeof method === 'string') return method === 'subscribe' ? answerOf(json) : PASSED
  if (channel === 'trade' || channel === 'ticker') return rowsOf(channel, json)
  if (channel === 'status') return statusOf(json)
  if (typeof channel === 'string') return PASSED
  if (typeof (json.error ?? json.Error) === 'string') return answerOf(json)
  return refused('unknown-shape', `object with the members ${Object.keys(json).slice(0, 8).join(', ').slice(0, 120)}`)
}

function rowsOf(channel: 'trade' | 'ticker', { type, data }: JsonObject): KrakenMessage {
  if (!Array.isArray(data) || !data.every(isObject))
    return refused('unknown-shape', `${channel}: expected a list of rows`)
  return { kind: channel === 'trade' ? 'trades' : 'quotes', isSnapshot: type === 'snapshot', rows: data }
}

function statusOf({ data }: JsonObject): KrakenMessage {
  const first: unknown = Array.isArray(data) ? data[0] : undefined
  return { kind: 'status', system: isObject(first) ? textOf(first.system) : '' }
}

function answerOf(json: JsonObject): KrakenMessage {
  const result = isObject(json.result) ? json.result : {}
  const answer = {
    requestId: Number(textOf(json.req_id) || Number.NaN),
    symbol: textOf(json.symbol) || textOf(result.symbol),
    isSuccess: json.success === true,
    error: textOf(json.error) || textOf(json.Error),
  }
  return { kind: 'answer', answer }
}

/** A number or a text as it is written; empty for anything else. */
export function textOf(value: unknown): string {
  if (value instanceof NumberText) return value.text
  return typeof value === 'string' ? value : ''
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
}

function refused(reason: Refusal['reason'], detail: string): KrakenMessage {
  return { kind: 'refused', refusal: { reason, detail } }
}

/** Beyond this a frame is surely one of trades or quotes. */
const CONTROL_MAX_BYTES = 1024
const CONTROL_WORDS = ['"method"', '"heartbeat"', '"status"', '"error"', '"Error"']

/** True for frames about the connection itself, which must not wait behind trades. Told without reading them. */
export function isControl(frame: Uint8Array): boolean {
  if (frame.length > CONTROL_MAX_BYTES) return false
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
  return CONTROL_WORDS.some((word) => bytes.includes(word))
}
