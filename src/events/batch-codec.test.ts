import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeQuotes, decodeTrades, encodeQuotes, encodeTrades } from './batch-codec.ts'
import type { ColumnArray } from './column.ts'
import { InstrumentTable } from './instrument.ts'
import { QuoteBatch } from './quote-batch.ts'
import { TradeBatch } from './trade-batch.ts'

const INSTRUMENT_COUNT = 300
const COUNT_MAX = 40

/** Spans of values that need each of the widths, and one that stays raw. */
const spans = fc.constantFrom(0, 200, 60_000, 4e9, 2 ** 52 - 1)

function valuesFor(column: ColumnArray): fc.Arbitrary<number[]> {
  const limit = column instanceof Float64Array ? 2 ** 52 - 1 : column instanceof Uint32Array ? 2 ** 32 - 1 : 255
  return spans.chain((span) => {
    const max = Math.min(limit, span)
    return fc.array(fc.integer({ min: 0, max }), { minLength: COUNT_MAX, maxLength: COUNT_MAX })
  })
}

function instrumentTable(): InstrumentTable {
  const instruments = new InstrumentTable()
  for (let index = 0; index < INSTRUMENT_COUNT; index++) instruments.register('test', `S${index}`, 2, 3)
  return instruments
}

/** A batch of random rows; the instrument column is kept inside its table. */
function filled<B extends TradeBatch | QuoteBatch>(batch: B): fc.Arbitrary<B> {
  const columns = fc.tuple(...batch.columns.map(valuesFor))
  return fc.tuple(fc.integer({ min: 0, max: COUNT_MAX }), columns).map(([count, values]) => {
    batch.columns.forEach((column, at) => {
      column.set(column === batch.instrument ? values[at]!.map((value) => value % INSTRUMENT_COUNT) : values[at]!)
    })
    batch.count = count
    return batch
  })
}

function rowsOf(batch: TradeBatch | QuoteBatch): unknown[] {
  return Array.from({ length: batch.count }, (_, row) =>
    batch.columns.map((column) =>
      column === batch.instrument ? batch.instruments.at(column[row]!).symbol : column[row],
    ),
  )
}

it('trades come back as they were, whatever the widths of their columns', () => {
  const batches = fc.constant(undefined).chain(() => filled(new TradeBatch(instrumentTable(), COUNT_MAX)))
  fc.assert(
    fc.property(batches, (batch) => {
      const decoded = decodeTrades(encodeTrades(batch), new InstrumentTable())
      expect(rowsOf(decoded)).toEqual(rowsOf(batch))
    }),
  )
})

it('quotes come back as they were', () => {
  const batches = fc.constant(undefined).chain(() => filled(new QuoteBatch(instrumentTable(), COUNT_MAX)))
  fc.assert(
    fc.property(batches, (batch) => {
      expect(rowsOf(decodeQuotes(encodeQuotes(batch), new InstrumentTable()))).toEqual(rowsOf(batch))
    }),
  )
})

it('the same trades give the same bytes, whatever was encoded before', () => {
  const instruments = instrumentTable()
  const batch = new TradeBatch(instruments, 3)
  const other = new TradeBatch(instruments, 5000)
  batch.count = 3
  other.count = 5000
  for (let row = 0; row < 5000; row++) for (const column of other.columns) column[row] = (row * 7919) % 251
  batch.flags.set([1, 2, 1])
  batch.watermarkUs = 17
  const first = encodeTrades(batch)
  encodeTrades(other)
  expect(encodeTrades(batch)).toEqual(first)
  expect(decodeTrades(first, new InstrumentTable()).watermarkUs).toBe(17)
})

it('a batch that is large enough is filled again, one that is too small is not', () => {
  const instruments = new InstrumentTable()
  const batch = new TradeBatch(instrumentTable(), 3)
  batch.count = 3
  batch.id.set([7, 8, 9])
  const payload = encodeTrades(batch)
  const large = new TradeBatch(instruments, 10)
  large.count = 10
  large.id.fill(5)
  expect(decodeTrades(payload, instruments, large)).toBe(large)
  expect([large.count, ...large.id.subarray(0, 3)]).toEqual([3, 7, 8, 9])
  expect(decodeTrades(payload, instruments, new TradeBatch(instruments, 2)).count).toBe(3)
  expect(decodeTrades(payload, new InstrumentTable(), large)).not.toBe(large)
})

it('bytes that are cut short or of another kind are refused as corrupt', () => {
  const batch = new TradeBatch(instrumentTable(), 3)
  batch.count = 3
  batch.id.set([7, 800, 90_000])
  const payload = encodeTrades(batch)
  for (let length = 0; length < payload.length; length += 4) {
    expect(() => decodeTrades(payload.slice(0, length), new InstrumentTable())).toThrow(/columnar batch/)
  }
  expect(() => decodeQuotes(payload, new InstrumentTable())).toThrow(/columnar batch/)
})
