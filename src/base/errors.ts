/**
 * The closed set of error codes. `docs/errors.md` lists the same codes; a test keeps the two equal.
 * A code is part of the public interface: it appears in problem details, exit messages and metrics.
 */
export const ERROR_CODES = {
  'config-invalid': 'A flag, environment variable or configuration value is unknown or out of range.',
  'data-dir-locked': 'Another process uses the data directory.',
  'data-dir-incompatible': 'The data directory was written by an incompatible version.',
  'port-in-use': 'The address to listen on is taken.',
  'input-unreadable': 'An input file is missing, unreadable or damaged.',
  'format-unknown': 'The format of an input could not be told from its content.',
  'event-invalid': 'An event broke a rule of the vocabulary.',
  'log-closed': 'The event log was used after it was closed.',
  'log-failed': 'The storage of the event log refused a write or a read, for example because the disk is full.',
  'log-corrupt': 'A stored batch does not match its checksum.',
  'log-conflict': 'A commit was refused because another writer has moved on.',
  'offset-out-of-range': 'The offset asked for is no longer, or not yet, in the log.',
  'sink-failed': 'The place that generated events are sent to refused them.',
  'store-failed': 'The market store refused a write or a query.',
  'request-invalid': 'A request parameter is missing, malformed or out of range.',
  'not-found': 'There is no such resource.',
  'symbol-unknown': 'No event of that symbol has been seen.',
  'queue-full': 'A bounded queue has no room; send it again in a moment.',
  'not-ready': 'The engine is starting or stopping; ask again in a moment.',
  'worker-failed': 'A worker thread ended unexpectedly.',
  internal: 'A defect in FinPulse itself.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export interface ErrorDetails {
  /** True where the same call may succeed later without any change. */
  readonly retryable?: boolean
  readonly context?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/**
 * The one error class. Message: subject, what is wrong, the actual value, the allowed range or the fix, for example
 * `--port: expected an integer from 0 to 65535, got "eighty"`.
 */
export class FinPulseError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly context: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'FinPulseError'
    this.code = code
    this.retryable = details.retryable ?? false
    this.context = details.context ?? {}
  }
}

/** The text of anything thrown, for messages and logs: with its cause, which our own errors have in their text. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof FinPulseError) return error.message
  // Several attempts that failed, as to the addresses of a host, may have no text of their own.
  const causes = error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause]
  return [...new Set([error.message, ...causes.map(messageOf)])].filter((text) => text !== '').join(': ')
}
