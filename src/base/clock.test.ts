import { describe, expect, it } from 'vitest'
import { SimulatedClock, systemClock } from './clock.ts'

describe('a simulated clock', () => {
  it('wakes sleepers in order of their time, then of their call, each at its own time', async () => {
    const clock = new SimulatedClock(1_000_000)
    const woken: string[] = []
    const sleep = async (name: string, milliseconds: number) => {
      await clock.sleep(milliseconds)
      woken.push(`${name} at ${clock.nowUs()}`)
    }
    void sleep('b', 20)
    void sleep('c', 20)
    void sleep('a', 10)
    void sleep('late', 31)
    await clock.advance(30)
    expect(woken).toEqual(['a at 1010000', 'b at 1020000', 'c at 1020000'])
    expect([clock.nowUs(), clock.sleeperCount]).toEqual([1_030_000, 1])
  })

  it('wakes one who sleeps again and again within one advance', async () => {
    const clock = new SimulatedClock(0)
    const times: number[] = []
    void (async () => {
      for (;;) {
        await clock.sleep(10)
        times.push(clock.nowUs())
      }
    })()
    await clock.advance(35)
    expect(times).toEqual([10_000, 20_000, 30_000])
  })

  it('ends a sleep with the reason of its signal, and holds on to neither afterwards', async () => {
    const clock = new SimulatedClock(0)
    const abort = new AbortController()
    const sleep = clock.sleep(10, abort.signal)
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(sleep).rejects.toBe(reason)
    await expect(clock.sleep(10, abort.signal)).rejects.toBe(reason)
    expect(clock.sleeperCount).toBe(0)
  })

  it('never goes back, not even for a sleep of less than nothing', async () => {
    const clock = new SimulatedClock(5000)
    const sleep = clock.sleep(-3)
    await clock.advance(0)
    await sleep
    expect(clock.nowUs()).toBe(5000)
  })
})

describe('the system clock', () => {
  it('tells whole microseconds', () => {
    expect(Number.isInteger(systemClock.nowUs())).toBe(true)
  })

  it('ends a sleep with the reason of its signal', async () => {
    const abort = new AbortController()
    const reason = new Error('enough')
    const sleep = systemClock.sleep(60_000, abort.signal)
    abort.abort(reason)
    await expect(sleep).rejects.toBe(reason)
  })
})
