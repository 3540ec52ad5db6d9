import { describe, expect, it } from 'vitest'
import { candleAt } from './candle-fixture.ts'
import { changedTail, dayVwap, mergeCandles, supersedes } from './candle-merge.ts'

const DAY_MS = 86_400_000

describe('mergeCandles', () => {
  it('puts older and newer candles in order of open time, each once', () => {
    const merged = mergeCandles([candleAt(2), candleAt(3)], [candleAt(4), candleAt(1), candleAt(3)])
    expect(merged.map((candle) => candle.openTimeMs / 60_000)).toEqual([1, 2, 3, 4])
  })

  it('keeps a candle that did not change as the same object, so that it is not drawn again', () => {
    const final = candleAt(1, { isFinal: true })
    expect(mergeCandles([final], [candleAt(2)])[0]).toBe(final)
  })

  it('takes the running candle with more trades, also where the older one comes later', () => {
    const early = candleAt(1, { tradeCount: 3, close: '10' })
    const late = candleAt(1, { tradeCount: 5, close: '11' })
    expect(mergeCandles([early], [late])[0]!.close).toBe('11')
    expect(mergeCandles([late], [early])[0]!.close).toBe('11')
  })

  it('takes the final form over a running one, and a revision over the final form', () => {
    const running = candleAt(1, { tradeCount: 9 })
    const final = candleAt(1, { isFinal: true, tradeCount: 8 })
    const revised = candleAt(1, { isFinal: true, tradeCount: 10, revision: 1 })
    expect(supersedes(final, running)).toBe(true)
    expect(supersedes(running, final)).toBe(false)
    expect(supersedes(revised, final)).toBe(true)
    expect(supersedes(final, revised)).toBe(false)
  })
})

describe('changedTail', () => {
  const [one, two, three] = [candleAt(1), candleAt(2), candleAt(3)]

  it('is the newest candle where only that changed, and what came after it', () => {
    const newer = candleAt(2, { tradeCount: 9 })
    expect(changedTail([one, two], [one, newer])).toEqual([newer])
    expect(changedTail([one, two], [one, two, three])).toEqual([three])
    expect(changedTail([one, two], [one, newer, three])).toEqual([newer, three])
    expect(changedTail([one, two], [one, two])).toEqual([])
  })

  it('is undefined where a hole was filled, an older candle revised or nothing was drawn yet', () => {
    expect(changedTail([one, three], [one, two, three])).toBeUndefined()
    expect(changedTail([one, two], [candleAt(1, { revision: 1 }), two])).toBeUndefined()
    expect(changedTail([two], [one, two])).toBeUndefined()
    expect(changedTail([], [one])).toBeUndefined()
  })
})

describe('dayVwap', () => {
  const at = (timeMs: number, volume: string, quoteVolume: string) => candleAt(timeMs / 60_000, { volume, quoteVolume })

  it('sums from midnight UTC and begins anew the next day', () => {
    const points = dayVwap([at(0, '1', '10'), at(60_000, '3', '60'), at(DAY_MS, '2', '14')], true)
    expect(points.map((point) => point.value)).toEqual([10, 17.5, 7])
  })

  it('leaves out a first day whose beginning is not loaded', () => {
    const candles = [at(60_000, '1', '10'), at(DAY_MS, '2', '14')]
    expect(dayVwap(candles, false).map((point) => point.openTimeMs)).toEqual([DAY_MS])
    expect(dayVwap(candles, true)).toHaveLength(2)
  })

  it('has no point before the first volume', () => {
    expect(dayVwap([at(0, '0', '0')], true)).toEqual([])
  })
})
