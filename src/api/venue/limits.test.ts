import { describe, expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import { MessageRate } from './message-rate.ts'
import { RequestWeight } from './request-weight.ts'
import { refusalAnswer } from './venue-refusal.ts'
import { WindowBudget } from './window-budget.ts'

const MINUTE_MS = 60_000
const NOON_MS = Date.UTC(2026, 10, 20, 12)

function refusalOf(act: () => unknown) {
  try {
    act()
  } catch (error) {
    return refusalAnswer(error)
  }
  throw new Error('expected a refusal')
}

describe('RequestWeight', () => {
  it('counts by address and by the minute of the clock', () => {
    const weight = new RequestWeight(100)
    expect(weight.spend('a', 60, NOON_MS)).toBe(60)
    expect(weight.spend('a', 40, NOON_MS + 59_999)).toBe(100)
    expect(weight.spend('b', 10, NOON_MS)).toBe(10)
    expect(weight.spend('a', 5, NOON_MS + MINUTE_MS)).toBe(5)
  })

  it('beyond the budget it refuses with 429 until the minute is over', () => {
    const weight = new RequestWeight(100)
    weight.spend('a', 100, NOON_MS)
    const { status, body, retryAfterSeconds } = refusalOf(() => weight.spend('a', 1, NOON_MS + 20_500))
    expect({ status, retryAfterSeconds, code: body.code }).toEqual({ status: 429, retryAfterSeconds: 40, code: -1003 })
    expect(body.msg).toContain('current limit is 100 request weight per 1 MINUTE')
    expect(weight.spend('a', 1, NOON_MS + MINUTE_MS)).toBe(1)
  })

  it('bans with 418 who goes on all the same, twice as long the second time', () => {
    const weight = new RequestWeight(1)
    const exhaust = (nowMs: number) => {
      weight.spend('a', 1, nowMs)
      return Array.from({ length: 11 }, () => refusalOf(() => weight.spend('a', 1, nowMs)).status)
    }
    expect(exhaust(NOON_MS)).toEqual([...Array.from({ length: 10 }, () => 429), 418])
    const answer = refusalOf(() => weight.spend('a', 1, NOON_MS + MINUTE_MS))
    expect(answer).toMatchObject({ status: 418, retryAfterSeconds: 60 })
    expect(answer.body.msg).toContain(`IP banned until ${NOON_MS + 2 * MINUTE_MS}`)
    expect(weight.spend('b', 1, NOON_MS)).toBe(1)
    expect(exhaust(NOON_MS + 2 * MINUTE_MS).at(-1)).toBe(418)
    const again = refusalOf(() => weight.spend('a', 1, NOON_MS + 5 * MINUTE_MS))
    expect(again).toMatchObject({ status: 418, retryAfterSeconds: 60 })
  })

  it('a defect shows nothing of itself', () => {
    expect(refusalAnswer(new TypeError('inner'))).toMatchObject({ status: 500, body: { code: -1000 } })
    expect(refusalAnswer(new FinPulseError('not-ready', 'inner'))).toMatchObject({ status: 503, body: { code: -1001 } })
  })
})

describe('WindowBudget', () => {
  it('forgets the address that came first when there are too many', () => {
    const budget = new WindowBudget(10, MINUTE_MS)
    budget.spend('first', 3, NOON_MS)
    for (let index = 0; index < 10_000; index++) budget.spend(`address ${index}`, 1, NOON_MS)
    expect(budget.spend('first', 1, NOON_MS)).toBe(1)
    expect(budget.spend('address 9999', 1, NOON_MS)).toBe(2)
  })

  it('says how long its window lasts, at least a second', () => {
    const budget = new WindowBudget(10, MINUTE_MS)
    expect([0, 1, 59_500].map((ms) => budget.secondsLeft(NOON_MS + ms))).toEqual([60, 60, 1])
  })
})

describe('MessageRate', () => {
  it('allows five in any second, wherever the second begins', () => {
    const rate = new MessageRate(5)
    expect([0, 900, 950, 960, 970].map((ms) => rate.take(ms))).toEqual([true, true, true, true, true])
    expect([1000, 1100].map((ms) => rate.take(ms))).toEqual([true, false])
  })
})
