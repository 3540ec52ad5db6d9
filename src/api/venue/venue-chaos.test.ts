import { describe, expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import { CHAOS_KINDS, chaosBody, chaosOrderFrom } from './chaos-order.ts'
import { VenueChaos } from './venue-chaos.ts'

let nowMs = 0
const clocked = () => {
  nowMs = 1000
  return new VenueChaos(() => nowMs)
}
const order = (body: object) => chaosOrderFrom(chaosBody.parse(body))

describe('VenueChaos', () => {
  it('does nothing unless it is asked to', () => {
    const chaos = clocked()
    expect([chaos.tradeFate(), chaos.refusal(), chaos.delayMs, chaos.states()]).toEqual(['send', undefined, 0, []])
  })

  it('leaves out as many trades as it is told, then no more', () => {
    const chaos = clocked()
    chaos.begin(order({ kind: 'gap', count: 3 }))
    expect(Array.from({ length: 5 }, () => chaos.tradeFate())).toEqual([
      ...['leave-out', 'leave-out', 'leave-out', 'send', 'send'],
    ])
    expect(chaos.states()).toMatchObject([{ kind: 'gap', isActive: false, remainingCount: 0, affectedCount: 3 }])
  })

  it('the same seed gives the same chances', () => {
    const fates = (seed: number) => {
      const chaos = clocked()
      chaos.begin(order({ kind: 'duplicate', probability: 0.3, seed, durationMs: 1000 }))
      return Array.from({ length: 1000 }, () => chaos.tradeFate())
    }
    expect(fates(7)).toEqual(fates(7))
    expect(fates(7)).not.toEqual(fates(8))
    const share = fates(7).filter((fate) => fate === 'double').length / 1000
    expect(share).toBeGreaterThan(0.25)
    expect(share).toBeLessThan(0.35)
  })

  it('ends with its time, or when it is told to', () => {
    const chaos = clocked()
    chaos.begin(order({ kind: 'slow', delayMs: 50, durationMs: 100 }))
    chaos.begin(order({ kind: 'reorder', durationMs: 100 }))
    nowMs += 99
    expect([chaos.delayMs, chaos.tradeFate()]).toEqual([50, 'swap'])
    chaos.end('slow')
    expect([chaos.delayMs, chaos.tradeFate()]).toEqual([0, 'swap'])
    nowMs += 1
    expect(chaos.tradeFate()).toBe('send')
    expect(chaos.states().map(({ isActive }) => isActive)).toEqual([false, false])
  })

  it('refuses requests with what it is told', () => {
    const chaos = clocked()
    chaos.begin(order({ kind: 'http-418', count: 1, retryAfterSeconds: 120 }))
    chaos.begin(order({ kind: 'http-429' }))
    expect([chaos.refusal(), chaos.refusal(), chaos.refusal()]).toEqual([
      { status: 418, retryAfterSeconds: 120 },
      { status: 429, retryAfterSeconds: 1 },
      undefined,
    ])
  })

  it('picks connections by chance; all of them count as one time', () => {
    const chaos = clocked()
    chaos.begin(order({ kind: 'cut', count: 2, probability: 0.5, seed: 3 }))
    const first = chaos.pick(
      'cut',
      Array.from({ length: 100 }, (_, index) => index),
    )
    expect(first.length).toBeGreaterThan(30)
    expect(first.length).toBeLessThan(70)
    expect(chaos.states()).toMatchObject([{ isActive: true, remainingCount: 1, affectedCount: first.length }])
  })
})

describe('what may be asked for', () => {
  it('every kind does something once, or for ten seconds, without further words', () => {
    for (const kind of CHAOS_KINDS) {
      const { durationMs, count, probability } = order({ kind })
      expect([durationMs, count]).toContain(kind === 'silence' || kind === 'slow' ? 10_000 : 1)
      expect(probability).toBe(1)
    }
  })

  it('a field that a kind does not take is refused', () => {
    const refused = () => order({ kind: 'server-shutdown', probability: 0.5 })
    expect(refused).toThrow(FinPulseError)
    expect(refused).toThrow('probability: expected with kind server-shutdown only delayMs, got 0.5')
  })

  it.each([{ kind: 'fire' }, { kind: 'gap', count: 0 }, { kind: 'gap', probability: 0 }, { kind: 'gap', seeds: 1 }])(
    '%j is refused',
    (body) => {
      expect(chaosBody.safeParse(body).success).toBe(false)
    },
  )
})
