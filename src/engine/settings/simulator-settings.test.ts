import { describe, expect, it } from 'vitest'
import { checkConfig } from '../config.ts'

const check = (feed: object) => checkConfig({ feed: { type: 'simulator', ...feed } }, 'test').feed

describe('settings of the simulated market', () => {
  it('are shares around the clock unless told', () => {
    expect(check({})).toMatchObject({ market: 'equity', hours: 'always', holidays: [], models: {} })
  })

  it('take a model by symbol', () => {
    const models = {
      AAPL: { price: 100, annualVolatility: 0.4, tickSize: 0.05, quantityDecimals: 2 },
      'BRK.B': { volatility: [{ relaxationMinutes: 30, deviation: 0.4 }], shockFreedom: 4, sessionAmplitude: 0 },
    }
    expect(check({ hours: 'nyse', market: 'crypto', holidays: ['2026-12-31'], models })).toMatchObject({ models })
  })

  it.each([
    [{ hours: 'nise' }, 'feed.hours: Invalid option'],
    [{ holidays: ['tomorrow'] }, 'feed.holidays.0'],
    [{ models: { AAPL: { pric: 3 } } }, 'feed.models.AAPL.pric: no such setting, did you mean "price"?'],
    [{ models: { AAPL: { price: 0 } } }, 'feed.models.AAPL.price: Too small: expected number to be >=0.000001, got 0'],
    [{ models: { AAPL: { annualVolatility: 30 } } }, 'feed.models.AAPL.annualVolatility: Too big'],
    [{ models: { AAPL: { tickSize: 0.03 } } }, 'feed.models.AAPL.tickSize: expected 1, 2 or 5 of some decimal'],
    [{ models: { AAPL: { runLength: 3 } } }, 'feed.models.AAPL.runLength: no such setting'],
    [
      { models: { AAPL: { annualVolatility: 0.3, minuteDeviationBp: 3 } } },
      'feed.models.AAPL: expected annualVolatility or minuteDeviationBp, not both',
    ],
    [
      { models: { AAPL: { volatility: [{ relaxationMinutes: 3, deviation: 1.9 }] } } },
      'feed.models.AAPL.volatility: expected squares of the deviations that add up to at most 2',
    ],
    [{ models: { 'A B': {} } }, 'feed.models.A B: expected letters, digits and'],
    [
      { models: Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`S${index}`, {}])) },
      'models: expected at most 1000 symbols, got 1001',
    ],
  ])('refuse %j', (feed, message) => {
    expect(() => check(feed)).toThrow(message)
  })
})
