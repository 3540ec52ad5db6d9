import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import { GapLedger, type RepairRequest } from './gap-ledger.ts'
import { type RepairAnswer, RepairLoop } from './repair-loop.ts'
import { Wake } from './wake.ts'

const LIMITS = { gapMaxCount: 1000, repairAttemptsMaxCount: 3, backoffFirstMs: 100, backoffMaxMs: 100 }
const S = 'BTCUSDT'

/** A loop over a ledger that misses the ids 2 to 4, and a venue that gives these answers, one every ten ms. */
function start(answers: RepairAnswer<number>[]) {
  const clock = new SimulatedClock(0)
  const ledger = new GapLedger(LIMITS)
  for (const id of [1, 5]) ledger.accept(S, id, id)
  const asked: RepairRequest[] = []
  let dueUs = 0
  const past = {
    waitMs: (nowUs: number) => Math.max(0, dueUs - nowUs) / 1000,
    ask: async (request: RepairRequest) => {
      asked.push(request)
      dueUs = clock.nowUs() + 10_000
      return answers.shift() ?? { reason: 'no more answers', isFinal: true }
    },
  }
  const parts = { name: 'fake', limits: LIMITS, clock, logger: silentLogger, random: new Random(1), ledger, past }
  const loop = new RepairLoop({ ...parts, wake: new Wake() })
  const closing = new AbortController()
  const running = loop.run(closing.signal).catch((error: unknown) => expect(error).toBe(closing.signal.reason))
  const stop = async () => {
    closing.abort(new Error('stopped by the test'))
    await running
  }
  return { clock, ledger, asked, loop, [Symbol.asyncDispose]: stop }
}

describe('RepairLoop', () => {
  it('asks for one page of a symbol, and for its next only once that was taken', async () => {
    await using run = start([
      { rows: [2, 3], throughId: 3 },
      { rows: [4], throughId: 4 },
    ])
    await run.clock.advance(5000)
    expect(run.asked).toEqual([{ symbol: S, fromId: 2, toId: 4 }])
    expect(run.loop.pages.get(S)).toMatchObject({ rows: [2, 3], throughId: 3 })
    for (const id of [2, 3]) run.ledger.accept(S, id, id)
    run.loop.taken(S)
    await run.clock.advance(20)
    expect(run.asked.slice(1)).toEqual([{ symbol: S, fromId: 4, toId: 4 }])
    expect(run.loop.pages.get(S)).toMatchObject({ rows: [4] })
  })

  it('asks for a page of each symbol, without waiting for the first to be taken', async () => {
    await using run = start([
      { rows: [2, 3, 4], throughId: 4 },
      { rows: [7], throughId: 7 },
    ])
    for (const id of [6, 8]) run.ledger.accept('ETHUSDT', id, id)
    await run.clock.advance(100)
    expect(run.asked.map(({ symbol }) => symbol)).toEqual([S, 'ETHUSDT'])
    expect([...run.loop.pages.keys()]).toEqual([S, 'ETHUSDT'])
  })

  it('what brings nothing is asked for again, and given up at the limit', async () => {
    const failure = { reason: 'HTTP 503', isFinal: false }
    await using run = start([failure, failure, failure])
    await run.clock.advance(5000)
    expect(run.loop).toMatchObject({ requestCount: 3, lastError: `${S}: HTTP 503` })
    expect(run.ledger.counts.givenUpCount).toBe(3)
  })

  it('what the venue will refuse again is given up at once', async () => {
    await using run = start([{ reason: 'no such symbol', isFinal: true }])
    await run.clock.advance(5000)
    expect(run.loop.requestCount).toBe(1)
    expect(run.ledger.counts.givenUpCount).toBe(3)
  })

  it('to be told to wait is no failure, and is heeded', async () => {
    const busy = { reason: 'HTTP 429', retryAfterMs: 2000, isFinal: false }
    await using run = start([busy, busy, busy, busy, { rows: [2, 3, 4], throughId: 4 }])
    await run.clock.advance(1900)
    expect(run.asked).toHaveLength(1)
    await run.clock.advance(10_000)
    expect(run.asked).toHaveLength(5)
    expect(run.loop.pages.has(S)).toBe(true)
    expect(run.ledger.counts.givenUpCount).toBe(0)
  })

  it('goes on with what is unfinished, at the pace of the venue', async () => {
    await using run = start(['unfinished', 'unfinished', { rows: [2, 3, 4], throughId: 4 }])
    await run.clock.advance(15)
    expect(run.asked).toHaveLength(2)
    await run.clock.advance(10)
    expect(run.loop.pages.has(S)).toBe(true)
    expect(run.loop.lastError).toBeNull()
  })
})
