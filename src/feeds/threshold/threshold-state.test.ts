import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PriceWindow } from './price-window.ts'
import { type FollowMode, type Reading, type ThresholdRule, ThresholdState } from './threshold-state.ts'

/** Without any threshold. */
const NOTHING: ThresholdRule = {
  windowMs: 10_000,
  hysteresis: 0.5,
  levelBandPercent: 2,
  calmMs: 5000,
  minimumStayMs: 8000,
}
const RULE: ThresholdRule = { ...NOTHING, changePercent: 5, above: 150, below: 60, volumeFactor: 4 }
const SECOND_US = 1_000_000

/** Reads a list of prices one second apart, and decides after each. */
function modesOf(rule: ThresholdRule, prices: readonly number[], hasRoom = true): FollowMode[] {
  const state = new ThresholdState(rule)
  return prices.map((price, index) => {
    state.observe({ timeUs: index * SECOND_US, price })
    state.decide(index * SECOND_US, hasRoom)
    return state.mode
  })
}

describe('ThresholdState', () => {
  it('starts at a change over the window, in either direction, and stops after calm time and minimum stay', () => {
    const rule = { ...NOTHING, changePercent: 5 }
    const modesAfter = (price: number) => modesOf(rule, [100, 100, ...Array.from({ length: 20 }, () => price)])
    expect(modesAfter(104.9)).not.toContain('streamed')
    for (const price of [105, 95]) {
      // Met from second 2 to 11, since the price of a window ago is then the new one; calm five seconds later.
      expect(modesAfter(price).map((mode) => mode === 'streamed')).toEqual(
        Array.from({ length: 22 }, (_, second) => second >= 2 && second < 16),
      )
    }
  })

  it('a level counts as met until the price has come back by the band', () => {
    const rule = { ...NOTHING, above: 150, minimumStayMs: 1, calmMs: 2000 }
    expect(modesOf(rule, [149, 150, 148, 147.1, 148, 146.9, 146.9, 146.9])).toEqual([
      'polled',
      'streamed',
      'streamed',
      'streamed',
      'streamed',
      'streamed',
      'polled',
      'polled',
    ])
  })

  it('compares the volume of an interval with the mean of those before it, once there are five', () => {
    const state = new ThresholdState({ ...NOTHING, volumeFactor: 4 })
    const read = (second: number, volume: number) => {
      state.observe({ timeUs: second * SECOND_US, price: 1, volume })
      return state.decide(second * SECOND_US, true)
    }
    expect([9000, 1, 1, 1, 1].map((volume, second) => read(second, volume))).toEqual(Array.from({ length: 5 }))
    for (let second = 5; second < 35; second++) expect(read(second, 1)).toBeUndefined()
    expect(read(35, 3.9)).toBeUndefined()
    expect(read(36, 5)).toBe('start')
    expect(state.measure).toMatchObject({ kind: 'volume', limit: 4 })
    // Between: less than the factor, but enough to stay.
    read(37, 4)
    expect(state.metUs).toBe(37 * SECOND_US)
  })

  it('waits where there is no room, and gives up waiting where it has become calm', () => {
    const state = new ThresholdState({ ...NOTHING, above: 150 })
    state.observe({ timeUs: 0, price: 151 })
    expect(state.decide(0, false)).toBe('wait')
    expect(state.decide(4 * SECOND_US, false)).toBeUndefined()
    expect(state.decide(5 * SECOND_US, false)).toBe('calm')
    state.observe({ timeUs: 6 * SECOND_US, price: 151 })
    state.decide(6 * SECOND_US, false)
    expect(state.decide(7 * SECOND_US, true)).toBe('start')
  })

  it('goes on streaming after a restart, with a calm time that begins anew', () => {
    const state = new ThresholdState({ ...NOTHING, above: 150 })
    state.observe({ timeUs: 0, price: 151 })
    state.decide(0, true)
    const again = new ThresholdState({ ...NOTHING, above: 150 })
    again.restore(state.save(), 100 * SECOND_US)
    expect(again.decide(104 * SECOND_US, true)).toBeUndefined()
    expect(again.decide(105 * SECOND_US, true)).toBe('stop')
    expect(again.startedUs).toBe(0)
    expect(again.save().follow).toBeUndefined()
  })
})

/** The definition in plain words, over all readings so far. */
function plainly(rule: ThresholdRule, readings: readonly Reading[], hasRoom: readonly boolean[]): FollowMode[] {
  let mode: FollowMode = 'polled'
  let sinceUs = 0
  let metUs = Number.NEGATIVE_INFINITY
  return readings.map((reading, index) => {
    const { timeUs } = reading
    if (isMetBy(rule, reading, readings.slice(0, index), mode !== 'polled')) metUs = timeUs
    const isCalm = timeUs - metUs >= rule.calmMs * 1000
    const next = nextMode(mode, {
      isMet: metUs === timeUs,
      isCalm,
      hasRoom: hasRoom[index]!,
      isDone: isCalm && timeUs - sinceUs >= rule.minimumStayMs * 1000,
    })
    if (next !== mode) sinceUs = timeUs
    mode = next
    return mode
  })
}

function isMetBy(rule: ThresholdRule, reading: Reading, before: readonly Reading[], isFollowed: boolean): boolean {
  const { timeUs, price, volume } = reading
  // From the price on that held at the window's beginning.
  const startUs = before.filter((other) => other.timeUs <= timeUs - rule.windowMs * 1000).at(-1)?.timeUs ?? 0
  const changes = before.filter((other) => other.timeUs >= startUs).map((other) => (price / other.price - 1) * 100)
  const change = Math.max(0, ...changes.map(Math.abs))
  const volumes = before.flatMap((other) => (other.volume === undefined ? [] : [other.volume])).slice(-30)
  const mean = volumes.reduce((sum, each) => sum + each, 0) / volumes.length
  const share = isFollowed ? rule.hysteresis : 1
  const band = isFollowed ? rule.levelBandPercent / 100 : 0
  const isLoud = volume !== undefined && volumes.length >= 5 && mean > 0
  return (
    change >= rule.changePercent! * share ||
    price >= rule.above! * (1 - band) ||
    price <= rule.below! * (1 + band) ||
    (isLoud && volume / mean >= 1 + (rule.volumeFactor! - 1) * share)
  )
}

function nextMode(
  mode: FollowMode,
  now: { readonly isMet: boolean; readonly isCalm: boolean; readonly hasRoom: boolean; readonly isDone: boolean },
): FollowMode {
  if (mode === 'streamed') return now.isDone ? 'polled' : 'streamed'
  if (mode === 'polled' ? !now.isMet : now.isCalm) return 'polled'
  return now.hasRoom ? 'streamed' : 'waiting'
}

describe('ThresholdState over any readings', () => {
  it('decides as the definition says', () => {
    const step = fc.record({
      gapMs: fc.integer({ min: 50, max: 6000 }),
      price: fc.constantFrom(55, 61, 70, 98, 100, 101, 103, 105.5, 148, 152),
      volume: fc.option(fc.constantFrom(0, 1, 2, 5, 20), { nil: undefined }),
      hasRoom: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let timeUs = 0
        const readings = steps.map(({ gapMs, price, volume }): Reading => {
          timeUs += gapMs * 1000
          return { timeUs, price, ...(volume === undefined ? {} : { volume }) }
        })
        const state = new ThresholdState(RULE)
        const modes = readings.map((reading, index) => {
          state.observe(reading)
          state.decide(reading.timeUs, steps[index]!.hasRoom)
          return state.mode
        })
        const hasRoom = steps.map((each) => each.hasRoom)
        expect(modes).toEqual(plainly(RULE, readings, hasRoom))
      }),
      { numRuns: 500 },
    )
  })
})

describe('PriceWindow', () => {
  it('keeps its extremes over a restart, but not over a long pause', () => {
    const window = new PriceWindow(10_000)
    for (let second = 0; second < 9; second++) window.add(second * SECOND_US, second === 3 ? 200 : 100 + second)
    const changeAfter = (pauseSeconds: number) => {
      const again = new PriceWindow(10_000)
      again.restore(window.save(), (8 + pauseSeconds) * SECOND_US)
      return again.changePercent((8 + pauseSeconds) * SECOND_US, 100)
    }
    expect(window.save().length).toBeLessThanOrEqual(4)
    expect(changeAfter(1)).toBe(-50)
    // The price of second 3 was kept as of second 5.
    expect(changeAfter(6)).toBe(-50)
    expect(changeAfter(12)).toBeCloseTo((100 / 108 - 1) * 100)
    expect(changeAfter(21)).toBe(0)
  })

  it('keeps no more than is stated, however fast prices come', () => {
    const window = new PriceWindow(1000)
    for (let timeUs = 0; timeUs < 3 * SECOND_US; timeUs += 100) window.add(timeUs, 100 + timeUs / SECOND_US)
    // The lowest price of the last second was 102, found to within a 240th of the window.
    const change = window.changePercent(3 * SECOND_US, 103)
    expect(change).toBeGreaterThanOrEqual((103 / 102 - 1) * 100)
    expect(change).toBeLessThan((103 / (102 - 1 / 100) - 1) * 100)
    expect(window.changePercent(3 * SECOND_US, 51)).toBeCloseTo((51 / 103 - 1) * 100, 1)
    expect(window.count).toBeLessThanOrEqual(242)
  })
})
