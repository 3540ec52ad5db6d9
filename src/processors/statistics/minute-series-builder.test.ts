import { describe, expect, it } from 'vitest'
import { MinuteSeriesBuilder } from './minute-series-builder.ts'

const START_MS = Date.parse('2026-01-05T00:00:00Z')
const bar = (minute: number, close: number, volume = 1) => ({
  openTimeMs: START_MS + minute * 60_000,
  close: String(close),
  volume: String(volume),
})

function built(quietMaxMinutes: number, ...bars: readonly ReturnType<typeof bar>[]) {
  const builder = new MinuteSeriesBuilder({ quietMaxMinutes })
  for (const each of bars) builder.add(each)
  return builder
}

const closesOf = (builder: MinuteSeriesBuilder) => [...builder.build()!.series.closes]
const NONE = Number.NaN

describe('a series of minutes', () => {
  it('keeps the close over minutes without trades, as the venue does', () => {
    const builder = built(60, bar(0, 10), bar(3, 11))
    expect(closesOf(builder)).toEqual([10, 10, 10, 11])
    expect([...builder.build()!.series.volumes]).toEqual([1, 0, 0, 1])
    expect(builder.build()!.coverage).toEqual({
      startMs: START_MS,
      endMs: START_MS + 4 * 60_000,
      minuteCount: 4,
      tradelessCount: 2,
      holeCount: 0,
      missingCount: 0,
    })
  })

  it('has a hole where nobody traded for longer than that', () => {
    expect(closesOf(built(2, bar(0, 10), bar(3, 11)))).toEqual([10, 10, 10, 11])
    const closed = built(2, bar(0, 10), bar(4, 11))
    expect(closesOf(closed)).toEqual([10, NONE, NONE, NONE, 11])
    expect(closed.build()!.coverage).toMatchObject({ minuteCount: 2, holeCount: 1, missingCount: 3 })
  })

  it('shortens a hole of years to a day', () => {
    const builder = built(60, bar(0, 10), bar(3_000_000, 11))
    expect(builder.build()!.series.closes).toHaveLength(1442)
    expect(builder.build()!.coverage).toMatchObject({ minuteCount: 2, missingCount: 2_999_999 })
  })

  it('takes bars in any order, the last of a minute for good', () => {
    expect(closesOf(built(0, bar(2, 12), bar(0, 10), bar(1, 99), bar(1, 11)))).toEqual([10, 11, 12])
  })

  it('knows no close of a minute whose last trades are missing', () => {
    const builder = built(60, bar(0, 10), bar(1, 11), bar(4, 14), bar(5, 15))
    builder.addGap(START_MS + 90_000, START_MS + 250_000)
    expect(closesOf(builder)).toEqual([10, NONE, NONE, NONE, 14, 15])
    // Within one minute, a trade that came after the gap is its close.
    builder.addGap(START_MS + 301_000, START_MS + 302_000)
    expect(closesOf(builder)).toEqual([10, NONE, NONE, NONE, 14, 15])
  })

  it('is nothing without bars', () => {
    expect(built(0).build()).toBeUndefined()
    const one = built(0, bar(0, 10))
    one.dropLast()
    expect(one.build()).toBeUndefined()
  })
})
