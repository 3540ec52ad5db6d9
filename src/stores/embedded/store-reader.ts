import { formatDecimal } from '../../base/decimal.ts'
import type { Alert } from '../../events/alert.ts'
import { ALERT_KINDS, SEVERITIES } from '../../events/alert.ts'
import type { Candle } from '../../events/candle.ts'
import { GAP_FINDERS, type Gap } from '../../events/gap.ts'
import { INTERVALS, type Interval } from '../../events/interval.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import type {
  AlertQuery,
  CandleQuery,
  GapQuery,
  MarketStoreReader,
  Page,
  PageKey,
  PricePoint,
  PriceQuery,
  StoreCounts,
  StoreInstrument,
  SymbolSummary,
  TradeIdQuery,
  TradeQuery,
} from '../market-store.ts'
import { joinSpans, type SymbolSpan, summaryOf } from '../symbol-span.ts'
import { CANDLE_SELECT, candleFrom, scaleAt } from './candle-rows.ts'
import type { DuckDbDatabase, Row } from './duckdb-database.ts'
import { latestQuote, latestTrade, TRADE_SELECT, tradeFrom } from './public-rows.ts'
import { CANDLE_DECIMALS } from './schema.ts'
import { SPAN_SELECT, spanFrom } from './span-rows.ts'
import type { StoreState } from './store-state.ts'
import { digitsOf } from './typed-chunk.ts'

/** First span of time that is searched for the newest trades, and how much wider each further one is. */
const FIRST_SPAN_US = 1_000_000
const SPAN_GROWTH = 16

const MINUTE = INTERVALS.indexOf('1m')
const CLOSE = CANDLE_DECIMALS.indexOf('close')
const GAP_SELECT = 'event_time_us, seq, venue, symbol, from_id, to_id, missing_count, previous_event_time_us, found_by'
/** Comes before every row of a listing. */
const LISTING_START: PageKey = { timeUs: Number.MAX_SAFE_INTEGER, tieBreak: Number.MAX_SAFE_INTEGER }

/** The reading half of the embedded store. */
export class StoreReader implements MarketStoreReader {
  readonly #database: DuckDbDatabase
  readonly #state: () => StoreState

  /** @param state gives the current state: another one after the store was cleared */
  constructor(database: DuckDbDatabase, state: () => StoreState) {
    this.#database = database
    this.#state = state
  }

  async instruments(): Promise<readonly StoreInstrument[]> {
    const { instruments, latestTrades } = this.#state()
    return this.#ids().map((id) => ({
      ...instruments.table.at(id),
      firstTradeTimeMs: latestTrades.has(id) ? latestTrades.firstTimeUs[id]! / 1000 : undefined,
      lastTradeTimeMs: latestTrades.has(id) ? latestTrades.rows.eventTimeUs[id]! / 1000 : undefined,
    }))
  }

  async latestQuotes(): Promise<readonly Quote[]> {
    const { instruments, latestQuotes } = this.#state()
    return this.#ids()
      .filter((id) => latestQuotes.has(id))
      .map((id) => latestQuote(latestQuotes, id, instruments.table.at(id)))
  }

  async latestTrades(): Promise<readonly Trade[]> {
    const { instruments, latestTrades } = this.#state()
    return this.#ids()
      .filter((id) => latestTrades.has(id))
      .map((id) => latestTrade(latestTrades, id, instruments.table.at(id)))
  }

  /**
   * Searches ever wider spans of time back from the newest trade: row groups outside of a span are not touched, so
   * that the newest hundred of tens of millions of rows cost as much as those of a few.
   */
  async trades({ symbol, limit, after }: TradeQuery): Promise<Page<Trade>> {
    const { instruments, latestTrades } = this.#state()
    const ids = instruments.idsOf(symbol).filter((id) => latestTrades.has(id))
    if (ids.length === 0) return { rows: [], next: undefined }
    const firstUs = Math.min(...ids.map((id) => latestTrades.firstTimeUs[id]!))
    const newestUs = Math.max(...ids.map((id) => latestTrades.rows.eventTimeUs[id]!))
    const { timeUs, tieBreak } = after ?? { timeUs: newestUs, tieBreak: Number.MAX_SAFE_INTEGER }
    let rows: Row[] = []
    for (let spanUs = FIRST_SPAN_US; ; spanUs *= SPAN_GROWTH) {
      const fromUs = Math.max(firstUs, timeUs - spanUs)
      rows = await this.#database.query(
        `SELECT ${TRADE_SELECT} FROM trades
         WHERE instrument IN (${ids.join(', ')}) AND event_time_us BETWEEN $1 AND $2
           AND (event_time_us < $2 OR seq < $3)
         ORDER BY event_time_us DESC, seq DESC LIMIT $4`,
        [BigInt(fromUs), BigInt(timeUs), BigInt(tieBreak), limit + 1],
      )
      if (rows.length > limit || fromUs === firstUs) break
    }
    return pageOf(rows, limit, {
      rowOf: (row) => tradeFrom(row, instruments.table.at(Number(row[1]))),
      keyOf: (row) => ({ timeUs: Number(row[2]), tieBreak: Number(row[0]) }),
    })
  }

  async tradesById(query: TradeIdQuery): Promise<readonly Trade[]> {
    const { venue, symbol, fromId = 0, fromMs = 0, toMs = Number.POSITIVE_INFINITY, limit } = query
    const { table } = this.#state().instruments
    const id = table.find(venue, symbol)
    if (id === undefined) return []
    const rows = await this.#database.query(
      `SELECT ${TRADE_SELECT} FROM trades
       WHERE instrument = ${id} AND id >= $1 AND event_time_us >= $2 AND event_time_us < $3
       ORDER BY id, seq LIMIT $4`,
      [BigInt(fromId), microseconds(fromMs), microseconds(toMs), limit],
    )
    return rows.map((row) => tradeFrom(row, table.at(id)))
  }

  async candles(query: CandleQuery): Promise<Page<Candle>> {
    const rows = await this.#candleRows(query, INTERVALS.indexOf(query.interval), query.toMs)
    return pageOf(rows, query.limit, { rowOf: (row) => this.#candle(row), keyOf: candleKey })
  }

  async prices(query: PriceQuery): Promise<Page<PricePoint>> {
    const rows = await this.#candleRows(query, MINUTE, Number.POSITIVE_INFINITY)
    return pageOf(rows, query.limit, {
      rowOf: (row) => {
        const { openTimeMs, close, volume } = this.#candle(row)
        return { timeMs: openTimeMs, price: close, volume }
      },
      keyOf: candleKey,
    })
  }

  async candleRevisions(symbol: string, interval: Interval, openTimeMs: number): Promise<readonly Candle[]> {
    const ids = this.#state().instruments.idsOf(symbol)
    if (ids.length === 0) return []
    const rows = await this.#database.query(
      `SELECT ${CANDLE_SELECT} FROM candles
       WHERE instrument IN (${ids.join(', ')}) AND interval = $1 AND open_time_us = $2 ORDER BY revision, instrument`,
      [INTERVALS.indexOf(interval), microseconds(openTimeMs)],
    )
    return rows.map((row) => this.#candle(row))
  }

  async alerts({ symbol, severity, kind, limit, after = LISTING_START }: AlertQuery): Promise<Page<Alert>> {
    const conditions = [
      severity === undefined ? '' : `AND severity = ${SEVERITIES.indexOf(severity)}`,
      kind === undefined ? '' : `AND kind = ${ALERT_KINDS.indexOf(kind)}`,
      symbol === undefined ? '' : 'AND symbol = $4',
    ]
    const rows = await this.#database.query(
      `SELECT body, event_time_us, seq FROM alerts
       WHERE event_time_us <= $1 AND (event_time_us < $1 OR seq < $2) ${conditions.join(' ')}
       ORDER BY event_time_us DESC, seq DESC LIMIT $3`,
      [BigInt(after.timeUs), BigInt(after.tieBreak), limit + 1, ...(symbol === undefined ? [] : [symbol])],
    )
    return pageOf(rows, limit, {
      rowOf: (row) => JSON.parse(String(row[0])) as Alert,
      keyOf: (row) => ({ timeUs: Number(row[1]), tieBreak: Number(row[2]) }),
    })
  }

  async gaps({ symbol, limit, after = LISTING_START }: GapQuery): Promise<Page<Gap>> {
    const rows = await this.#database.query(
      `SELECT ${GAP_SELECT} FROM gaps
       WHERE event_time_us <= $1 AND (event_time_us < $1 OR seq < $2) ${symbol === undefined ? '' : 'AND symbol = $4'}
       ORDER BY event_time_us DESC, seq DESC LIMIT $3`,
      [BigInt(after.timeUs), BigInt(after.tieBreak), limit + 1, ...(symbol === undefined ? [] : [symbol])],
    )
    return pageOf(rows, limit, {
      rowOf: gapFrom,
      keyOf: (row) => ({ timeUs: Number(row[0]), tieBreak: Number(row[1]) }),
    })
  }

  async summaries(fromMs: number): Promise<readonly SymbolSummary[]> {
    const { instruments, latestTrades } = this.#state()
    const rows = await this.#database.query(
      `SELECT ${SPAN_SELECT} FROM candles
       WHERE interval = ${MINUTE} AND is_superseded = 0 AND open_time_us >= $1 GROUP BY instrument, decimals`,
      [microseconds(fromMs)],
    )
    const spans = new Map<number, SymbolSpan>()
    for (const row of rows) {
      const id = Number(row[0])
      const span = spanFrom(row, instruments.table.at(id))
      const known = spans.get(id)
      spans.set(id, known === undefined ? span : joinSpans(known, span))
    }
    return [...spans]
      .sort(([a], [b]) => a - b)
      .map(([id, span]) =>
        summaryOf(span, latestTrades.has(id) ? latestTrades.rows.eventTimeUs[id]! / 1000 : undefined),
      )
  }

  async recentCloses(fromMs: number): Promise<ReadonlyMap<string, readonly string[]>> {
    const { instruments } = this.#state()
    const rows = await this.#database.query(
      `SELECT instrument, decimals, close, close_high FROM candles
       WHERE interval = ${MINUTE} AND is_superseded = 0 AND open_time_us >= $1 ORDER BY open_time_us, instrument`,
      [microseconds(fromMs)],
    )
    const closes = new Map<string, string[]>()
    for (const [instrument, scales, close, closeHigh] of rows) {
      const { symbol } = instruments.table.at(Number(instrument))
      const text = formatDecimal(digitsOf(close as bigint, closeHigh as bigint), scaleAt(scales as bigint, CLOSE))
      const known = closes.get(symbol)
      if (known === undefined) closes.set(symbol, [text])
      else known.push(text)
    }
    return closes
  }

  async alertCountsSince(fromMs: number): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.query(
      'SELECT symbol, count(*) FROM alerts WHERE event_time_us >= $1 GROUP BY symbol',
      [microseconds(fromMs)],
    )
    return new Map(rows.map(([symbol, count]) => [String(symbol), Number(count)]))
  }

  async countsSince(fromMs: number): Promise<StoreCounts> {
    const [counts] = await this.#database.query(
      `SELECT
         (SELECT count(*) FROM trades WHERE event_time_us >= $1),
         (SELECT count(*) FROM quotes WHERE event_time_us >= $1),
         (SELECT count(*) FROM candles WHERE open_time_us >= $1 AND is_superseded = 0),
         (SELECT count(*) FROM alerts WHERE event_time_us >= $1)`,
      [microseconds(fromMs)],
    )
    const [trades, quotes, candles, alerts] = counts!.map(Number)
    return { trades: trades!, quotes: quotes!, candles: candles!, alerts: alerts! }
  }

  async #candleRows(
    { symbol, fromMs, limit, after = LISTING_START }: PriceQuery,
    interval: number,
    toMs: number,
  ): Promise<Row[]> {
    const ids = this.#state().instruments.idsOf(symbol)
    if (ids.length === 0) return []
    return this.#database.query(
      `SELECT ${CANDLE_SELECT} FROM candles
       WHERE instrument IN (${ids.join(', ')}) AND interval = ${interval} AND is_superseded = 0
         AND open_time_us >= $1 AND open_time_us < $2
         AND open_time_us <= $3 AND (open_time_us < $3 OR instrument < $4)
       ORDER BY open_time_us DESC, instrument DESC LIMIT $5`,
      [microseconds(fromMs), microseconds(toMs), BigInt(after.timeUs), BigInt(after.tieBreak), limit + 1],
    )
  }

  #candle(row: Row): Candle {
    const { venue, symbol } = this.#state().instruments.table.at(Number(row[0]))
    return candleFrom(row, venue, symbol)
  }

  #ids(): number[] {
    return Array.from({ length: this.#state().instruments.table.count }, (_, id) => id)
  }
}

function gapFrom([eventTimeUs, , venue, symbol, fromId, toId, missingCount, previousUs, foundBy]: Row): Gap {
  return {
    type: 'gap',
    venue: String(venue),
    symbol: String(symbol),
    fromId: Number(fromId),
    toId: Number(toId),
    missingCount: Number(missingCount),
    previousEventTimeMs: Number(previousUs) / 1000,
    eventTimeMs: Number(eventTimeUs) / 1000,
    foundBy: GAP_FINDERS[Number(foundBy)]!,
  }
}

function candleKey(row: Row): PageKey {
  return { timeUs: Number(row[2]), tieBreak: Number(row[0]) }
}

/** A page out of up to one row more than `limit`: that one tells that there is a next page. */
function pageOf<T>(
  rows: readonly Row[],
  limit: number,
  columns: { readonly rowOf: (row: Row) => T; readonly keyOf: (row: Row) => PageKey },
): Page<T> {
  const given = rows.slice(0, limit)
  const last = given.at(-1)
  const next = rows.length > limit && last !== undefined ? columns.keyOf(last) : undefined
  return { rows: given.map(columns.rowOf), next }
}

/** Milliseconds, also fractional or infinite ones, as a bound in µs. */
function microseconds(milliseconds: number): bigint {
  const clamped = Math.min(Math.max(milliseconds * 1000, 0), Number.MAX_SAFE_INTEGER)
  return BigInt(Math.ceil(clamped))
}
