import { afterAll, describe, expect, it } from 'vitest'
import { InputDirectory, replay, zipOf } from './replay-test-kit.ts'

const inputs = new InputDirectory()
afterAll(() => inputs.remove())

const tradesOf = (name: string, ...lines: string[]) =>
  replay([inputs.write(zipOf({ [name]: Buffer.from(`${lines.join('\n')}\n`) }), '.zip')])

describe('trades of LEAN', () => {
  it('have day and symbol from the name, New York time and prices in 1/10,000 of a dollar', async () => {
    const { trades, counts } = await tradesOf(
      '20131008_spy_Trade_Tick.csv',
      '34200000,1674200,210,Q,2000,0',
      '34200001.5,999,1,P,20,1',
    )
    expect(counts.bad).toBe(0)
    const openMs = Date.parse('2013-10-08T13:30:00Z')
    expect(trades).toMatchObject([
      { venue: 'file', symbol: 'SPY', price: '167.4200', quantity: '210', takerSide: 'unknown', eventTimeMs: openMs },
      { price: '0.0999', eventTimeMs: openMs + 1.5, isOffMarket: true },
    ])
    expect(trades[0]).not.toHaveProperty('id')
  })

  it('know winter time', async () => {
    const { trades } = await tradesOf('20131208_brk.b_Trade_Tick.csv', '0,1,1,Q,0,0')
    expect(trades).toMatchObject([{ symbol: 'BRK.B', eventTimeMs: Date.parse('2013-12-08T05:00:00Z') }])
  })

  it('that are bad are counted by reason', async () => {
    const { counts } = await tradesOf(
      '20131008_spy_Trade_Tick.csv',
      '34200000,1674200,210,Q,2000',
      '86400000,1674200,210,Q,2000,0',
      '34200000,-5,210,Q,2000,0',
      '34200000,1674200,0,Q,2000,0',
    )
    expect(counts.badByReason).toEqual({
      malformed: 1,
      'invalid-time': 1,
      'invalid-price': 1,
      'invalid-quantity': 1,
    })
    const { counts: misnamed } = await replay([inputs.writeLines('1,2,3,Q,0,0')], { format: 'lean' })
    expect(misnamed.badByReason).toEqual({ 'invalid-symbol': 1 })
  })
})
