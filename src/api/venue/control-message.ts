/** What a client may ask for over its WebSocket. */
export type ControlRequest = { readonly id: ControlId } & (
  | { readonly method: 'SUBSCRIBE' | 'UNSUBSCRIBE'; readonly streams: readonly string[] }
  | { readonly method: 'LIST_SUBSCRIPTIONS' }
  | { readonly method: 'SET_PROPERTY'; readonly isCombined: boolean }
  | { readonly method: 'GET_PROPERTY' }
)
export type ControlId = number | string | null

/** The venue's answer to a request that it does not take (web-socket-streams.md, Error Messages). */
export interface ControlError {
  readonly code: number
  readonly msg: string
  readonly id?: ControlId
}

const METHODS = ['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY'] as const
type Method = (typeof METHODS)[number]
const ID_TEXT_MAX_LENGTH = 36
const SHOWN_MAX_LENGTH = 64

export function parseControl(text: string): ControlRequest | ControlError {
  const message = jsonOf(text)
  if (message === undefined) return { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return invalid('expected an object')
  }
  const { method, params, id } = message as Record<string, unknown>
  if (!isId(id)) return invalid('request ID must be an unsigned integer')
  if (method === undefined) return invalid('missing field `method`', id)
  if (!isMethod(method)) return invalid(unknownMethod(method), id)
  switch (method) {
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE':
      return streamsRequest(method, params, id)
    case 'LIST_SUBSCRIPTIONS':
      return params === undefined ? { method, id } : invalid('too many parameters', id)
    default:
      return propertyRequest(method, params, id)
  }
}

export function isControlError(parsed: ControlRequest | ControlError): parsed is ControlError {
  return 'code' in parsed
}

function streamsRequest(
  method: 'SUBSCRIBE' | 'UNSUBSCRIBE',
  params: unknown,
  id: ControlId,
): ControlRequest | ControlError {
  const isList = Array.isArray(params) && params.every((name) => typeof name === 'string')
  return isList ? { method, streams: params, id } : invalid('params must be a list of stream names', id)
}

function propertyRequest(method: 'SET_PROPERTY' | 'GET_PROPERTY', params: unknown, id: ControlId) {
  const [name, value, ...rest] = Array.isArray(params) ? (params as unknown[]) : []
  if (typeof name !== 'string') return invalid('property name must be a string', id)
  if (name !== 'combined') return { code: 0, msg: 'Unknown property', id }
  if (rest.length > 0 || (method === 'GET_PROPERTY' && value !== undefined)) return invalid('too many parameters', id)
  if (method === 'GET_PROPERTY') return { method, id }
  return typeof value === 'boolean'
    ? { method, isCombined: value, id }
    : { code: 1, msg: 'Invalid value type: expected Boolean', id }
}

/** @returns undefined for what is no JSON */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller answers in the venue's words.
    return undefined
  }
}

function isMethod(value: unknown): value is Method {
  return METHODS.includes(value as Method)
}

/** As the venue takes them: a 64-bit integer (whole numbers as JSON reads them), a short text, or null. */
function isId(id: unknown): id is ControlId {
  // A larger number could not be answered as it was written.
  if (id === null || Number.isSafeInteger(id)) return true
  return typeof id === 'string' && id.length <= ID_TEXT_MAX_LENGTH && /^[0-9A-Za-z_-]*$/.test(id)
}

function unknownMethod(method: unknown): string {
  const shown = String(method).slice(0, SHOWN_MAX_LENGTH)
  return `unknown variant \`${shown}\`, expected one of ${METHODS.map((name) => `\`${name}\``).join(', ')}`
}

function invalid(what: string, id?: ControlId): ControlError {
  return { code: 2, msg: `Invalid request: ${what}`, ...(id === undefined ? {} : { id }) }
}
