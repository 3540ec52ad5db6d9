import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api'
import { FinPulseError } from '../../base/errors.ts'
import type { RowSink } from '../rows/row-sink.ts'
import {
  type ColumnPlaces,
  missingColumns,
  placeColumns,
  TableRowReader,
  TRADE_COLUMNS,
  type TradeColumn,
} from '../rows/table-columns.ts'
import { type ByteSource, unreadable } from './byte-source.ts'
import type { ReplayInput } from './line-input.ts'

/** Memory that DuckDB may use for one file. */
const MEMORY_LIMIT = '512MB'
const READ_COLUMNS = TRADE_COLUMNS

/**
 * Reads the trades of one Parquet file through DuckDB, columns found by name as in CSV. Every value comes as text: a
 * DECIMAL with all its decimals, a DOUBLE in its shortest form, a timestamp in ISO 8601.
 * @throws FinPulseError input-unreadable, or format-unknown where a column is missing
 */
export async function openParquet(
  path: string,
  name: string,
  venue: string,
  startRecord: number,
): Promise<ReplayInput> {
  const { size } = await stat(path)
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: MEMORY_LIMIT })
  const connection = await instance.connect()
  const close = () => {
    connection.closeSync()
    instance.closeSync()
  }
  try {
    const rowCount = await countRows(connection, path)
    const result = await connection.stream(await selectTrades(connection, path, name, startRecord))
    return new ParquetInput(name, new TableRowReader(venue), result, { size, rowCount, startRecord }, close)
  } catch (error) {
    close()
    if (error instanceof FinPulseError) throw error
    throw unreadable(name, 'is no readable Parquet file', error)
  }
}

/** Writes a source that is no plain file (from a zip, gzip or standard input) to a file of its own, and reads that. */
export async function spoolParquet(source: ByteSource, venue: string, startRecord: number): Promise<ReplayInput> {
  const directory = await mkdtemp(join(tmpdir(), 'finpulse-replay-'))
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const path = join(directory, 'input.parquet')
    const file = await open(path, 'w')
    try {
      for (let piece = await source.read(); piece !== undefined; piece = await source.read()) await file.write(piece)
    } finally {
      await file.close()
    }
    const input = await openParquet(path, source.name, venue, startRecord)
    const closeInput = input.close.bind(input)
    input.close = async () => {
      await closeInput()
      await source.close()
      await remove()
    }
    return input
  } catch (error) {
    await remove()
    throw error
  }
}

async function countRows(connection: DuckDBConnection, path: string): Promise<number> {
  const result = await connection.runAndReadAll(`SELECT count(*)::DOUBLE FROM ${fileScan(path)}`)
  return Number(result.getRows()[0]?.[0])
}

async function selectTrades(
  connection: DuckDBConnection,
  path: string,
  name: string,
  startRecord: number,
): Promise<string> {
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${fileScan(path)}`)
  const names = described.getRows().map((row) => String(row[0]))
  const places: ColumnPlaces = placeColumns(names)
  const missing = missingColumns(places)
  if (missing.length > 0) {
    const shown = names.join(', ').slice(0, 200)
    throw new FinPulseError('format-unknown', `${name}: Parquet columns ${shown}: none for ${missing.join(', ')}`)
  }
  const columns = READ_COLUMNS.map((column) =>
    places[column] < 0 ? `''` : `coalesce(CAST(${quoted(names[places[column]]!)} AS VARCHAR), '')`,
  )
  return `SELECT ${columns.join(', ')} FROM ${fileScan(path)} OFFSET ${startRecord}`
}

function fileScan(path: string): string {
  // The name is a glob to DuckDB; a set of one character stands for that character.
  const literal = path.replaceAll(/[*?[]/g, '[$&]').replaceAll("'", "''")
  return `read_parquet('${literal}')`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

interface Extent {
  readonly size: number
  readonly rowCount: number
  readonly startRecord: number
}

class ParquetInput implements ReplayInput {
  recordCount: number
  readonly #name: string
  readonly #rows: TableRowReader
  readonly #result: DuckDBResult
  readonly #extent: Extent
  readonly #close: () => void
  #columns: readonly string[][] = []
  #at = 0
  #chunkCount = 0
  readonly #text = (column: TradeColumn): string => this.#columns[READ_COLUMNS.indexOf(column)]![this.#at]!

  constructor(name: string, rows: TableRowReader, result: DuckDBResult, extent: Extent, close: () => void) {
    this.#name = name
    this.#rows = rows
    this.#result = result
    this.#extent = extent
    this.#close = close
    this.recordCount = extent.startRecord
  }

  get bytesRead(): number {
    const { size, rowCount } = this.#extent
    return rowCount === 0 ? size : Math.floor((size * this.recordCount) / rowCount)
  }

  read(sink: RowSink, recordMaxCount: number): number {
    let count = 0
    for (; count < recordMaxCount && this.#at < this.#chunkCount && !sink.step.isFull; count++, this.#at++) {
      this.recordCount += 1
      const refusal = this.#rows.read(this.#text, sink)
      if (refusal === undefined) continue
      const sample = () => READ_COLUMNS.map((column) => this.#text(column)).join(',')
      sink.ledger.refuse(refusal, `${this.#name}:${this.recordCount}`, this.#rows.receivedTimeUs, sample)
    }
    sink.ledger.lines += count
    return count
  }

  async fetch(): Promise<boolean> {
    const chunk = await this.#result.fetchChunk().catch((error: unknown) => {
      throw unreadable(this.#name, `is damaged after record ${this.recordCount}`, error)
    })
    this.#at = 0
    this.#chunkCount = chunk?.rowCount ?? 0
    if (chunk === null || chunk.rowCount === 0) return false
    this.#columns = READ_COLUMNS.map((_column, index) => chunk.getColumnValues(index).map(String))
    return true
  }

  async skip(): Promise<void> {
    // The query has skipped them.
  }

  refuseTorn(): void {
    // A record is read as a whole or not at all.
  }

  async close(): Promise<void> {
    this.#close()
  }
}
