import { expect, it } from 'vitest'
import { RateMeter } from './rate-meter.ts'

it('tells nothing of one reading, then events per second', () => {
  const meter = new RateMeter(3000)
  expect(meter.perSecond).toBe(0)
  meter.read(0, 100)
  expect(meter.perSecond).toBe(0)
  meter.read(500, 200)
  expect(meter.perSecond).toBe(200)
})

it('looks back as far as its window', () => {
  const meter = new RateMeter(1000)
  for (let second = 0; second <= 10; second++) meter.read(second * 1000, second < 5 ? 0 : (second - 4) * 50)
  expect(meter.perSecond).toBe(50)
})

it('two readings at the same time are no reason to divide by nothing', () => {
  const meter = new RateMeter(1000)
  meter.read(5, 1)
  meter.read(5, 9)
  expect(meter.perSecond).toBe(0)
})

it('begins anew where the counter falls: the log has a new epoch', () => {
  const meter = new RateMeter(10_000)
  meter.read(0, 1000)
  meter.read(1000, 2000)
  meter.read(2000, 10)
  meter.read(3000, 30)
  expect(meter.perSecond).toBe(20)
})
