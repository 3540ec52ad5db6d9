import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { SQLITE_BUSY, sqliteCodeOf } from './sqlite-errors.ts'

/**
 * Sees to it that a directory has one writer, among threads and processes: an exclusive transaction on a database of its
 * own, held as long as the writer lives. The operating system drops it with the process, however that ends, so there is
 * no stale lock to clean up. (Nothing else may open `lock.db`: closing any handle of a file drops a process' POSIX locks.)
 */
export class WriterLock {
  readonly #db: DatabaseSync

  /** @throws FinPulseError data-dir-locked */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true })
    const db = new DatabaseSync(join(directory, 'lock.db'), { timeout: 0 })
    try {
      db.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      db.close()
      throw lockFailure(error, directory)
    }
    this.#db = db
  }

  release(): void {
    this.#db.close()
  }
}

function lockFailure(error: unknown, directory: string): FinPulseError {
  if (sqliteCodeOf(error) !== SQLITE_BUSY) {
    return new FinPulseError('log-failed', `${directory}: cannot be locked: ${messageOf(error)}`, { cause: error })
  }
  return new FinPulseError(
    'data-dir-locked',
    `${directory}: another FinPulse is using this data directory; stop it first, or start with another --data-dir`,
    { context: { directory } },
  )
}
