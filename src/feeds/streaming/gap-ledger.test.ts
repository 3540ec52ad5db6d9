import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GapLedger, type RepairRequest } from './gap-ledger.ts'

const LIMITS = { gapMaxCount: 1000, repairAttemptsMaxCount: 3, backoffFirstMs: 1, backoffMaxMs: 10 }
const S = 'BTCUSDT'

function ledgerAfter(...ids: number[]): GapLedger {
  const ledger = new GapLedger(LIMITS)
  for (const id of ids) ledger.accept(S, id, id)
  return ledger
}

describe('GapLedger', () => {
  it('knows a gap, asks for it, and takes each of its ids once', () => {
    const ledger = ledgerAfter(5, 9)
    expect(ledger.nextRequest(0)).toEqual({ symbol: S, fromId: 6, toId: 8 })
    expect([7, 7, 6, 8, 8].map((id) => ledger.accept(S, id, id))).toEqual([true, false, true, true, false])
    expect(ledger.hasMissing).toBe(false)
    expect(ledger.counts).toMatchObject({ gapCount: 1, missingCount: 3, repairedCount: 3, duplicateCount: 2 })
  })

  it('asks at once for the gaps of a symbol that one answer brings', () => {
    const ledger = ledgerAfter(5, 9, 12, 900)
    expect(ledger.nextRequest(0)).toEqual({ symbol: S, fromId: 6, toId: 11 })
    for (const id of [6, 7, 8, 10, 11]) expect(ledger.verdictOn(S, id, id)).toBe('fill')
    expect(ledger.verdictOn(S, 9, 9)).toBe('duplicate')
    ledger.noteAnswered({ symbol: S, fromId: 6, toId: 11 }, 11, 0)
    expect(ledger.nextRequest(0)).toEqual({ symbol: S, fromId: 13, toId: 899 })
  })

  it('is not waited for by other symbols once it was refused three times', () => {
    const ledger = new GapLedger({ ...LIMITS, repairAttemptsMaxCount: 12 })
    for (const id of [5, 9]) ledger.accept(S, id, id)
    const request = ledger.nextRequest(0)!
    const none = () => false
    for (const expected of [5, 5, 5]) {
      expect(ledger.missingSinceUs(none)).toBe(expected)
      ledger.noteFailed(request, 0, 1)
    }
    expect(ledger.missingSinceUs(none)).toBe(Number.POSITIVE_INFINITY)
    // It goes on where some of it has come.
    ledger.accept(S, 6, 6)
    expect(ledger.missingSinceUs(none)).toBe(6)
  })

  it('tells of each gap once, with the times around it, and of none that it was given', () => {
    const ledger = ledgerAfter(5, 9)
    ledger.miss(S, 11, 40)
    expect(ledger.takeFound()).toEqual([
      { symbol: S, fromId: 6, toId: 8, previousTimeUs: 5, eventTimeUs: 9 },
      { symbol: S, fromId: 10, toId: 11, previousTimeUs: 9, eventTimeUs: 40 },
    ])
    expect([ledger.hasFound, ledger.takeFound()]).toEqual([false, []])
    const restored = new GapLedger(LIMITS)
    restored.restoreStream(S, ledger.saveStream(S))
    expect([restored.hasMissing, restored.hasFound]).toEqual([true, false])
  })

  it('asks for the oldest gap first', () => {
    const ledger = new GapLedger(LIMITS)
    for (const [symbol, id, timeUs] of [
      ['A', 1, 50],
      ['B', 1, 10],
      ['A', 3, 60],
      ['B', 3, 90],
    ] as const) {
      ledger.accept(symbol, id, timeUs)
    }
    expect(ledger.nextRequest(0)?.symbol).toBe('B')
  })

  it('of a gap beyond the maximum the oldest ids are given up', () => {
    const ledger = ledgerAfter(1, 2002)
    expect(ledger.nextRequest(0)).toEqual({ symbol: S, fromId: 1002, toId: 2001 })
    expect(ledger.counts).toMatchObject({ missingCount: 2000, givenUpCount: 1000 })
  })

  it('begins anew where the venue numbers anew, not where an old trade comes late', () => {
    const ledger = ledgerAfter(1000, 1001)
    expect(ledger.verdictOn(S, 1000, 5000)).toBe('duplicate')
    expect(ledger.verdictOn(S, 1, 900)).toBe('duplicate')
    expect(ledger.verdictOn(S, 1, 5000)).toBe('renumbered')
    ledger.accept(S, 1, 5000)
    expect(ledger.verdictOn(S, 2, 5001)).toBe('next')
  })
})

describe('what the venue does not bring', () => {
  it('a request that brings nothing waits, and is given up at the limit', () => {
    const ledger = ledgerAfter(1, 3)
    const request = ledger.nextRequest(0)!
    ledger.noteFailed(request, 100, 1)
    expect(ledger.nextRequest(99)).toBeUndefined()
    expect(ledger.nextDueUs).toBe(100)
    // To be told to wait is no failure.
    ledger.noteFailed(request, 200, 0)
    ledger.noteFailed(request, 300, 1)
    ledger.noteFailed(request, 400, 1)
    expect(ledger.hasMissing).toBe(false)
    expect(ledger.counts.givenUpCount).toBe(1)
  })

  it('what an answer leaves out is asked for again, after all else, and is absent at the limit', () => {
    const ledger = ledgerAfter(1, 9)
    const request = ledger.nextRequest(0)!
    for (const id of [4, 6]) ledger.accept(S, id, id)
    ledger.noteAnswered(request, 6, 0)
    expect(ledger.counts).toMatchObject({ repairedCount: 2, absentCount: 0 })
    expect(ledger.nextRequest(5000)).toEqual({ symbol: S, fromId: 7, toId: 8 })
    for (const id of [7, 8]) ledger.accept(S, id, id)
    // 2, 3 and 5 at once, after 1 ms and after 2 ms more.
    const again = { symbol: S, fromId: 2, toId: 5 }
    expect([999, 1000].map((nowUs) => ledger.nextRequest(nowUs))).toEqual([undefined, again])
    ledger.accept(S, 3, 3)
    ledger.noteAnswered(again, 5, 1000)
    expect(ledger.outstandingCount).toBe(2)
    expect([2999, 3000].map((nowUs) => ledger.nextRequest(nowUs))).toEqual([undefined, again])
    ledger.noteAnswered(again, 5, 3000)
    expect(ledger.hasMissing).toBe(false)
    expect(ledger.counts).toMatchObject({ missingCount: 7, repairedCount: 5, absentCount: 2, givenUpCount: 0 })
  })

  it('nothing stands still for ids without which the venue has answered', () => {
    const ledger = ledgerAfter(1)
    const gap = ledger.miss(S, 4, 4)
    ledger.accept(S, 3, 3)
    ledger.noteAnswered(ledger.nextRequest(0)!, 4, 0)
    expect([gap.remainingCount, ledger.outstandingCount]).toEqual([0, 2])
    ledger.accept(S, 2, 2)
    expect([gap.remainingCount, ledger.outstandingCount]).toEqual([0, 1])
  })

  it('holes beyond the number of ranges that is kept are absent at once', () => {
    const ledger = ledgerAfter(1, 802)
    const request = ledger.nextRequest(0)!
    for (let id = 3; id < 802; id += 2) ledger.accept(S, id, id)
    ledger.noteAnswered(request, 801, 0)
    expect(ledger.counts).toMatchObject({ missingCount: 800, repairedCount: 400, absentCount: 144 })
    expect(ledger.outstandingCount).toBe(256)
  })
})

describe('GapLedger against a set', () => {
  it('agrees with a plain set of ids, whatever comes in whatever order and across restarts', () => {
    const aStep = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 500, max: 560 }).map((id) => ({ id })) },
      { weight: 2, arbitrary: fc.constant('answer' as const) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
    )
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 80 }), (steps) => {
        let ledger = new GapLedger(LIMITS)
        const taken = new Set<number>()
        let first = -1
        let highest = -1
        const take = (id: number) => {
          if (first < 0) first = id
          const isNew = id >= first && !taken.has(id)
          expect(ledger.accept(S, id, id)).toBe(isNew)
          if (isNew) taken.add(id)
          highest = Math.max(highest, id)
        }
        for (const step of steps) {
          if (step === 'restart') {
            const saved = ledger.saveStream(S)
            ledger = new GapLedger(LIMITS)
            ledger.restoreStream(S, JSON.parse(JSON.stringify(saved)))
          } else if (step === 'answer') {
            answer(ledger, ledger.nextRequest(0), take)
          } else {
            take(step.id)
          }
          const missing = first < 0 ? 0 : highest - first + 1 - taken.size
          expect(ledger.outstandingCount).toBe(missing)
          const { missingCount, repairedCount, absentCount, givenUpCount } = ledger.counts
          expect(missingCount).toBe(repairedCount + absentCount + givenUpCount + ledger.outstandingCount)
        }
      }),
    )
  })

  function answer(ledger: GapLedger, request: RepairRequest | undefined, take: (id: number) => void): void {
    if (request === undefined) return
    for (let id = request.fromId; id <= request.toId; id++) take(id)
    ledger.noteAnswered(request, request.toId, 0)
    expect(ledger.counts.absentCount).toBe(0)
  }
})
