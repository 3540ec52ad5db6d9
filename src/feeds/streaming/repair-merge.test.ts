import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TradeRow } from '../rows/market-row.ts'
import { GapLedger } from './gap-ledger.ts'
import { PAGES_MAX_COUNT, type RepairPage } from './repair-loop.ts'
import { RepairMerge } from './repair-merge.ts'

interface Row {
  readonly id: number
  readonly timeUs: number
}

const LIMITS = { gapMaxCount: 100_000, repairAttemptsMaxCount: 3, backoffFirstMs: 100, backoffMaxMs: 100 }
const rows = {
  idOf: ({ id }: Row) => id,
  read: ({ timeUs }: Row, into: TradeRow) => {
    into.eventTimeUs = timeUs
    return undefined
  },
}

/** Symbols that miss the ids from 1 on, each at its times, and a venue that gives pages of so many rows. */
function start(timesUs: Readonly<Record<string, readonly number[]>>, pageCount: number) {
  const ledger = new GapLedger(LIMITS)
  for (const [symbol, times] of Object.entries(timesUs)) {
    ledger.accept(symbol, 0, times[0]!)
    ledger.miss(symbol, times.length, times.at(-1)!)
  }
  const pages = new Map<string, RepairPage<Row>>()
  const merge = new RepairMerge<Row>(ledger, { pages, taken: (symbol) => pages.delete(symbol) }, rows)
  const taken: [symbol: string, row: Row][] = []
  const take = (row: Row, { request: { symbol } }: RepairPage<Row>) => {
    ledger.accept(symbol, row.id, row.timeUs)
    taken.push([symbol, row])
  }
  const end = ({ request, throughId }: RepairPage<Row>) => ledger.noteAnswered(request, throughId, 0)
  const answer = (): boolean => {
    const request = ledger.nextRequest(0, (symbol) => pages.has(symbol))
    if (request === undefined) return false
    const { symbol, fromId } = request
    const all = timesUs[symbol]!.map((timeUs, index) => ({ id: index + 1, timeUs }))
    const page = all.slice(fromId - 1, fromId - 1 + pageCount)
    pages.set(symbol, { request, rows: page, throughId: page.at(-1)!.id, receivedTimeUs: 0 })
    return true
  }
  const takeAll = (isWaiting: boolean) => {
    while (merge.takeNext(isWaiting, take, end));
  }
  return { ledger, merge, taken, answer, takeAll }
}

const times = fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }).map((list) => list.sort((a, b) => a - b))

describe('RepairMerge', () => {
  it('gives the rows of all symbols in order of time, whatever pages they come in', () => {
    fc.assert(
      fc.property(
        fc.array(times, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        (lists, pageCount) => {
          const run = start(Object.fromEntries(lists.map((list, index) => [`S${index}`, list])), pageCount)
          while (run.answer()) run.takeAll(true)
          const takenTimes = run.taken.map(([, { timeUs }]) => timeUs)
          expect(takenTimes).toEqual(lists.flat().sort((a, b) => a - b))
          expect(run.ledger.outstandingCount).toBe(0)
        },
      ),
    )
  })

  it('waits for what may be older, and no longer than the frames wait', () => {
    const run = start({ AAA: [10, 20, 30], BBB: [15, 25] }, 100)
    run.answer()
    run.takeAll(true)
    // Of the other nothing is known after its last trade, at 15.
    expect(run.taken.map(([symbol, { id }]) => [symbol, id])).toEqual([['AAA', 1]])
    expect(run.merge.hasNext(true)).toBe(false)
    run.takeAll(false)
    expect(run.taken).toHaveLength(3)
  })

  it('goes on where more symbols miss something than may wait', () => {
    const symbols = Array.from({ length: PAGES_MAX_COUNT + 5 }, (_, index) => [`S${index}`, [index + 1]] as const)
    const run = start(Object.fromEntries(symbols), 10)
    for (let count = 0; count < PAGES_MAX_COUNT; count++) run.answer()
    expect(run.merge.hasNext(true)).toBe(true)
    while (run.answer()) run.takeAll(true)
    expect(run.taken).toHaveLength(symbols.length)
  })
})
