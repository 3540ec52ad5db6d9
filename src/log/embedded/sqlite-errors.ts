import { FinPulseError, messageOf } from '../../base/errors.ts'

/** Primary result codes, https://www.sqlite.org/rescode.html */
export const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
export const SQLITE_CANTOPEN = 14
export const SQLITE_NOTADB = 26

/** The primary result code of an error that node:sqlite threw; undefined for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  return error.errcode & 0xff
}

/**
 * Runs a query and puts SQLite's own complaints into the words of the port. `subject` is what was asked for.
 * @throws FinPulseError log-corrupt where the file is damaged, else log-failed
 */
export function queried<T>(subject: string, query: () => T): T {
  try {
    return query()
  } catch (error) {
    if (error instanceof FinPulseError) throw error
    const code = sqliteCodeOf(error)
    const isDamaged = code === SQLITE_CORRUPT || code === SQLITE_NOTADB
    const text = `event log: ${subject} cannot be read: ${messageOf(error)}`
    throw new FinPulseError(isDamaged ? 'log-corrupt' : 'log-failed', text, { cause: error })
  }
}
