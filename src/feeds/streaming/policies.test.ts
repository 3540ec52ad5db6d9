import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Random } from '../../base/random.ts'
import { Backoff } from './backoff.ts'
import { ClockSkew } from './clock-skew.ts'
import { ConnectionBudget } from './connection-budget.ts'
import { ConnectionState } from './connection-state.ts'
import { FrameQueue } from './frame-queue.ts'

const SECOND_US = 1_000_000

describe('back-off', () => {
  it('is uniform below a ceiling that doubles from 250 ms to 60 s', () => {
    const backoff = new Backoff({ firstMs: 250, maxMs: 60_000 }, new Random(1))
    const ceilings = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]
    for (const ceiling of ceilings) expect(backoff.nextDelayMs()).toBeLessThan(ceiling)
    backoff.reset()
    expect(backoff.nextDelayMs()).toBeLessThan(250)
  })

  it('is the same for the same seed', () => {
    const delays = () => {
      const backoff = new Backoff({ firstMs: 250, maxMs: 60_000 }, new Random(7))
      return Array.from({ length: 20 }, () => backoff.nextDelayMs())
    }
    expect(delays()).toEqual(delays())
  })
})

describe('the budget of attempts', () => {
  it('no five minutes hold more attempts than allowed', () => {
    const aTime = fc.integer({ min: 0, max: 1000 })
    fc.assert(
      fc.property(fc.array(aTime, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (times, maxCount) => {
        const budget = new ConnectionBudget(maxCount)
        const taken = times.toSorted((a, b) => a - b).filter((second) => budget.take(second * SECOND_US))
        for (const start of taken) {
          expect(taken.filter((second) => second >= start && second < start + 300).length).toBeLessThanOrEqual(maxCount)
        }
      }),
    )
  })
})

const LIMITS = { connectTimeoutMs: 10_000, silenceMaxMs: 30_000, socketMaxAgeMs: 3_600_000, overlapMs: 2000 }

function opened(): ConnectionState {
  const state = new ConnectionState(LIMITS)
  state.connecting(0)
  state.opened(SECOND_US)
  return state
}

describe('the state of a connection', () => {
  it('cuts what does not open, and what is silent', () => {
    const state = new ConnectionState(LIMITS)
    expect(state.verdict(0)).toBe('connect')
    state.connecting(0)
    expect(state.verdict(10 * SECOND_US)).toBe('stay')
    expect(state.verdict(11 * SECOND_US)).toBe('cut')
    expect(opened().verdict(31 * SECOND_US)).toBe('stay')
    expect(opened().verdict(32 * SECOND_US)).toBe('cut')
  })

  it('a socket that we do not read from is not called silent', () => {
    const state = opened()
    state.paused()
    expect(state.verdict(1000 * SECOND_US)).toBe('stay')
    state.resumed(1000 * SECOND_US)
    expect(state.verdict(1029 * SECOND_US)).toBe('stay')
  })

  it('hands over at its age, after the overlap', () => {
    const state = opened()
    const oldUs = 3601 * SECOND_US
    state.heard(oldUs)
    expect(state.verdict(oldUs)).toBe('successor')
    state.successorConnecting(oldUs)
    expect(state.verdict(oldUs + 10 * SECOND_US)).toBe('stay')
    state.successorOpened(oldUs + 10 * SECOND_US)
    expect(state.verdict(oldUs + 11 * SECOND_US)).toBe('stay')
    expect(state.verdict(oldUs + 12 * SECOND_US)).toBe('switch')
    state.opened(oldUs + 12 * SECOND_US)
    expect(state.verdict(oldUs + 13 * SECOND_US)).toBe('stay')
  })

  it('keeps the old socket where its successor does not open, and tries again', () => {
    const state = opened()
    state.shutdownAnnounced(2 * SECOND_US)
    expect(state.verdict(2 * SECOND_US)).toBe('successor')
    state.successorConnecting(2 * SECOND_US)
    expect(state.verdict(13 * SECOND_US)).toBe('drop-successor')
    state.successorLost(15 * SECOND_US)
    expect(state.verdict(14 * SECOND_US)).toBe('stay')
    expect(state.verdict(15 * SECOND_US)).toBe('successor')
  })

  it('comes back when it is due', () => {
    const state = opened()
    state.lost(5 * SECOND_US)
    expect(state.verdict(4 * SECOND_US)).toBe('stay')
    expect(state.verdict(5 * SECOND_US)).toBe('connect')
  })
})

describe('the silence of a connection', () => {
  it('asks for life when a socket is silent for longer than usual, and cuts what does not answer', () => {
    const state = opened()
    // Ten frames a second.
    for (let frame = 1; frame <= 100; frame++) state.brought(SECOND_US + frame * 100_000)
    const lastUs = 11 * SECOND_US
    expect(state.isAskDue(lastUs + 2.9 * SECOND_US)).toBe(false)
    expect(state.isAskDue(lastUs + 3 * SECOND_US)).toBe(true)
    state.asked(lastUs + 3 * SECOND_US)
    expect(state.isAskDue(lastUs + 10 * SECOND_US)).toBe(false)
    expect(state.verdict(lastUs + 23 * SECOND_US)).toBe('stay')
    expect(state.verdict(lastUs + 24 * SECOND_US)).toBe('cut')
    state.heard(lastUs + 23 * SECOND_US)
    expect(state.verdict(lastUs + 24 * SECOND_US)).toBe('stay')
  })

  it('a quiet socket is asked after a third of the time that it may be silent, and stays as long as it answers', () => {
    const state = opened()
    for (let second = 1; second < 3600; second++) {
      const nowUs = second * SECOND_US
      if (second % 200 === 0) state.brought(nowUs)
      expect(state.verdict(nowUs)).toBe('stay')
      if (!state.isAskDue(nowUs)) continue
      expect(state.silenceUs(nowUs)).toBe(10 * SECOND_US)
      state.asked(nowUs)
      state.heard(nowUs)
    }
    expect(state.takeDoubt(3600 * SECOND_US)).toBe(false)
  })

  it('doubts a socket that brings nothing for longer than usual, though it lives', () => {
    const state = opened()
    for (let frame = 1; frame <= 100; frame++) state.brought(SECOND_US + frame * 2 * SECOND_US)
    const doubts: number[] = []
    for (let second = 0; second < 100; second++) {
      const nowUs = (201 + second) * SECOND_US
      state.heard(nowUs)
      if (state.takeDoubt(nowUs)) doubts.push(second)
    }
    expect(doubts).toEqual([6, 12, 24, 48, 96])
  })
})

describe('the frame queue', () => {
  it('keeps order, pauses when full and resumes at half', () => {
    const flow: string[] = []
    const queue = new FrameQueue(10, { pause: () => flow.push('pause'), resume: () => flow.push('resume') })
    const frame = (receivedTimeUs: number) => ({ bytes: new Uint8Array(0), receivedTimeUs })
    let readUs = 0
    let writtenUs = 0
    for (let round = 0; round < 200; round++) {
      while (!queue.isPaused) queue.push(frame(writtenUs++))
      // What a socket had taken already still comes.
      queue.push(frame(writtenUs++))
      expect(queue.count).toBe(11)
      while (queue.isPaused) {
        expect(queue.peek()?.receivedTimeUs).toBe(readUs++)
        queue.drop()
      }
      expect(queue.count).toBe(5)
    }
    expect(flow.slice(0, 3)).toEqual(['pause', 'resume', 'pause'])
    expect(queue.waitCount).toBe(200)
  })
})

describe('the clock skew', () => {
  it('is that of the fastest message of the last minutes', () => {
    const skew = new ClockSkew()
    expect(skew.aheadMs).toBeNull()
    skew.note(1_000_000, 1_050_000)
    skew.note(2_000_000, 2_010_000)
    skew.note(3_000_000, 3_400_000)
    expect(skew.aheadMs).toBe(-10)
    skew.note(70_000_000, 70_030_000)
    expect(skew.aheadMs).toBe(-10)
    skew.note(140_000_000, 140_020_000)
    expect(skew.aheadMs).toBe(-20)
  })
})
