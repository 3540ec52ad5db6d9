import { mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  BIGINT,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBInstance,
  UINTEGER,
  UTINYINT,
} from '@duckdb/node-api'
import { FinPulseError } from '../../../base/errors.ts'
import { decodePayments, decodeQuotes, decodeTrades } from '../../../events/batch-codec.ts'
import { InstrumentTable } from '../../../events/instrument.ts'
import { PaymentBatch } from '../../../events/payment-batch.ts'
import type { Topic } from '../../../events/topic.ts'
import { TradeBatch } from '../../../events/trade-batch.ts'
import { CHUNK_ROWS, setInteger, TypedChunk } from '../../../stores/embedded/typed-chunk.ts'
import { PIECE_MAX_COUNT } from '../piece-maker.ts'
import { failureOf } from './outbox.ts'
import { PAYMENT_TABLE, type ParquetTable, QUOTE_TABLE, TRADE_TABLE } from './parquet-tables.ts'
import type { Delivery, PieceSink } from './sink.ts'

const MEMORY_LIMIT = '512MB'
/** Rows of a row group, DuckDB's own. */
const GROUP_ROWS = 122_880
/** Rows that are in memory before they become a part on the disk. */
const PART_ROWS = 4 * GROUP_ROWS
const TYPES = { BIGINT, UINTEGER, UTINYINT } as const

interface Rows {
  readonly count: number
}

/**
 * One kind of events as a Parquet file. Rows are gathered in memory, written as parts of half a million, and at the end
 * copied into one file, so memory is bounded however many there are; the parts take as much room on the disk as the file.
 */
export class ParquetSink implements PieceSink {
  readonly name: string
  readonly isGone = false
  readonly isAllOrNothing = true
  readonly #path: string
  readonly #directory: string
  readonly #partRows: number
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #table: ParquetTable<never>
  readonly #decode: (payload: Uint8Array) => Rows
  readonly #instruments: InstrumentTable
  readonly #chunk: TypedChunk
  #appender: DuckDBAppender | undefined
  #rowCount = 0
  #parts: string[] = []
  #pieceBytes = 0
  #finalBytes: number | undefined
  #working: Promise<void> = Promise.resolve()

  /** @param partRows rows in memory at most, before they become a part @throws FinPulseError sink-failed */
  static async open(path: string, topic: Topic, partRows = PART_ROWS): Promise<ParquetSink> {
    // Beside the file, so that the last part can be moved to its place.
    const directory = await mkdtemp(join(dirname(path), `.${basename(path)}-`)).catch((error: unknown) => {
      throw failureOf(path, error)
    })
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: MEMORY_LIMIT })
    return new ParquetSink(path, topic, partRows, directory, instance, await instance.connect())
  }

  private constructor(
    path: string,
    topic: Topic,
    partRows: number,
    directory: string,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
  ) {
    this.name = path
    this.#path = path
    this.#directory = directory
    this.#partRows = partRows
    this.#instance = instance
    this.#connection = connection
    const instruments = new InstrumentTable()
    this.#instruments = instruments
    const { table, decode } = readerOf(topic, instruments)
    this.#table = table
    this.#decode = decode
    this.#chunk = new TypedChunk(table.raw.map(([, type]) => TYPES[type]))
  }

  /** Those of the columnar pieces until the file is whole. */
  get finalBytes(): number {
    return this.#finalBytes ?? this.#pieceBytes
  }

  async writeHeader(): Promise<void> {
    throw new FinPulseError('internal', 'parquet sink: a columnar stream has no header')
  }

  async write({ piece: { bytes, frames } }: Delivery, taken: () => void): Promise<void> {
    await this.#guard(async () => {
      for (const { from, to } of frames) {
        const batch = this.#decode(bytes.subarray(from, to))
        this.#appender ??= await this.#newAppender()
        this.#append(batch, this.#appender)
        if (this.#rowCount >= this.#partRows) await this.#writePart()
      }
    })
    this.#pieceBytes += bytes.length
    taken()
  }

  /** Nothing is at the path before this: an interrupted run leaves the rows that it has made, a failed one no file. */
  async close(): Promise<void> {
    await this.#guard(async () => {
      if (this.#rowCount > 0 || this.#parts.length === 0) await this.#writePart()
      if (this.#parts.length > 1) await this.#joinParts()
      this.#finalBytes = (await stat(this.#parts[0]!)).size
      await rename(this.#parts[0]!, this.#path)
    })
    await this.#dispose()
  }

  async giveUp(): Promise<void> {
    this.#connection.interrupt()
    // Who waits for the work is told that it failed.
    await this.#working.catch(() => undefined)
    this.#pieceBytes = 0
    await this.#dispose()
  }

  #append(batch: Rows, appender: DuckDBAppender): void {
    const columns = this.#table.columns(batch as never)
    for (const limbs of this.#table.highLimbs(batch as never)) {
      if (limbs.subarray(0, batch.count).some((limb) => limb !== 0)) {
        throw new FinPulseError('internal', 'parquet sink: digits of more than 52 bits')
      }
    }
    for (let start = 0; start < batch.count; start += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, batch.count - start)
      columns.forEach((values, column) => {
        if (values instanceof Float64Array) fillIntegers(this.#chunk.words[column]!, values, start, count)
        else if (values instanceof Uint32Array) this.#chunk.words[column]!.set(values.subarray(start, start + count))
        else this.#chunk.bytes[column]!.set(values.subarray(start, start + count))
      })
      this.#chunk.appendTo(appender, count)
    }
    this.#rowCount += batch.count
  }

  async #newAppender(): Promise<DuckDBAppender> {
    const columns = this.#table.raw.map(([name, type]) => `"${name}" ${type}`)
    await this.#connection.run(`CREATE OR REPLACE TABLE raw (${columns.join(', ')})`)
    return this.#connection.createAppender('raw')
  }

  async #writePart(): Promise<void> {
    this.#appender ??= await this.#newAppender()
    this.#appender.closeSync()
    this.#appender = undefined
    await this.#setVariables()
    await this.#copy(`SELECT ${this.#table.select} FROM raw`)
    this.#rowCount = 0
  }

  async #joinParts(): Promise<void> {
    const parts = this.#parts.map(quoted).join(', ')
    this.#parts = []
    await this.#copy(`SELECT * FROM read_parquet([${parts}])`, 'joined')
  }

  async #copy(select: string, name = `part-${this.#parts.length}`): Promise<void> {
    const path = join(this.#directory, `${name}.parquet`)
    const options = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${GROUP_ROWS}`
    await this.#connection.run(`COPY (${select}) TO ${quoted(path)} (${options})`)
    this.#parts.push(path)
  }

  /** What the columns of the file are looked up in. */
  async #setVariables(): Promise<void> {
    const instruments = Array.from({ length: this.#instruments.count }, (_, index) => this.#instruments.at(index))
    const lists = {
      venues: `[${instruments.map(({ venue }) => quoted(venue)).join(', ')}]::VARCHAR[]`,
      symbols: `[${instruments.map(({ symbol }) => quoted(symbol)).join(', ')}]::VARCHAR[]`,
      price_decimals: `[${instruments.map(({ priceDecimals }) => priceDecimals).join(', ')}]::INTEGER[]`,
      quantity_decimals: `[${instruments.map(({ quantityDecimals }) => quantityDecimals).join(', ')}]::INTEGER[]`,
      powers: `[${Array.from({ length: 19 }, (_, places) => `1${'0'.repeat(places)}`).join(', ')}]::BIGINT[]`,
    }
    for (const [name, list] of Object.entries(lists)) await this.#connection.run(`SET VARIABLE ${name} = ${list}`)
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    this.#working = work()
    try {
      await this.#working
    } catch (error) {
      throw failureOf(this.#path, error)
    }
  }

  async #dispose(): Promise<void> {
    this.#connection.closeSync()
    this.#instance.closeSync()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

function readerOf(
  topic: Topic,
  instruments: InstrumentTable,
): { table: ParquetTable<never>; decode: (payload: Uint8Array) => Rows } {
  if (topic === 'payments') {
    const batch = new PaymentBatch(PIECE_MAX_COUNT)
    return { table: PAYMENT_TABLE, decode: (payload) => decodePayments(payload, batch) }
  }
  if (topic === 'market.quotes') return { table: QUOTE_TABLE, decode: (payload) => decodeQuotes(payload, instruments) }
  const batch = new TradeBatch(instruments, PIECE_MAX_COUNT)
  return { table: TRADE_TABLE, decode: (payload) => decodeTrades(payload, instruments, batch) }
}

function fillIntegers(words: Uint32Array, values: Float64Array, start: number, count: number): void {
  for (let row = 0; row < count; row++) setInteger(words, row, values[start + row]!)
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
