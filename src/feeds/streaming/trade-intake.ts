import type { Clock } from '../../base/clock.ts'
import type { FeedStep } from '../feed.ts'
import { createTradeRow, type TradeRow } from '../rows/market-row.ts'
import type { RowInstrument } from '../rows/row-instruments.ts'
import type { FeedPosition } from './feed-position.ts'
import { GapHold } from './gap-hold.ts'
import type { GapLedger } from './gap-ledger.ts'
import type { HeardSymbols } from './heard-symbols.ts'
import type { RepairLoop, RepairPage } from './repair-loop.ts'
import { type RepairedRows, RepairMerge } from './repair-merge.ts'
import type { RowInput, StepDraft } from './step-draft.ts'

export interface TradeIntakeOptions<Row> {
  readonly clock: Clock
  readonly ledger: GapLedger
  readonly position: FeedPosition
  readonly repair: RepairLoop<Row>
  readonly draft: StepDraft
  readonly heard: HeardSymbols
  readonly rows: RepairedRows<Row>
}

/** Takes trades into a step in the order of their ids: what shows a gap may wait for its repair, what is known is dropped. */
export class TradeIntake<Row extends object> {
  readonly #options: TradeIntakeOptions<Row>
  readonly #hold = new GapHold()
  readonly #merge: RepairMerge<Row>
  readonly #repaired = createTradeRow()

  constructor(options: TradeIntakeOptions<Row>) {
    this.#options = options
    this.#merge = new RepairMerge(options.ledger, options.repair, options.rows)
  }

  /** True while a trade, and all after it, waits for a repair. */
  get isHolding(): boolean {
    return this.#hold.isHolding(this.#options.clock.nowUs())
  }

  /**
   * A trade of a stream.
   * @param id of the trade in its stream: its own, or that of an aggregate
   * @param holdMs for how long it may wait
   * @returns false where it must wait for a repair; it is to be brought again then
   */
  take(instrument: RowInstrument, id: number, row: TradeRow, input: RowInput, holdMs: number): boolean {
    const { clock, ledger, position, repair, draft, heard } = this.#options
    const { symbol } = instrument
    if (ledger.verdictOn(symbol, id, row.eventTimeUs) === 'gap') {
      const gap = ledger.miss(symbol, id - 1, row.eventTimeUs)
      position.noteChanged(symbol)
      repair.wake()
      if (this.#hold.begin(gap, clock.nowUs() + holdMs * 1000)) return false
    }
    heard.note(symbol, row.receivedTimeUs)
    if (!ledger.accept(symbol, id, row.eventTimeUs)) {
      draft.count('overlap')
      return true
    }
    position.noteChanged(symbol)
    draft.addTrade(instrument, row, input)
    return true
  }

  /**
   * The step as it was filled, with the gaps that were found since the last one. Its position knows them, so that each is
   * told once. @param watermarkUs promise of a step without rows, or -1
   */
  finish(watermarkUs: number): FeedStep {
    const { ledger, position, draft } = this.#options
    const found = ledger.takeFound()
    for (const { symbol } of found) position.noteChanged(symbol)
    return draft.finish(watermarkUs, position.encode(), found)
  }

  /** True where repairs have brought something that may be taken. @param isWaiting where frames wait for them */
  hasRepaired(isWaiting: boolean): boolean {
    return this.#merge.hasNext(isWaiting)
  }

  /** Takes what repairs have brought, as far as there is room. @param isWaiting where frames wait for them */
  takeRepaired(isWaiting: boolean): void {
    const { draft } = this.#options
    const take = (row: Row, { request, receivedTimeUs }: RepairPage<Row>) =>
      this.#takeRepaired(request.symbol, row, receivedTimeUs)
    let hasMore = true
    while (hasMore && draft.hasRoom) hasMore = this.#merge.takeNext(isWaiting, take, (page) => this.#endPage(page))
  }

  #endPage({ request, throughId }: RepairPage<Row>): void {
    const { clock, ledger, position } = this.#options
    ledger.noteAnswered(request, throughId, clock.nowUs())
    position.noteChanged(request.symbol)
    this.#hold.repaired()
  }

  #takeRepaired(symbol: string, input: Row, receivedTimeUs: number): void {
    const { ledger, draft, position, rows } = this.#options
    const row = this.#repaired
    const refusal = rows.read(input, row)
    if (refusal !== undefined) {
      draft.refuse(refusal, input, receivedTimeUs)
      return
    }
    const id = rows.idOf(input)
    if (ledger.verdictOn(symbol, id, row.eventTimeUs) !== 'fill') return
    ledger.accept(symbol, id, row.eventTimeUs)
    position.noteChanged(symbol)
    row.receivedTimeUs = receivedTimeUs
    draft.addTrade(draft.instrumentOf(symbol)!, row, input)
  }
}
