import { describe, expect, it } from 'vitest'
import { candleAt } from './candle-fixture.ts'
import { CandleHistory } from './candle-history.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440
const PAGE_COUNT = 1000

/** A server with one candle a minute in `[firstMinute, lastMinute]`. */
function setup(firstMinute: number, lastMinute: number) {
  const requests: [number, number][] = []
  const read = async (fromMs: number, toMs: number) => {
    requests.push([fromMs / MINUTE_MS, toMs / MINUTE_MS])
    const from = Math.max(firstMinute, fromMs / MINUTE_MS)
    const end = Math.min(lastMinute + 1, toMs / MINUTE_MS)
    const start = Math.max(from, end - PAGE_COUNT)
    const candles = Array.from({ length: Math.max(0, end - start) }, (_, index) => candleAt(start + index))
    return { candles, isLast: start <= from }
  }
  const history = new CandleHistory(read)
  const minutes = () => history.snapshot().candles.map((candle) => candle.openTimeMs / MINUTE_MS)
  return { history, requests, minutes }
}

/** Lets all that is under way come to its end: nothing here waits for more than promises. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('CandleHistory', () => {
  it('reads the span back from the newest candle and on to midnight UTC', async () => {
    const { history, minutes } = setup(0, 5 * DAY_MINUTES + 100)
    await history.loadSpan(200 * MINUTE_MS)
    expect(minutes().at(-1)).toBe(5 * DAY_MINUTES + 100)
    expect(minutes()[0]).toBeLessThanOrEqual(4 * DAY_MINUTES)
    expect(minutes()).toHaveLength(2 * PAGE_COUNT)
    expect(history.snapshot()).toMatchObject({ isReady: true, isLoading: false, isComplete: false })
  })

  it('reads one page further when scrolled back, and stops at the first candle', async () => {
    const { history, requests, minutes } = setup(7000, 9999)
    await history.loadSpan(0)
    const count = requests.length
    await history.loadOlder()
    await history.loadOlder()
    expect(minutes()[0]).toBe(7000)
    expect(history.snapshot().isComplete).toBe(true)
    await history.loadOlder()
    expect(requests.length - count).toBeLessThanOrEqual(2)
  })

  it('is complete and empty where there are no candles yet, and takes the first live one', async () => {
    const { history, minutes } = setup(1, 0)
    await history.loadSpan(0)
    expect(history.snapshot()).toMatchObject({ candles: [], isReady: true, isComplete: true })
    history.merge([candleAt(5)])
    expect(minutes()).toEqual([5])
  })

  it('reads the first page also where a live candle came before it', async () => {
    const { history, minutes } = setup(0, 20)
    history.merge([candleAt(20)])
    await history.loadSpan(0)
    expect(minutes()).toHaveLength(21)
  })

  it('reads the hole before a live candle that came late, however long it is', async () => {
    const { history, minutes } = setup(0, 5000)
    history.merge([candleAt(10)])
    history.merge([candleAt(4000)])
    await settle()
    expect(minutes()).toHaveLength(3991)
  })

  it('reads up on what it missed', async () => {
    const { history, minutes } = setup(0, 50)
    history.merge([candleAt(40)])
    await history.refresh()
    expect(minutes().at(-1)).toBe(50)
    expect(minutes()).toHaveLength(11)
  })

  it('tells a failure, keeps what it has and goes on with the next call', async () => {
    let isDown = true
    const history = new CandleHistory(async () => {
      if (isDown) throw new Error('away')
      return { candles: [candleAt(1)], isLast: true }
    })
    await history.loadSpan(0)
    expect(history.snapshot()).toMatchObject({ isReady: false, isLoading: false, error: new Error('away') })
    isDown = false
    await history.loadSpan(0)
    expect(history.snapshot()).toMatchObject({ isReady: true, error: undefined, isComplete: true })
    expect(history.snapshot().candles).toHaveLength(1)
  })
})
