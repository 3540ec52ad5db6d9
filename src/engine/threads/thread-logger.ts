import type { MessagePort } from 'node:worker_threads'
import type { Logger, LogLine } from '../../base/logger.ts'
import { notify } from './calls.ts'

/** A log line of a worker thread on its way to the main thread, which alone writes to the terminal. */
export interface LogNotice {
  readonly logged: keyof Logger
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A logger that sends its lines to the main thread. */
export function threadLogger(port: MessagePort): Logger {
  const line =
    (logged: keyof Logger): LogLine =>
    (first: string | Readonly<Record<string, unknown>>, second?: string) => {
      const notice =
        typeof first === 'string' ? { fields: {}, message: first } : { fields: first, message: second ?? '' }
      notify(port, { logged, ...notice } satisfies LogNotice)
    }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** Writes a line that came from a worker thread. */
export function logNotice(logger: Logger, { logged, fields, message }: LogNotice): void {
  logger[logged](fields, message)
}
