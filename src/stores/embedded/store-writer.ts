import type { DuckDBAppender, DuckDBPreparedStatement } from '@duckdb/node-api'
import { ALERT_KINDS, SEVERITIES } from '../../events/alert.ts'
import { GAP_FINDERS } from '../../events/gap.ts'
import type { StoreWrite } from '../market-store.ts'
import { CandleChunk } from './candle-rows.ts'
import type { DuckDbDatabase } from './duckdb-database.ts'
import { QuoteChunk, TradeChunk } from './row-chunks.ts'
import { CREATE_ROW_TABLES, DROP_ROW_TABLES, MERGE_STAGED_ALERTS, MERGE_STAGED_CANDLES } from './schema.ts'
import { EMPTY_SOURCE, type PreparedWrite, type SourceState, type StoreState } from './store-state.ts'

const APPENDED_TABLES = [
  'instruments',
  'trades',
  'quotes',
  'latest_trades',
  'latest_quotes',
  'candles',
  'gaps',
] as const
const STAGING_TABLES = ['staged_candles', 'staged_alerts'] as const
type AppendedTable = (typeof APPENDED_TABLES)[number] | (typeof STAGING_TABLES)[number]

/** Turns prepared writes into transactions of the writing connection. One call at a time. */
export class StoreWriter {
  readonly #database: DuckDbDatabase
  readonly #updateSource: DuckDBPreparedStatement
  #appenders: Map<AppendedTable, DuckDBAppender>
  readonly #trades = new TradeChunk()
  readonly #quotes = new QuoteChunk()
  readonly #candles = new CandleChunk()

  private constructor(
    database: DuckDbDatabase,
    updateSource: DuckDBPreparedStatement,
    appenders: Map<AppendedTable, DuckDBAppender>,
  ) {
    this.#database = database
    this.#updateSource = updateSource
    this.#appenders = appenders
  }

  static async create(database: DuckDbDatabase): Promise<StoreWriter> {
    const updateSource = await database.writer.prepare(
      'UPDATE source SET epoch = $1, positions = $2, trade_seq = $3, quote_seq = $4, alert_seq = $5',
    )
    return new StoreWriter(database, updateSource, await createAppenders(database))
  }

  /** Rows and positions in one transaction, durable when it resolves. */
  async write(write: StoreWrite, prepared: PreparedWrite, state: StoreState): Promise<void> {
    await this.#transaction(async () => {
      await this.#saveInstruments(state)
      this.#appendRows(write, prepared, state.source)
      if (prepared.revisedCandles.length > 0) for (const sql of MERGE_STAGED_CANDLES) await this.#database.execute(sql)
      if (write.alerts.length > 0) for (const sql of MERGE_STAGED_ALERTS) await this.#database.execute(sql)
      await this.#saveSource(prepared.source)
    })
    state.instruments.unsaved.clear()
  }

  /** Saves the newest row of each instrument, so that an open has to read only the rows after it. */
  async saveLatest({ latestTrades, latestQuotes, source }: StoreState): Promise<void> {
    await this.#transaction(async () => {
      await this.#database.execute('DELETE FROM latest_trades')
      await this.#database.execute('DELETE FROM latest_quotes')
      const trades = this.#appender('latest_trades')
      this.#trades.append(latestTrades.rows, latestTrades.mapping, latestTrades.savedFirstTimeUs, trades)
      trades.flushSync()
      const quotes = this.#appender('latest_quotes')
      this.#quotes.append(latestQuotes.rows, latestQuotes.mapping, latestQuotes.savedFirstTimeUs, quotes)
      quotes.flushSync()
      await this.#database.execute(
        `UPDATE source SET latest_trade_seq = ${source.tradeSeq}, latest_quote_seq = ${source.quoteSeq}`,
      )
    })
  }

  /** Empties every table. */
  async clear(epoch: string): Promise<void> {
    this.#closeAppenders()
    await this.#transaction(async () => {
      await this.#database.execute(DROP_ROW_TABLES)
      await this.#database.execute(CREATE_ROW_TABLES)
      await this.#database.execute('UPDATE source SET latest_trade_seq = 0, latest_quote_seq = 0')
      await this.#saveSource({ ...EMPTY_SOURCE, epoch })
    })
    this.#appenders = await createAppenders(this.#database)
  }

  close(): void {
    this.#closeAppenders()
    this.#updateSource.destroySync()
  }

  #appendRows(write: StoreWrite, prepared: PreparedWrite, before: SourceState): void {
    let { tradeSeq, quoteSeq } = before
    for (const { batch, mapping } of prepared.trades) {
      this.#trades.append(batch, mapping, tradeSeq, this.#appender('trades'))
      tradeSeq += batch.count
    }
    for (const { batch, mapping } of prepared.quotes) {
      this.#quotes.append(batch, mapping, quoteSeq, this.#appender('quotes'))
      quoteSeq += batch.count
    }
    this.#candles.append(prepared.newCandles, this.#appender('candles'))
    this.#candles.append(prepared.revisedCandles, this.#appender('staged_candles'))
    this.#appendAlerts(write, before.alertSeq)
    this.#appendGaps(write, before.gapSeq)
    for (const table of ['trades', 'quotes', 'candles', 'staged_candles', 'staged_alerts', 'gaps'] as const) {
      this.#appender(table).flushSync()
    }
  }

  #appendAlerts(write: StoreWrite, firstSeq: number): void {
    const appender = this.#appender('staged_alerts')
    const ids = new Set<string>()
    write.alerts.forEach((alert, index) => {
      if (ids.has(alert.id)) return
      ids.add(alert.id)
      appender.appendBigInt(BigInt(firstSeq + index))
      appender.appendVarchar(alert.id)
      appender.appendBigInt(microseconds(alert.eventTimeMs))
      appender.appendVarchar(alert.symbol)
      appender.appendUTinyInt(SEVERITIES.indexOf(alert.severity))
      appender.appendUTinyInt(ALERT_KINDS.indexOf(alert.kind))
      appender.appendVarchar(JSON.stringify(alert))
      appender.endRow()
    })
  }

  #appendGaps(write: StoreWrite, firstSeq: number): void {
    const appender = this.#appender('gaps')
    write.gaps.forEach((gap, index) => {
      appender.appendVarchar(gap.venue)
      appender.appendVarchar(gap.symbol)
      for (const count of [gap.fromId, gap.toId, gap.missingCount]) appender.appendBigInt(BigInt(count))
      appender.appendBigInt(microseconds(gap.previousEventTimeMs))
      appender.appendBigInt(microseconds(gap.eventTimeMs))
      appender.appendBigInt(BigInt(firstSeq + index))
      // Logs from before feeds told of gaps say nothing: the processors found them.
      appender.appendUTinyInt(Math.max(0, GAP_FINDERS.indexOf(gap.foundBy)))
      appender.endRow()
    })
  }

  async #saveInstruments({ instruments }: StoreState): Promise<void> {
    const ids = [...instruments.unsaved]
    if (ids.length === 0) return
    await this.#database.execute(`DELETE FROM instruments WHERE id IN (${ids.join(', ')})`)
    const appender = this.#appender('instruments')
    for (const id of ids) {
      const instrument = instruments.table.at(id)
      appender.appendInteger(id)
      appender.appendVarchar(instrument.venue)
      appender.appendVarchar(instrument.symbol)
      appender.appendUTinyInt(instrument.priceDecimals)
      appender.appendUTinyInt(instrument.quantityDecimals)
      appender.endRow()
    }
    appender.flushSync()
  }

  async #saveSource(source: SourceState): Promise<void> {
    const positions = source.positions.map(({ topic, partition, nextOffset }) => [topic, partition, nextOffset])
    this.#updateSource.bindVarchar(1, source.epoch ?? '')
    this.#updateSource.bindVarchar(2, JSON.stringify(positions))
    this.#updateSource.bindBigInt(3, BigInt(source.tradeSeq))
    this.#updateSource.bindBigInt(4, BigInt(source.quoteSeq))
    this.#updateSource.bindBigInt(5, BigInt(source.alertSeq))
    await this.#updateSource.run()
  }

  async #transaction(steps: () => Promise<void>): Promise<void> {
    await this.#database.execute('BEGIN')
    try {
      await steps()
      await this.#database.execute('COMMIT')
    } catch (error) {
      await this.#recover()
      throw error
    }
  }

  /** Leaves no row of a failed transaction behind, in the tables or in an appender's buffer. */
  async #recover(): Promise<void> {
    for (const appender of this.#appenders.values()) appender.clear()
    // A commit that failed has ended the transaction already; then there is nothing to roll back.
    const isOpen = await this.#database.execute('ROLLBACK').then(
      () => true,
      () => false,
    )
    if (isOpen) this.#closeAppenders()
    this.#appenders = await createAppenders(this.#database)
  }

  #closeAppenders(): void {
    for (const appender of this.#appenders.values()) appender.closeSync()
    this.#appenders.clear()
  }

  #appender(table: AppendedTable): DuckDBAppender {
    return this.#appenders.get(table)!
  }
}

async function createAppenders({ writer }: DuckDbDatabase): Promise<Map<AppendedTable, DuckDBAppender>> {
  const appenders = new Map<AppendedTable, DuckDBAppender>()
  for (const table of APPENDED_TABLES) appenders.set(table, await writer.createAppender(table))
  for (const table of STAGING_TABLES) appenders.set(table, await writer.createAppender(table, 'main', 'temp'))
  return appenders
}

function microseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000))
}
