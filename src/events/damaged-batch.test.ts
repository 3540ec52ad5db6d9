import fc from 'fast-check'
import { expect, it } from 'vitest'
import { batchOf, type TestTrade } from '../../tests/support/trades.ts'
import { FinPulseError } from '../base/errors.ts'
import { decodeTrades, encodeTrades } from './batch-codec.ts'
import { encodeColumns } from './column-codec.ts'
import { InstrumentTable } from './instrument.ts'
import { tradeAt } from './json.ts'
import { TradeBatch } from './trade-batch.ts'

const TRADES: readonly TestTrade[] = [
  { symbol: 'AAA', timeMs: 1_767_571_080_000, price: '10.05', quantity: '1', id: 7, side: 'buy' },
  { symbol: 'BBB', timeMs: 1_767_571_080_001, price: '0.00000001', quantity: '1000000000000', id: 1 },
  { symbol: 'AAA', timeMs: 1_767_571_080_002, price: '999999999999999999.5', quantity: '0.001', side: 'sell' },
]

function payloadOf(trades: readonly TestTrade[]): Uint8Array {
  return encodeTrades(batchOf(new InstrumentTable(), trades))
}

/** A table that makes the reader bring digits to more decimals. */
function wideTable(): InstrumentTable {
  const instruments = new InstrumentTable()
  instruments.register('test', 'AAA', 9, 9)
  return instruments
}

function decodesOrIsCorrupt(bytes: Uint8Array, instruments: InstrumentTable): void {
  try {
    const batch = decodeTrades(bytes, instruments)
    expect(batch.count).toBeLessThanOrEqual(2 ** 20)
  } catch (error) {
    expect(error).toBeInstanceOf(FinPulseError)
    expect((error as FinPulseError).code).toBe('log-corrupt')
  }
}

it('bytes that changed are read as other trades or refused as corrupt, and nothing else happens', () => {
  const payload = payloadOf(TRADES)
  const change = fc.record({ at: fc.nat(payload.length - 1), value: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, isWide) => {
      const bytes = payload.slice()
      for (const { at, value } of changes) bytes[at] = value
      decodesOrIsCorrupt(bytes, isWide ? wideTable() : new InstrumentTable())
    }),
    { numRuns: 3000 },
  )
})

it('bytes of any kind are no reason to fail in another way', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decodesOrIsCorrupt(bytes, new InstrumentTable())))
})

it('a batch cut short anywhere is refused as corrupt', () => {
  const payload = payloadOf(TRADES)
  for (let length = 0; length < payload.length; length++) {
    expect(() => decodeTrades(payload.slice(0, length), new InstrumentTable())).toThrow(
      expect.objectContaining({ code: 'log-corrupt' }),
    )
  }
})

it('a row count that the bytes cannot vouch for takes no memory', () => {
  const payload = payloadOf([TRADES[0]!])
  new Uint32Array(payload.buffer, 0, 4)[2] = 0xffff_ffff
  expect(() => decodeTrades(payload, new InstrumentTable())).toThrow(/has 4294967295 rows, at most 1048576/)
})

it('a row of an instrument that the dictionary lacks is refused', () => {
  const instruments = new InstrumentTable()
  const { columns, count } = batchOf(instruments, TRADES)
  const payload = encodeColumns(1, count, -1, [instruments.at(0)], columns)
  expect(() => decodeTrades(payload, new InstrumentTable())).toThrow(/has instrument 1 of 1 in row 1/)
})

it('bytes at an odd place of a larger buffer are read all the same', () => {
  const payload = payloadOf(TRADES)
  const pool = Buffer.alloc(payload.length + 16)
  for (let offset = 0; offset < 9; offset++) {
    pool.set(payload, offset)
    const batch = decodeTrades(pool.subarray(offset, offset + payload.length), new InstrumentTable())
    expect(tradeAt(batch, 1)).toMatchObject({ symbol: 'BBB', price: '0.00000001', quantity: '1000000000000' })
  }
})

it('a batch written with fewer decimals is brought to those of the table', () => {
  const instruments = new InstrumentTable()
  const first = decodeTrades(payloadOf([{ timeMs: 0, price: '1.5', quantity: '10' }]), instruments)
  const second = decodeTrades(payloadOf([{ timeMs: 1, price: '1.505', quantity: '0.25' }]), instruments)
  const again = decodeTrades(payloadOf([{ timeMs: 2, price: '1.5', quantity: '10' }]), instruments)
  expect([second, again].map((batch) => tradeAt(batch, 0).price)).toEqual(['1.505', '1.500'])
  // The first is in the decimals of its time: its holder rescales it when the table's version changes.
  expect(first.priceLow[0]).toBe(15)
})

it('a batch of more rows than a reader would take is not written', () => {
  const batch = new TradeBatch(new InstrumentTable(), 0)
  batch.count = 2 ** 20 + 1
  expect(() => encodeColumns(1, batch.count, -1, [], batch.columns)).toThrow(/at most 1048576 rows, got 1048577/)
})
