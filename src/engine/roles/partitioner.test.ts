import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchOf } from '../../../tests/support/trades.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { tradeAt } from '../../events/json.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { partitionOf, splitByPartition } from './partitioner.ts'

const symbols = fc.stringMatching(/^[A-Z]{1,6}$/)

it('a symbol has one partition, which is one of them', () => {
  fc.assert(
    fc.property(symbols, fc.integer({ min: 1, max: 64 }), (symbol, count) => {
      const partition = partitionOf(symbol, count)
      expect(partition >= 0 && partition < count && Number.isInteger(partition)).toBe(true)
      expect(partitionOf(symbol, count)).toBe(partition)
    }),
  )
})

it('a symbol has the same partition in every version of the program', () => {
  expect(['AAPL', 'BTCUSDT', 'ETHUSDT', 'JNJ'].map((symbol) => partitionOf(symbol, 8))).toMatchInlineSnapshot(`
    [
      2,
      3,
      5,
      6,
    ]
  `)
})

it('every row goes to the partition of its symbol, and rows keep their order', () => {
  fc.assert(
    fc.property(fc.array(symbols, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), (rows, count) => {
      const trades = rows.map((symbol, index) => ({ symbol, timeMs: index, price: '1.5', quantity: '2', id: index }))
      const batch = batchOf(new InstrumentTable(), trades)
      batch.watermarkUs = 77
      const parts = splitByPartition(batch, count)
      expect(parts).toHaveLength(count)
      parts.forEach((part, partition) => {
        const wanted = trades.filter(({ symbol }) => partitionOf(symbol, count) === partition)
        const found = Array.from({ length: part.count }, (_, row) => tradeAt(part, row))
        expect(found.map(({ symbol, id }) => ({ symbol, id }))).toEqual(
          wanted.map(({ symbol, id }) => ({ symbol, id })),
        )
        // Nothing older follows, in no partition.
        expect(part.watermarkUs).toBe(77)
      })
    }),
  )
})

it('quotes are split in the same way', () => {
  const instruments = new InstrumentTable()
  const batch = new QuoteBatch(instruments, 2)
  for (const [row, symbol] of ['A', 'B'].entries()) {
    batch.instrument[row] = instruments.register('v', symbol, 0, 0)
    batch.sequence[row] = row
  }
  batch.count = 2
  const parts = splitByPartition(batch, 64)
  expect(['A', 'B'].map((symbol) => parts[partitionOf(symbol, 64)]!.count)).toEqual([1, 1])
})
