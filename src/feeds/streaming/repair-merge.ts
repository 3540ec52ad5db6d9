import { createTradeRow, type Refusal, type TradeRow } from '../rows/market-row.ts'
import type { GapLedger } from './gap-ledger.ts'
import { PAGES_MAX_COUNT, type RepairLoop, type RepairPage } from './repair-loop.ts'

/** Reads rows of repairs. */
export interface RepairedRows<Row> {
  /** The row's id in its stream, or NaN. */
  idOf(row: Row): number
  /** Leaves `receivedTimeUs` alone. @returns why the row is no trade */
  read(row: Row, into: TradeRow): Refusal | undefined
}

/** A page of which some rows may have been taken. */
interface OpenPage<Row> {
  readonly page: RepairPage<Row>
  nextRow: number
  /** Event time of the next row, µs; -Infinity where there is none, or it is no trade: that is done at once. */
  nextTimeUs: number
}

/**
 * The rows of all repairs in order of event time. Candles of all symbols close by one clock, that of the newest trade: if
 * what one symbol has missed came before what another has, those of the other would close without it.
 */
export class RepairMerge<Row extends object> {
  readonly #ledger: GapLedger
  readonly #repair: Pick<RepairLoop<Row>, 'pages' | 'taken'>
  readonly #rows: RepairedRows<Row>
  readonly #open = new Map<string, OpenPage<Row>>()
  readonly #row = createTradeRow()

  constructor(ledger: GapLedger, repair: Pick<RepairLoop<Row>, 'pages' | 'taken'>, rows: RepairedRows<Row>) {
    this.#ledger = ledger
    this.#repair = repair
    this.#rows = rows
  }

  /**
   * Whether a row may be taken, or a page is at its end.
   * @param isWaiting where the frames wait for the repairs; else nothing is kept in order any more
   */
  hasNext(isWaiting: boolean): boolean {
    return this.#next(isWaiting) !== undefined
  }

  /**
   * Takes the oldest row, or ends its page.
   * @returns false where none may be taken, since an older one may come of another symbol
   */
  takeNext(
    isWaiting: boolean,
    take: (row: Row, page: RepairPage<Row>) => void,
    end: (page: RepairPage<Row>) => void,
  ): boolean {
    const next = this.#next(isWaiting)
    if (next === undefined) return false
    const { page } = next
    if (next.nextRow < page.rows.length) {
      take(page.rows[next.nextRow]!, page)
      next.nextRow += 1
      next.nextTimeUs = this.#timeOf(next)
      return true
    }
    this.#open.delete(page.request.symbol)
    end(page)
    this.#repair.taken(page.request.symbol)
    return true
  }

  #next(isWaiting: boolean): OpenPage<Row> | undefined {
    this.#openNew()
    let oldest: OpenPage<Row> | undefined
    for (const open of this.#open.values()) {
      if (oldest === undefined || open.nextTimeUs < oldest.nextTimeUs) oldest = open
    }
    if (oldest === undefined || !isWaiting || this.#open.size >= PAGES_MAX_COUNT) return oldest
    // Of a symbol with a page its next row is what is oldest.
    const sinceUs = this.#ledger.missingSinceUs((symbol) => this.#open.has(symbol))
    return oldest.nextTimeUs <= sinceUs ? oldest : undefined
  }

  #openNew(): void {
    for (const [symbol, page] of this.#repair.pages) {
      if (this.#open.has(symbol)) continue
      const open = { page, nextRow: 0, nextTimeUs: 0 }
      open.nextTimeUs = this.#timeOf(open)
      this.#open.set(symbol, open)
    }
  }

  #timeOf({ page, nextRow }: OpenPage<Row>): number {
    const row = page.rows[nextRow]
    if (row === undefined || this.#rows.read(row, this.#row) !== undefined) return Number.NEGATIVE_INFINITY
    return this.#row.eventTimeUs
  }
}
