import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { type ErrorCode, FinPulseError, messageOf } from '../../base/errors.ts'
import { SerialLane } from './serial-lane.ts'

export type Row = readonly DuckDBValue[]

/**
 * Queries that run at the same time. Each holds a thread of the process's pool of four while it runs, and the writer
 * needs one as well.
 */
const READERS_COUNT = 2
/** Queries that may wait for a reader; one more is refused. */
const WAITING_MAX_COUNT = 1000

/** The database file with one connection for writing and a few for reading. */
export class DuckDbDatabase {
  readonly path: string
  readonly writer: DuckDBConnection
  readonly #instance: DuckDBInstance
  readonly #idle: DuckDBConnection[]
  readonly #waiting: ((reader: DuckDBConnection) => void)[] = []
  readonly #quietLane = new SerialLane()
  #runningCount = 0
  /** Set while queries are held back; called when the last running one has ended. */
  #drained: (() => void) | undefined
  #isClosed = false

  private constructor(path: string, instance: DuckDBInstance, connections: readonly DuckDBConnection[]) {
    const [writer, ...readers] = connections
    this.path = path
    this.writer = writer!
    this.#instance = instance
    this.#idle = readers
  }

  /** @throws FinPulseError data-dir-locked where another process has the file open, store-failed otherwise */
  static async open(directory: string, memoryLimitMegabytes: number): Promise<DuckDbDatabase> {
    const path = join(directory, 'store.duckdb')
    try {
      await mkdir(directory, { recursive: true })
      const instance = await DuckDBInstance.create(path, {
        threads: '2',
        memory_limit: `${memoryLimitMegabytes}MB`,
        // The store runs its checkpoints itself, between two writes, instead of inside a commit.
        checkpoint_threshold: '1TB',
        preserve_insertion_order: 'false',
      })
      const connections: DuckDBConnection[] = []
      for (let index = 0; index <= READERS_COUNT; index++) connections.push(await instance.connect())
      // The store reads and writes no file but its own, whatever a statement says.
      await connections[0]!.run('SET enable_external_access = false')
      await connections[0]!.run('SET lock_configuration = true')
      return new DuckDbDatabase(path, instance, connections)
    } catch (error) {
      if (!messageOf(error).includes('Could not set lock'))
        throw failed(error, `market store ${path}: cannot be opened`)
      const text = 'another process is using it; stop it first, or start with another --data-dir'
      throw new FinPulseError('data-dir-locked', `market store ${path}: ${text}`, { cause: error })
    }
  }

  /** Rows of one statement, on a reading connection and off this thread. `values` stand for $1, $2, … */
  async query(sql: string, values: DuckDBValue[] = []): Promise<Row[]> {
    const reader = await this.#takeReader()
    try {
      const result = await reader.run(sql, values)
      const rows: Row[] = []
      // Part by part, so that a long answer does not hold up this thread.
      for await (const part of result.yieldRows()) rows.push(...part)
      return rows
    } catch (error) {
      throw failed(error, 'market store query')
    } finally {
      this.#giveBack(reader)
    }
  }

  /** As `query`, for statements of the writer; only inside the store's lane. @returns the number of rows changed */
  async execute(sql: string): Promise<number> {
    return (await this.writer.run(sql)).rowsChanged
  }

  /** Runs `task` while no query runs: new ones wait, those under way end first. */
  withoutQueries<T>(task: () => Promise<T>): Promise<T> {
    return this.#quietLane.run(async () => {
      await new Promise<void>((drained) => {
        this.#drained = drained
        if (this.#runningCount === 0) drained()
      })
      try {
        return await task()
      } finally {
        this.#drained = undefined
        this.#admit()
      }
    })
  }

  /** Ends when the queries that were asked for have ended; later ones are refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#runningCount + this.#waiting.length > 0) await this.withoutQueries(async () => {})
    for (const connection of [...this.#idle, this.writer]) connection.closeSync()
    this.#instance.closeSync()
  }

  async #takeReader(): Promise<DuckDBConnection> {
    if (this.#isClosed) throw new FinPulseError('store-failed', 'market store: used after it was closed')
    if (this.#waiting.length >= WAITING_MAX_COUNT) {
      throw new FinPulseError('store-failed', `market store: more than ${WAITING_MAX_COUNT} queries are waiting`, {
        retryable: true,
      })
    }
    return new Promise((give) => {
      this.#waiting.push(give)
      this.#admit()
    })
  }

  #giveBack(reader: DuckDBConnection): void {
    this.#idle.push(reader)
    this.#runningCount -= 1
    if (this.#runningCount === 0) this.#drained?.()
    this.#admit()
  }

  #admit(): void {
    while (this.#drained === undefined && this.#waiting.length > 0) {
      const reader = this.#idle.pop()
      if (reader === undefined) return
      this.#runningCount += 1
      this.#waiting.shift()!(reader)
    }
  }
}

/** What DuckDB threw as an error of the store; errors of FinPulse pass as they are. */
export function failed(error: unknown, subject: string, code: ErrorCode = 'store-failed'): FinPulseError {
  if (error instanceof FinPulseError) return error
  return new FinPulseError(code, `${subject}: ${messageOf(error)}`, { cause: error })
}
