import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bruteForceCandles } from '../../tests/support/brute-force-candles.ts'
import { CollectedOutputs } from '../../tests/support/collected-outputs.ts'
import { batchOf, type TestTrade } from '../../tests/support/trades.ts'
import { MarketProcessor } from './market-processor.ts'

const START_MS = 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000)

/** Gives the trades in their order, with a restart from a snapshot at each cut. */
function run(trades: readonly TestTrade[], cuts: readonly number[] = []): CollectedOutputs {
  const outputs = new CollectedOutputs()
  let processor = new MarketProcessor({}, outputs)
  const edges = [0, ...cuts, trades.length]
  for (let edge = 1; edge < edges.length; edge++) {
    processor.onTrades(batchOf(processor.instruments, trades.slice(edges[edge - 1], edges[edge])))
    const snapshot = processor.snapshot()
    processor = new MarketProcessor({}, outputs)
    processor.restore(snapshot)
  }
  processor.finish()
  return outputs
}

describe('gaps that are filled late', () => {
  const first = { timeMs: START_MS, price: '1', quantity: '1', id: 10 }
  const afterGap = [
    { timeMs: START_MS + 61_000, price: '1', quantity: '1', id: 13 },
    { timeMs: START_MS + 130_000, price: '1', quantity: '1', id: 14 },
  ]
  const lost = [
    { timeMs: START_MS + 1000, price: '3', quantity: '1', id: 11 },
    { timeMs: START_MS + 2000, price: '5', quantity: '1', id: 12 },
  ]

  const formsOf = (outputs: CollectedOutputs, openTimeMs: number) =>
    outputs.candles
      .filter((candle) => candle.interval === '1m' && candle.openTimeMs === openTimeMs && candle.isFinal)
      .map((candle) => [candle.revision, candle.completeness, candle.tradeCount])

  it('patch their candles by one revision for all that comes together', () => {
    const outputs = run([first, ...afterGap, ...lost])
    expect(formsOf(outputs, START_MS)).toEqual([
      [0, 'gapped', 1],
      [1, 'patched', 3],
    ])
    // Nothing of this minute was missing, but that was not known before.
    expect(formsOf(outputs, START_MS + 60_000)).toEqual([
      [0, 'gapped', 1],
      [1, 'patched', 1],
    ])
  })

  it('patch their candles by a revision each time where it comes bit by bit', () => {
    const outputs = run([first, ...afterGap, ...lost], [3, 4])
    expect(formsOf(outputs, START_MS)).toEqual([
      [0, 'gapped', 1],
      [1, 'gapped', 2],
      [2, 'patched', 3],
    ])
  })

  it('give out a revised candle before another one takes its place', () => {
    // Five closed minutes are kept: a late trade of the first of them, and one of a minute that had none yet.
    const minute = (index: number) => ({ timeMs: START_MS + index * 60_000, price: '1', quantity: '1', id: -1 })
    const outputs = run([
      ...[2, 4, 5, 6, 8, 9].map(minute),
      { ...minute(9), timeMs: START_MS + 9.5 * 60_000 },
      minute(2),
      minute(7),
    ])
    expect(formsOf(outputs, START_MS + 2 * 60_000).map(([revision, , count]) => [revision, count])).toEqual([
      [0, 1],
      [1, 2],
    ])
    expect(formsOf(outputs, START_MS + 7 * 60_000)).toEqual([[0, 'complete', 1]])
  })

  it('stay gapped while one trade is missing', () => {
    const outputs = run([first, ...afterGap, lost[1]!])
    expect(formsOf(outputs, START_MS).at(-1)).toEqual([1, 'gapped', 2])
  })

  it('stay gapped where a trade came too late to be counted', () => {
    const later = Array.from({ length: 9 }, (_, minute) => {
      return { timeMs: START_MS + 200_000 + minute * 60_000, price: '1', quantity: '1', id: 15 + minute }
    })
    const outputs = run([first, ...afterGap, ...later, ...lost])
    expect(outputs.deadLetters.map(({ reason }) => reason)).toEqual(['too-late', 'too-late'])
    // Trades that are refused are in none of the candles over them.
    expect(outputs.finalCandles().get(`test/ABC/1d/${START_MS}`)?.completeness).toBe('gapped')
  })
})

describe('gaps against their definition', () => {
  it('whatever is lost and comes late in whatever order, with restarts: exact, and gapped only where a trade is missing', () => {
    const aRow = fc.record({
      stepMs: fc.integer({ min: 0, max: 3000 }),
      fate: fc.constantFrom('prompt', 'prompt', 'late', 'lost'),
    })
    fc.assert(
      fc.property(fc.array(aRow, { minLength: 2, maxLength: 50 }), fc.infiniteStream(fc.nat()), (rows, order) => {
        let timeMs = START_MS
        const last = rows.length - 1
        const trades = rows.map(({ stepMs, fate }, id) => {
          timeMs += stepMs
          const trade: TestTrade = { timeMs, price: String(1 + (id % 7)), quantity: '1', id }
          return { trade, fate: id === 0 || id === last ? ('prompt' as const) : fate }
        })
        // Late enough to declare every gap.
        const end: TestTrade = { timeMs: timeMs + 10_000, price: '1', quantity: '1', id: rows.length }
        const prompt = trades.filter(({ fate }) => fate === 'prompt').map(({ trade }) => trade)
        const late = trades
          .filter(({ fate }) => fate === 'late')
          .map(({ trade }) => ({ trade, key: order.next().value }))
        const arrived = [...prompt, end, ...late.toSorted((a, b) => a.key - b.key).map(({ trade }) => trade)]
        const outputs = run(arrived, [prompt.length >> 1, prompt.length + 1, prompt.length + 1 + (late.length >> 1)])
        const expected = bruteForceCandles(
          arrived.toSorted((a, b) => a.id! - b.id!),
          0,
          0,
        )
        for (const [key, candle] of expected) expect(outputs.finalCandles().get(key), key).toMatchObject(candle)
        for (const candle of outputs.finalCandles().values()) {
          const touching = gapsOf(trades).filter(
            (gap) => candle.openTimeMs <= gap.toMs && candle.closeTimeMs > gap.fromMs,
          )
          const isOutstanding = touching.some((gap) => gap.isOutstanding)
          if (isOutstanding) expect(candle.completeness).toBe('gapped')
          else if (touching.length > 0) expect(['patched', 'partial']).toContain(candle.completeness)
          else expect(['complete', 'partial']).toContain(candle.completeness)
        }
      }),
    )
  })
})

/** Runs of trades that did not come in turn, between the times of those around them. */
function gapsOf(trades: readonly { readonly trade: TestTrade; readonly fate: string }[]) {
  const gaps: { fromMs: number; toMs: number; isOutstanding: boolean }[] = []
  trades.forEach(({ trade, fate }, index) => {
    const before = trades[index - 1]
    if (fate === 'prompt') {
      if (before !== undefined && before.fate !== 'prompt') gaps.at(-1)!.toMs = trade.timeMs
      return
    }
    if (before?.fate === 'prompt') gaps.push({ fromMs: before.trade.timeMs, toMs: 0, isOutstanding: false })
    if (fate === 'lost') gaps.at(-1)!.isOutstanding = true
  })
  return gaps
}
