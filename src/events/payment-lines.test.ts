import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodePayments, encodePayments } from './batch-codec.ts'
import { paymentAt } from './json.ts'
import { codeText, currencyDecimals, packCode } from './payment.ts'
import { ONLINE, PaymentBatch, TRANSFER } from './payment-batch.ts'
import { PAYMENT_CSV_HEADER, PaymentLines } from './payment-lines.ts'

const payment = fc.record({
  id: fc.nat(2 ** 40),
  timeUs: fc.integer({ min: 0, max: 4e15 }),
  delayUs: fc.nat(5_000_000),
  number: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  amount: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
  currency: fc.constantFrom('EUR', 'JPY', 'KWD', 'CHF'),
  country: fc.constantFrom('DE', 'CH', 'ZW'),
  place: fc.nat(1_000_000),
  flags: fc.constantFrom(0, ONLINE, TRANSFER),
})
const batches = fc.array(payment, { maxLength: 40 }).map((payments) => {
  const batch = new PaymentBatch(payments.length)
  for (const { id, timeUs, delayUs, number, amount, currency, country, place, flags } of payments) {
    const row = batch.count++
    batch.id[row] = id
    batch.eventTimeUs[row] = timeUs
    batch.receivedTimeUs[row] = timeUs + delayUs
    batch.customer[row] = number
    for (const column of [batch.card, batch.merchant, batch.terminal]) column[row] = flags === TRANSFER ? 0 : number
    batch.counterparty[row] = flags === TRANSFER ? number : 0
    batch.amountDigits[row] = amount
    batch.currency[row] = packCode(currency)
    batch.country[row] = packCode(country)
    batch.x[row] = place
    batch.y[row] = place
    batch.flags[row] = flags
  }
  batch.watermarkUs = payments.length
  return batch
})

function linesOf(text: Uint8Array): string[] {
  return new TextDecoder().decode(text).split('\n').slice(0, -1)
}

it('NDJSON is what JSON.stringify gives of each payment', () => {
  const lines = new PaymentLines()
  fc.assert(
    fc.property(batches, (batch) => {
      const expected = Array.from({ length: batch.count }, (_, row) => JSON.stringify(paymentAt(batch, row)))
      expect(linesOf(lines.ndjson(batch))).toEqual(expected)
    }),
  )
})

it('CSV has a cell for every column, empty where a payment has none', () => {
  const lines = new PaymentLines()
  const names = PAYMENT_CSV_HEADER.trim().split(',')
  fc.assert(
    fc.property(batches, (batch) => {
      linesOf(lines.csv(batch)).forEach((line, row) => {
        const cells = line.split(',')
        expect(cells.length).toBe(names.length)
        const found = Object.fromEntries(names.map((name, at) => [name, cells[at]]))
        const { kind, customer, amount, currency, country, ...rest } = paymentAt(batch, row)
        const isTransfer = kind === 'transfer'
        expect(found).toMatchObject({ customer: String(customer), amount, currency, country })
        expect(found.counterparty === '').toBe(!isTransfer)
        expect(found.card === '' && found.x === '').toBe(isTransfer)
        expect(found.kind).toBe('channel' in rest ? rest.channel : 'transfer')
        expect(found.time).toBe(String(batch.eventTimeUs[row]))
      })
    }),
  )
})

it('payments come back from their stored form as they were', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const decoded = decodePayments(encodePayments(batch))
      expect(decoded.watermarkUs).toBe(batch.watermarkUs)
      expect(decoded.columns).toEqual(batch.columns)
    }),
  )
})

it('codes of letters come back, and currencies have their decimals', () => {
  expect(['EUR', 'JPY', 'CH', ''].map((code) => codeText(packCode(code)))).toEqual(['EUR', 'JPY', 'CH', ''])
  expect(['EUR', 'JPY', 'KWD'].map(currencyDecimals)).toEqual([2, 0, 3])
})
