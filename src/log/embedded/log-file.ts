import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { SQLITE_CANTOPEN, SQLITE_NOTADB, sqliteCodeOf } from './sqlite-errors.ts'

/** "FPLG": tells a log from any other SQLite file. */
const APPLICATION_ID = 0x46504c47
const SCHEMA_VERSION = 1

/**
 * One row per batch, clustered by (slot, first_offset): appends go to the end of a partition's range, reads are one
 * range scan. Topic and partition are spelled out once, in `partition`, which also carries the counts that would
 * otherwise need a scan of all batches at start.
 */
const SCHEMA = `
  CREATE TABLE partition (
    slot INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    start_offset INTEGER NOT NULL,
    end_offset INTEGER NOT NULL,
    payload_bytes INTEGER NOT NULL,
    UNIQUE (topic, partition)
  );
  CREATE TABLE batch (
    slot INTEGER NOT NULL,
    first_offset INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    max_event_time_us INTEGER NOT NULL,
    appended_time_us INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (slot, first_offset)
  ) WITHOUT ROWID;
  CREATE TABLE checkpoint (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`

/** How long a statement waits for another connection. Only a checkpoint and the recovery after a crash hold locks. */
const BUSY_TIMEOUT_MS = 5_000
const CACHE_KIB = 16_384
/** The write-ahead log is written back at 1000 pages of 16 KB, and its file cut back to 64 MB where a reader delayed that. */
const WAL_CHECKPOINT_PAGES = 1_000
const WAL_KEPT_BYTES = 64 * 1024 * 1024

export function logFileOf(directory: string): string {
  return join(directory, 'log.db')
}

/**
 * Opens or creates the log for writing. Space of deleted batches is used again by later ones and not given back to the
 * file system: under retention by bytes the file stays at its high-water mark. Only `reset` shrinks it.
 * @throws FinPulseError data-dir-incompatible
 */
export function openForWriting(directory: string, newEpoch: () => string): DatabaseSync {
  mkdirSync(directory, { recursive: true })
  return openChecked(directory, false, (db) => {
    db.exec('PRAGMA page_size = 16384')
    const isNew = isEmpty(db)
    if (!isNew) checkVersion(db, directory)
    // FULL: the write-ahead log reaches the disk before a commit is acknowledged.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA wal_autocheckpoint = ${WAL_CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`)
    if (isNew) create(db, newEpoch())
  })
}

/**
 * Opens an existing log for reading, beside its writer.
 * @throws FinPulseError not-ready where no writer has created it yet; data-dir-incompatible
 */
export function openForReading(directory: string): DatabaseSync {
  return openChecked(directory, true, (db) => {
    // A file without tables is one that its writer is just creating.
    if (isEmpty(db)) throw notCreated(directory)
    checkVersion(db, directory)
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
  })
}

function openChecked(directory: string, readOnly: boolean, prepare: (db: DatabaseSync) => void): DatabaseSync {
  const path = logFileOf(directory)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS })
    prepare(db)
    return db
  } catch (error) {
    db?.close()
    throw openFailure(error, directory, readOnly)
  }
}

function openFailure(error: unknown, directory: string, readOnly: boolean): FinPulseError {
  if (error instanceof FinPulseError) return error
  const code = sqliteCodeOf(error)
  if (code === SQLITE_NOTADB) return incompatible(directory, 'log.db is not a SQLite database')
  if (readOnly && code === SQLITE_CANTOPEN) return notCreated(directory)
  return new FinPulseError('log-failed', `${logFileOf(directory)}: cannot be opened: ${messageOf(error)}`, {
    cause: error,
  })
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_master').get() === undefined
}

function create(db: DatabaseSync, epoch: string): void {
  // One transaction: a crash in the middle leaves an empty file, which the next start takes for new.
  db.exec(
    `BEGIN IMMEDIATE; ${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`,
  )
  db.prepare(`INSERT INTO meta VALUES ('epoch', ?)`).run(epoch)
  db.exec('COMMIT')
}

function checkVersion(db: DatabaseSync, directory: string): void {
  if (pragma(db, 'application_id') !== APPLICATION_ID) throw incompatible(directory, 'log.db is not a FinPulse log')
  const version = pragma(db, 'user_version')
  if (version === SCHEMA_VERSION) return
  throw incompatible(directory, `log.db has format ${version}, this FinPulse reads format ${SCHEMA_VERSION}`)
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}

function incompatible(directory: string, what: string): FinPulseError {
  return new FinPulseError(
    'data-dir-incompatible',
    `${directory}: ${what}; use the version of FinPulse that wrote it, or start with another --data-dir`,
  )
}

function notCreated(directory: string): FinPulseError {
  return new FinPulseError('not-ready', `${directory}: there is no event log yet; its writer creates it at start`, {
    retryable: true,
  })
}
