import { describe, expect, it } from 'vitest'
import { candleAt } from './candle-fixture.ts'
import { CandleHistory } from './candle-history.ts'

const MINUTE_MS = 60_000

/** A server with one candle a minute in `[firstMinute, lastMinute]`, but none in `holes`. */
function setup(firstMinute: number, lastMinute: number, hasCandle: (minute: number) => boolean = () => true) {
  const requests: [number, number][] = []
  const read = async (fromMs: number, toMs: number) => {
    requests.push([fromMs / MINUTE_MS, toMs / MINUTE_MS])
    const candles = []
    for (let minute = firstMinute; minute <= lastMinute; minute++) {
      const openTimeMs = minute * MINUTE_MS
      if (openTimeMs >= fromMs && openTimeMs < toMs && hasCandle(minute)) candles.push(candleAt(minute))
    }
    return candles
  }
  const bounds = { intervalMs: MINUTE_MS, firstMs: firstMinute * MINUTE_MS, lastMs: lastMinute * MINUTE_MS + 1 }
  const history = new CandleHistory(read, bounds)
  const minutes = () => history.snapshot().candles.map((candle) => candle.openTimeMs / MINUTE_MS)
  return { history, requests, minutes }
}

describe('CandleHistory', () => {
  it('reads back to the wanted time in pages that the server allows', async () => {
    const { history, requests, minutes } = setup(0, 9999)
    await history.loadBackTo(8000 * MINUTE_MS)
    expect(requests).toEqual([
      [8600, 10_000],
      [7200, 8600],
    ])
    expect(minutes()[0]).toBe(7200)
    expect(minutes().at(-1)).toBe(9999)
    expect(history.snapshot()).toMatchObject({ isReady: true, isLoading: false, isComplete: false })
  })

  it('reads one page further when scrolled back, and stops at the first trade', async () => {
    const { history, requests, minutes } = setup(7000, 9999)
    await history.loadBackTo(9000 * MINUTE_MS)
    await history.loadOlder()
    expect(minutes()[0]).toBe(7200)
    await history.loadOlder()
    expect(minutes()[0]).toBe(7000)
    expect(history.snapshot().isComplete).toBe(true)
    await history.loadOlder()
    expect(requests).toHaveLength(3)
  })

  it('scrolls across a closed market', async () => {
    const { history, minutes } = setup(1000, 9999, (minute) => minute < 2000 || minute > 8600)
    await history.loadBackTo(9000 * MINUTE_MS)
    await history.loadOlder()
    expect(minutes()[0]).toBeLessThan(2000)
  })

  it('reads the hole before a live candle that came late', async () => {
    const { history, minutes } = setup(0, 20)
    history.merge([candleAt(10)])
    history.merge([candleAt(15)])
    await Promise.resolve()
    await Promise.resolve()
    expect(minutes()).toEqual([10, 11, 12, 13, 14, 15])
  })

  it('tells a failure, keeps what it has and goes on with the next call', async () => {
    let isDown = true
    const read = async () => {
      if (isDown) throw new Error('away')
      return [candleAt(1)]
    }
    const history = new CandleHistory(read, { intervalMs: MINUTE_MS, firstMs: 0, lastMs: MINUTE_MS })
    await history.loadBackTo(0)
    expect(history.snapshot()).toMatchObject({ isReady: false, isLoading: false, error: new Error('away') })
    isDown = false
    await history.loadBackTo(0)
    expect(history.snapshot()).toMatchObject({ isReady: true, error: undefined, isComplete: true })
    expect(history.snapshot().candles).toHaveLength(1)
  })
})
