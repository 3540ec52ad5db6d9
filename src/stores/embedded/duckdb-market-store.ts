import { stat } from 'node:fs/promises'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import type { Interval } from '../../events/interval.ts'
import type {
  AlertQuery,
  CandleQuery,
  GapQuery,
  MarketStore,
  PriceQuery,
  StoreRetention,
  StoreSource,
  StoreWrite,
  TradeIdQuery,
  TradeQuery,
} from '../market-store.ts'
import { DuckDbDatabase, failed } from './duckdb-database.ts'
import { applyRetention } from './retention.ts'
import { CREATE_ROW_TABLES, CREATE_SOURCE, CREATE_STAGING } from './schema.ts'
import { SerialLane } from './serial-lane.ts'
import { loadState, upgrade } from './store-loader.ts'
import { StoreReader } from './store-reader.ts'
import { EMPTY_SOURCE, StoreState } from './store-state.ts'
import { StoreWriter } from './store-writer.ts'

const MEGABYTE = 2 ** 20

export interface DuckDbMarketStoreOptions {
  /** Holds `store.duckdb` and what belongs to it; created where it is missing. */
  readonly directory: string
  /** Most memory that the database takes for its buffers; 384 unless told. */
  readonly memoryLimitMegabytes?: number
  /**
   * Size of the write-ahead log from which its rows are moved into the tables; 16 unless told. A write waits while
   * that goes on: some 40 ms for 16 MB, 80 ms for 32 MB, 200 ms for 128 MB.
   */
  readonly checkpointMegabytes?: number
}

/** Rows written since the last checkpoint that ask for one whatever the log's size: large writes go around the log. */
const CHECKPOINT_ROWS = 2_000_000

/**
 * The market store in one DuckDB file. For one thread: writes, retention and checkpoints take turns in order of call,
 * queries run beside them on connections of their own and see whole writes only. One write is under way at a time, so
 * the caller waits for each before it hands over the next.
 *
 * The larger the writes, the faster. From 122,880 rows on (a row group, 15 batches of 8,192) their rows go into the
 * tables directly instead of through the write-ahead log; exact multiples of that are the best size at full load.
 */
export class DuckDbMarketStore implements MarketStore {
  readonly #database: DuckDbDatabase
  readonly #writer: StoreWriter
  readonly #reader: StoreReader
  readonly #lane = new SerialLane()
  readonly #checkpointBytes: number
  #state: StoreState
  #uncheckpointedRows = 0
  #isCheckpointing = false
  /** What a checkpoint between writes failed with: the next write reports it. */
  #checkpointFailure: unknown
  #isClosed = false

  private constructor(database: DuckDbDatabase, writer: StoreWriter, state: StoreState, checkpointBytes: number) {
    this.#database = database
    this.#writer = writer
    this.#state = state
    this.#checkpointBytes = checkpointBytes
    this.#reader = new StoreReader(database, () => this.#state)
  }

  /** @throws FinPulseError data-dir-locked, data-dir-incompatible or store-failed */
  static async open(options: DuckDbMarketStoreOptions): Promise<DuckDbMarketStore> {
    const { directory, memoryLimitMegabytes = 384, checkpointMegabytes = 16 } = options
    const database = await DuckDbDatabase.open(directory, memoryLimitMegabytes)
    try {
      await database.execute(`BEGIN; ${CREATE_SOURCE}; ${CREATE_ROW_TABLES}; ${CREATE_STAGING}; COMMIT`)
      await upgrade(database)
      const state = await loadState(database)
      const writer = await StoreWriter.create(database)
      return new DuckDbMarketStore(database, writer, state, checkpointMegabytes * MEGABYTE)
    } catch (error) {
      await database.close()
      throw failed(error, `market store ${database.path}: cannot be opened`)
    }
  }

  async source(): Promise<StoreSource> {
    const { epoch, positions } = this.#state.source
    return { epoch, positions }
  }

  /** @throws FinPulseError store-failed; the store is then as before the call, and the same write may be tried again */
  async write(write: StoreWrite): Promise<void> {
    await this.#exclusively(async () => {
      const prepared = this.#state.prepare(write)
      await this.#writer.write(write, prepared, this.#state)
      this.#state.committed(prepared)
      this.#uncheckpointedRows += prepared.tradeCount + prepared.quoteCount
    })
    await this.#checkpointWhenDue()
  }

  async retain(retention: StoreRetention): Promise<number> {
    const dropped = await applyRetention(
      {
        database: this.#database,
        step: (sql) => this.#exclusively(() => this.#database.execute(sql)),
        countOf: (table) => (table === 'trades' ? this.#state.tradeCount : this.#state.quoteCount),
        dropped: (table, count) => {
          if (table === 'trades') this.#state.tradeCount -= count
          else this.#state.quoteCount -= count
        },
      },
      retention,
    )
    await this.#checkpointWhenDue()
    return dropped
  }

  async clear(epoch: string): Promise<void> {
    await this.#exclusively(async () => {
      await this.#writer.clear(epoch)
      this.#state = new StoreState()
      this.#state.source = { ...EMPTY_SOURCE, epoch }
    })
    await this.#database.withoutQueries(() => this.#exclusively(() => this.#checkpoint()))
  }

  instruments() {
    return this.#reader.instruments()
  }

  trades(query: TradeQuery) {
    return this.#reader.trades(query)
  }

  tradesById(query: TradeIdQuery) {
    return this.#reader.tradesById(query)
  }

  candles(query: CandleQuery) {
    return this.#reader.candles(query)
  }

  candleRevisions(symbol: string, interval: Interval, openTimeMs: number) {
    return this.#reader.candleRevisions(symbol, interval, openTimeMs)
  }

  alerts(query: AlertQuery) {
    return this.#reader.alerts(query)
  }

  gaps(query: GapQuery) {
    return this.#reader.gaps(query)
  }

  latestQuotes() {
    return this.#reader.latestQuotes()
  }

  latestTrades() {
    return this.#reader.latestTrades()
  }

  prices(query: PriceQuery) {
    return this.#reader.prices(query)
  }

  summaries(fromMs: number) {
    return this.#reader.summaries(fromMs)
  }

  recentCloses(fromMs: number) {
    return this.#reader.recentCloses(fromMs)
  }

  alertCountsSince(fromMs: number) {
    return this.#reader.alertCountsSince(fromMs)
  }

  countsSince(fromMs: number) {
    return this.#reader.countsSince(fromMs)
  }

  /** Waits for what is under way. Later calls are refused. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    try {
      await this.#database.withoutQueries(() => this.#exclusively(() => this.#checkpoint()))
    } finally {
      this.#isClosed = true
      this.#writer.close()
      await this.#database.close()
    }
  }

  async #exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#lane.run(async () => {
      if (this.#isClosed) throw new FinPulseError('store-failed', 'market store: used after it was closed')
      try {
        this.#reportCheckpointFailure()
        return await task()
      } catch (error) {
        throw failed(error, `market store ${this.#database.path}`)
      }
    })
  }

  #reportCheckpointFailure(): void {
    const failure = this.#checkpointFailure
    this.#checkpointFailure = undefined
    if (failure !== undefined) throw failure
  }

  /** Queues a checkpoint behind the write that made it due, so that it runs while the next write is not there yet. */
  async #checkpointWhenDue(): Promise<void> {
    const isDue = this.#uncheckpointedRows >= CHECKPOINT_ROWS || (await this.#logBytes()) >= this.#checkpointBytes
    if (!isDue || this.#isCheckpointing) return
    this.#isCheckpointing = true
    this.#checkpointInTurn().then(
      () => {
        this.#isCheckpointing = false
      },
      (error: unknown) => {
        this.#isCheckpointing = false
        this.#checkpointFailure = error
      },
    )
  }

  /**
   * DuckDB refuses a checkpoint while a query still needs the rows as they were before the last write. Then it is
   * tried again with queries held back; writes go on until those under way have ended.
   */
  async #checkpointInTurn(): Promise<void> {
    const isRefused = await this.#exclusively(() => this.#checkpoint().then(() => false, isCheckpointRefusal))
    if (isRefused) await this.#database.withoutQueries(() => this.#exclusively(() => this.#checkpoint()))
  }

  async #checkpoint(): Promise<void> {
    await this.#writer.saveLatest(this.#state)
    await this.#database.execute('CHECKPOINT')
    this.#uncheckpointedRows = 0
  }

  async #logBytes(): Promise<number> {
    try {
      return (await stat(`${this.#database.path}.wal`)).size
    } catch (error) {
      // Without a row since the last checkpoint there is no log.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
      throw error
    }
  }
}

/** @returns true, or throws an error that means something else */
function isCheckpointRefusal(error: unknown): boolean {
  if (messageOf(error).includes('other write transactions active')) return true
  throw error
}
