import { describe, expect, it } from 'vitest'
import { paymentAt } from '../../events/json.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { readPayment } from './payment-line.ts'

const RECEIVED_US = 1_767_225_600_000_000
const CARD = {
  type: 'payment',
  kind: 'card',
  id: 12,
  customer: 1,
  card: 2,
  merchant: 3,
  terminal: 4,
  channel: 'terminal',
  amount: '12.34',
  currency: 'EUR',
  country: 'DE',
  x: 0,
  y: 7,
  eventTimeMs: 1_767_225_600_000.5,
  receivedTimeMs: 1_767_225_600_001,
} as const
const { card: _card, merchant: _merchant, terminal: _terminal, channel: _channel, x: _x, y: _y, ...common } = CARD
const TRANSFER = { ...common, kind: 'transfer', counterparty: 9 } as const

function read(json: Readonly<Record<string, unknown>>) {
  const batch = new PaymentBatch(2)
  const refusal = readPayment(json, batch, RECEIVED_US)
  expect(batch.count).toBe(refusal === undefined ? 1 : 0)
  return refusal ?? paymentAt(batch, 0)
}

describe('a payment', () => {
  it('is read as it was written', () => {
    expect(read(CARD)).toEqual(CARD)
    expect(read(TRANSFER)).toEqual(TRANSFER)
  })

  it('has the decimals of its currency, exactly', () => {
    expect(read({ ...CARD, amount: '90071992547409.91' })).toMatchObject({ amount: '90071992547409.91' })
    expect(read({ ...CARD, amount: '5' })).toMatchObject({ amount: '5.00' })
    expect(read({ ...CARD, amount: '5.100' })).toMatchObject({ amount: '5.10' })
    expect(read({ ...CARD, amount: '700', currency: 'JPY' })).toMatchObject({ amount: '700' })
    expect(read({ ...CARD, amount: '5.001' })).toMatchObject({ reason: 'invalid-quantity' })
    expect(read({ ...CARD, amount: '0.5', currency: 'JPY' })).toMatchObject({ reason: 'invalid-quantity' })
    expect(read({ ...CARD, amount: '90071992547409.92' })).toMatchObject({ reason: 'overflow' })
    expect(read({ ...CARD, amount: '9999999999999999999' })).toMatchObject({ reason: 'overflow' })
  })

  it('has the time of arrival where it names none', () => {
    expect(read({ ...CARD, receivedTimeMs: undefined })).toMatchObject({ receivedTimeMs: RECEIVED_US / 1000 })
  })

  it.each([
    [{ kind: 'cash' }, 'unknown-shape'],
    [{ id: -1 }, 'invalid-id'],
    [{ id: 1.5 }, 'invalid-id'],
    [{ customer: 0 }, 'invalid-id'],
    [{ card: undefined }, 'invalid-id'],
    [{ terminal: 2 ** 32 }, 'invalid-id'],
    [{ channel: 'phone' }, 'unknown-shape'],
    [{ amount: 12.34 }, 'invalid-quantity'],
    [{ amount: '0.00' }, 'invalid-quantity'],
    [{ amount: '-1' }, 'invalid-quantity'],
    [{ currency: 'eur' }, 'unknown-shape'],
    [{ country: 'DEU' }, 'unknown-shape'],
    [{ x: -1 }, 'unknown-shape'],
    [{ eventTimeMs: '2026' }, 'invalid-time'],
    [{ receivedTimeMs: 4_102_444_800_000 }, 'invalid-time'],
  ])('with %j is refused: %s', (fields, reason) => {
    expect(read({ ...CARD, ...fields })).toMatchObject({ reason })
  })

  it('that is a transfer needs a counterparty', () => {
    expect(read({ ...TRANSFER, counterparty: 0 })).toMatchObject({ reason: 'invalid-id' })
  })
})
