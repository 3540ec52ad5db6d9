import { expect, it } from 'vitest'
import { InstrumentTable } from './instrument.ts'
import { INSTRUMENTS_MAX_COUNT } from './limits.ts'

it('numbers instruments in order of first sight, by venue and symbol', () => {
  const table = new InstrumentTable()
  expect(table.register('one', 'A', 2, 0)).toBe(0)
  expect(table.register('two', 'A', 4, 1)).toBe(1)
  expect(table.register('one', 'A', 2, 0)).toBe(0)
  expect(table.count).toBe(2)
  expect(table.find('two', 'A')).toBe(1)
  expect(table.find('two', 'B')).toBeUndefined()
})

it('decimals only ever grow, each on its own', () => {
  const table = new InstrumentTable()
  table.register('v', 'A', 2, 3)
  table.register('v', 'A', 5, 1)
  table.register('v', 'A', 0, 4)
  expect(table.at(0)).toEqual({ venue: 'v', symbol: 'A', priceDecimals: 5, quantityDecimals: 4 })
})

it('the version grows with each new or widened instrument, and stays otherwise', () => {
  const table = new InstrumentTable()
  const versions = [
    [2, 2],
    [2, 2],
    [1, 1],
    [3, 2],
    [3, 2],
  ].map(([price, quantity]) => {
    table.register('v', 'A', price!, quantity!)
    return table.version
  })
  expect(versions).toEqual([1, 1, 1, 2, 2])
})

it('takes no more instruments than are allowed', () => {
  const table = new InstrumentTable()
  for (let index = 0; index < INSTRUMENTS_MAX_COUNT; index++) table.register('v', `S${index}`, 0, 0)
  expect(() => table.register('v', 'ONE-TOO-MANY', 0, 0)).toThrow(/ONE-TOO-MANY: more than 20000 instruments/)
  expect(table.register('v', 'S5', 1, 1)).toBe(5)
})

it('an index that was never given is a defect', () => {
  expect(() => new InstrumentTable().at(0)).toThrow(expect.objectContaining({ code: 'internal' }))
})
