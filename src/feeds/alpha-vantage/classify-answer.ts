import { parseExactJson } from '../rows/exact-json.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * What an answer means. Everything comes with HTTP 200, errors too, so the body alone decides.
 * `text` is the vendor's and may echo the key.
 */
export type Answer =
  | { readonly kind: 'quote'; readonly quote: JsonObject }
  | { readonly kind: 'bars'; readonly meta: JsonObject; readonly bars: JsonObject }
  | { readonly kind: 'empty' }
  | { readonly kind: ErrorKind; readonly text: string }

export type ErrorKind =
  | 'daily-limit'
  | 'minute-limit'
  | 'premium-only'
  | 'invalid-key'
  | 'bad-call'
  | 'unknown-shape'
  | 'malformed'

/** Over the years the vendor has moved the same texts between these fields. */
const ERROR_FIELDS = ['Error Message', 'Information', 'Note'] as const

/**
 * In this order: texts about a short limit also tell the daily one ("5 calls per minute and 500 calls per day"), and
 * those about any limit also praise the premium plans, which "unlock all premium endpoints".
 */
const ERROR_TEXTS: readonly { readonly pattern: RegExp; readonly kind: ErrorKind }[] = [
  { pattern: /apikey is (?:invalid|missing)|invalid api ?key|\bdemo\b.{0,4}API key/i, kind: 'invalid-key' },
  { pattern: /\bis a premium\b|entitle/i, kind: 'premium-only' },
  {
    pattern: /per[ -](?:minute|second)|burst|spreading out|higher API call (?:frequency|volume)/i,
    kind: 'minute-limit',
  },
  { pattern: /per day|daily/i, kind: 'daily-limit' },
  { pattern: /premium (?:endpoint|feature|function)/i, kind: 'premium-only' },
  { pattern: /invalid API call|does not exist|invalid symbol/i, kind: 'bad-call' },
]

/** Tells the vendor's answers apart. Numbers are kept as they are written. */
export function classifyAnswer(body: string): Answer {
  let value: unknown
  try {
    value = parseExactJson(body)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { kind: 'malformed', text: body }
  }
  if (!isObject(value)) return { kind: 'unknown-shape', text: body }
  for (const field of ERROR_FIELDS) {
    const text = value[field]
    if (typeof text === 'string') return errorOf(field, text)
  }
  return dataOf(value) ?? { kind: 'unknown-shape', text: body }
}

function errorOf(field: (typeof ERROR_FIELDS)[number], text: string): Answer {
  const known = ERROR_TEXTS.find(({ pattern }) => pattern.test(text))?.kind
  return { kind: known ?? (field === 'Error Message' ? 'bad-call' : 'unknown-shape'), text }
}

function dataOf(value: JsonObject): Answer | undefined {
  const keys = Object.keys(value)
  if (keys.length === 0) return { kind: 'empty' }
  // Delayed data adds to the name: "Global Quote - DATA DELAYED BY 15 MINUTES".
  const quote = value[keys.find((key) => key.startsWith('Global Quote')) ?? '']
  if (isObject(quote)) return Object.keys(quote).length === 0 ? { kind: 'empty' } : { kind: 'quote', quote }
  const bars = value[keys.find((key) => key.startsWith('Time Series (')) ?? '']
  const meta = value['Meta Data']
  if (!isObject(bars) || !isObject(meta)) return undefined
  return Object.keys(bars).length === 0 ? { kind: 'empty' } : { kind: 'bars', meta, bars }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
