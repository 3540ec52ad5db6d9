import type { StoreRetention } from '../market-store.ts'
import type { DuckDbDatabase } from './duckdb-database.ts'

/** Rows that one step deletes at most: about ten milliseconds, which a write may have to wait. */
const STEP_ROWS = 250_000

type NumberedTable = 'trades' | 'quotes'

/** What retention needs of the store. */
export interface RetentionSteps {
  readonly database: DuckDbDatabase
  /** Runs one statement in turn with the writes. @returns the number of rows that it deleted */
  readonly step: (sql: string) => Promise<number>
  readonly countOf: (table: NumberedTable) => number
  /** Told of each step's deletions. */
  readonly dropped: (table: NumberedTable, count: number) => void
}

/** Forgets what may be forgotten in steps of bounded size, each a transaction. @returns the number of rows dropped */
export async function applyRetention(steps: RetentionSteps, retention: StoreRetention): Promise<number> {
  let dropped = 0
  dropped += await dropOlder(steps, 'trades', retention.tradesBeforeUs)
  dropped += await dropExcess(steps, 'trades', retention.tradesMaxCount)
  dropped += await dropOlder(steps, 'quotes', retention.quotesBeforeUs)
  dropped += await dropExcess(steps, 'quotes', retention.quotesMaxCount)
  dropped += await steps.step(`DELETE FROM candles WHERE open_time_us < ${integer(retention.candlesBeforeUs)}`)
  dropped += await steps.step(`DELETE FROM alerts WHERE event_time_us < ${integer(retention.alertsBeforeUs)}`)
  dropped += await steps.step(`DELETE FROM gaps WHERE event_time_us < ${integer(retention.tradesBeforeUs)}`)
  return dropped
}

async function dropOlder(steps: RetentionSteps, table: NumberedTable, beforeUs: number): Promise<number> {
  const condition = `event_time_us < ${integer(beforeUs)}`
  const [bounds] = await steps.database.query(`SELECT min(seq), max(seq) FROM ${table} WHERE ${condition}`)
  const [first, last] = bounds!
  if (first === null || last === null) return 0
  let dropped = 0
  for (let from = Number(first); from <= Number(last); from += STEP_ROWS) {
    dropped += await dropRange(steps, table, from, from + STEP_ROWS, condition)
  }
  return dropped
}

/** The rows that arrived first go first. */
async function dropExcess(steps: RetentionSteps, table: NumberedTable, maxCount: number): Promise<number> {
  if (steps.countOf(table) <= maxCount) return 0
  const [first] = await steps.database.query(`SELECT min(seq) FROM ${table}`)
  let dropped = 0
  let from = Number(first![0])
  for (;;) {
    const excess = steps.countOf(table) - maxCount
    if (excess <= 0) return dropped
    const to = from + Math.min(excess, STEP_ROWS)
    dropped += await dropRange(steps, table, from, to, 'true')
    from = to
  }
}

async function dropRange(
  steps: RetentionSteps,
  table: NumberedTable,
  fromSeq: number,
  toSeq: number,
  condition: string,
): Promise<number> {
  const count = await steps.step(`DELETE FROM ${table} WHERE seq >= ${fromSeq} AND seq < ${toSeq} AND ${condition}`)
  steps.dropped(table, count)
  return count
}

/** A bound as the whole number that a statement can hold; `-Infinity` stands for "keep all". */
function integer(bound: number): string {
  return String(Math.ceil(Math.min(Math.max(bound, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)))
}
