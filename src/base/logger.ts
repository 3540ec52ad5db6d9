type Fields = Readonly<Record<string, unknown>>

/** One level of a logger: a text alone, or fields and a text. */
export interface LogLine {
  (message: string): void
  (fields: Fields, message: string): void
}

/** What every room may ask of a logger; pino fits. An error goes into the field `err`. */
export interface Logger {
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
}

/** Says nothing: for tests and for callers that pass no logger. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
