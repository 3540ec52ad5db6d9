import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { batchOf } from '../../tests/support/trades.ts'
import { InstrumentTable } from './instrument.ts'
import { quoteAt, tradeAt } from './json.ts'
import { MarketLines } from './market-lines.ts'
import { QuoteBatch } from './quote-batch.ts'

const digits = (maximum: bigint) => fc.bigInt(1n, maximum).map(String)
const trade = fc.record({
  symbol: fc.constantFrom('ABC', 'Ü/USD', 'a"b'),
  timeMs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }).map((timeUs) => timeUs / 1000),
  price: fc.oneof(digits(10n ** 15n), digits(10n ** 24n), fc.constantFrom('0.00000001', '61837.63000000', '5')),
  quantity: fc.oneof(digits(10n ** 15n), fc.constantFrom('0.001', '1000000000000.12345678')),
  id: fc.option(fc.nat(), { nil: undefined }),
  tradeCount: fc.integer({ min: 1, max: 9 }),
  side: fc.constantFrom('buy' as const, 'sell' as const, 'unknown' as const),
  isOffMarket: fc.boolean(),
})

describe('MarketLines', () => {
  it('writes NDJSON byte for byte as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.array(trade, { maxLength: 20 }), (trades) => {
        const instruments = new InstrumentTable()
        const given = trades.map(({ id, ...rest }) => (id === undefined ? rest : { ...rest, id }))
        // Digits of one symbol must fit its widest decimals; wide ones are tried alone.
        const narrow = given.filter(({ price }) => price.length < 16)
        for (const rows of [narrow, given.slice(0, 1)]) {
          const batch = batchOf(instruments, rows)
          const expected = rows.map((_, row) => `${JSON.stringify(tradeAt(batch, row))}\n`).join('')
          expect(Buffer.from(new MarketLines(instruments).ndjson(batch)).toString()).toBe(expected)
        }
      }),
    )
  })

  it('writes trades and quotes in order of time, each as JSON.stringify does', () => {
    const instruments = new InstrumentTable()
    const trades = batchOf(instruments, [
      { timeMs: 10, price: '1.50', quantity: '20', id: 7 },
      { timeMs: 30, price: '1.45', quantity: '3', id: 8 },
    ])
    const quotes = new QuoteBatch(instruments, 3)
    for (const timeMs of [10, 20, 40]) {
      const row = quotes.count++
      for (const column of quotes.columns) column[row] = timeMs
      quotes.instrument[row] = 0
      for (const high of quotes.columns.filter((column) => column instanceof Uint32Array)) high[row] = 0
      quotes.eventTimeUs[row] = timeMs * 1000
    }
    const expected = [
      quoteAt(quotes, 0),
      tradeAt(trades, 0),
      quoteAt(quotes, 1),
      tradeAt(trades, 1),
      quoteAt(quotes, 2),
    ]
    const lines = Buffer.from(new MarketLines(instruments).ndjsonMerged(trades, quotes)).toString()
    expect(lines).toBe(expected.map((event) => `${JSON.stringify(event)}\n`).join(''))
  })

  it('writes quotes as CSV', () => {
    const instruments = new InstrumentTable()
    instruments.register('test', 'ABC', 2, 1)
    const quotes = new QuoteBatch(instruments, 2)
    quotes.count = 2
    quotes.eventTimeUs.set([1_700_000_000_000_250, 1_700_000_000_001_000])
    quotes.bidPriceLow.set([14_999, 5])
    quotes.bidQuantityLow.set([100, 7])
    quotes.askPriceLow.set([15_001, 6])
    quotes.askQuantityLow.set([205, 8])
    quotes.sequence.set([3, -1])
    expect(Buffer.from(new MarketLines(instruments).quotesCsv(quotes)).toString()).toBe(
      '1700000000000250,test,ABC,149.99,10.0,150.01,20.5,3\n1700000000001000,test,ABC,0.05,0.7,0.06,0.8,\n',
    )
  })

  it('writes CSV that a reader takes back', () => {
    const instruments = new InstrumentTable()
    const batch = batchOf(instruments, [
      { timeMs: 1_700_000_000_000.25, price: '1.50', quantity: '20', id: 7, side: 'buy' },
      { timeMs: 1_700_000_000_001, price: '1.45', quantity: '3' },
    ])
    expect(Buffer.from(new MarketLines(instruments).csv(batch)).toString()).toBe(
      '1700000000000250,test,ABC,1.50,20,buy,7\n1700000000001000,test,ABC,1.45,3,,\n',
    )
  })
})
