import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BatchLedger } from './batch-ledger.ts'
import { VarintReader, VarintWriter } from './varint.ts'

const MAX_COUNT = 5

function entryOf(value: number) {
  const counts = { acceptedCount: value, duplicateCount: 0, refusedCount: value * 1000 }
  return { fingerprint: 2 ** 32 - 1 - value, lineCount: value, ...counts, refused: [] }
}

it('batches are remembered newest first, as they were set last, also as they are written', () => {
  const strokes = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 300 })), { maxLength: 60 })
  fc.assert(
    fc.property(strokes, (sets) => {
      const ledger = new BatchLedger(MAX_COUNT)
      const model = new Map<number, number>()
      for (const [key, value] of sets) {
        ledger.set(key * 2 ** 40, entryOf(value))
        model.delete(key)
        model.set(key, value)
        if (model.size > MAX_COUNT) model.delete([...model.keys()][0]!)
      }
      const writer = new VarintWriter()
      ledger.write(writer)
      const read = new BatchLedger(MAX_COUNT)
      read.read(new VarintReader(writer.written(), 0))
      for (let key = 0; key <= 9; key++) {
        const value = model.get(key)
        const expected = value === undefined ? undefined : entryOf(value)
        expect(ledger.get(key * 2 ** 40)).toEqual(expected)
        expect(read.get(key * 2 ** 40)).toEqual(expected)
      }
    }),
  )
})

it('no batch is remembered where none is to be', () => {
  const ledger = new BatchLedger(0)
  ledger.set(1, entryOf(1))
  expect(ledger.get(1)).toBeUndefined()
})
