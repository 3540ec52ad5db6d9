import { type DecimalDigits, LIMB, POWERS_OF_TEN, parseDecimalText } from '../../base/decimal.ts'
import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import { currencyDecimals, packCode } from '../../events/payment.ts'
import { NO_ENTITY, ONLINE, type PaymentBatch, TRANSFER } from '../../events/payment-batch.ts'
import type { Refusal } from '../rows/market-row.ts'
import type { Json } from '../rows/ndjson-lines.ts'

const UINT32_MAX = 2 ** 32 - 1
const CURRENCY = /^[A-Z]{3}$/
const COUNTRY = /^[A-Z]{2}$/
const CARD_ENTITIES = ['customer', 'card', 'merchant', 'terminal'] as const
const TRANSFER_ENTITIES = ['customer', 'counterparty'] as const
const amount: DecimalDigits = { low: 0, high: 0, decimals: 0 }

/**
 * Puts a payment, as `paymentAt` shows it, behind the last row of a batch that is not full.
 * @param receivedTimeUs where the payment has none
 * @returns why it is bad; then the batch has not grown
 */
export function readPayment(json: Json, batch: PaymentBatch, receivedTimeUs: number): Refusal | undefined {
  const { kind } = json
  if (kind !== 'card' && kind !== 'transfer') return refuse('unknown-shape', 'kind', kind, 'card or transfer')
  const refusal =
    readIdentity(json, batch) ??
    (kind === 'card' ? readCard(json, batch) : readTransfer(json, batch)) ??
    readAmount(json, batch) ??
    readTimes(json, batch, receivedTimeUs)
  if (refusal === undefined) batch.count += 1
  return refusal
}

function readIdentity({ id }: Json, batch: PaymentBatch): Refusal | undefined {
  if (!isWhole(id, 0, Number.MAX_SAFE_INTEGER)) return refuse('invalid-id', 'id', id, 'a whole number')
  batch.id[batch.count] = id
  return undefined
}

function readCard(json: Json, batch: PaymentBatch): Refusal | undefined {
  const at = batch.count
  const { channel, x, y } = json
  if (channel !== 'terminal' && channel !== 'online') {
    return refuse('unknown-shape', 'channel', channel, 'terminal or online')
  }
  for (const field of CARD_ENTITIES) {
    const refusal = readEntity(json, field, batch[field], at)
    if (refusal !== undefined) return refusal
  }
  if (!isWhole(x, 0, UINT32_MAX)) return refuse('unknown-shape', 'x', x, 'metres, a whole number')
  if (!isWhole(y, 0, UINT32_MAX)) return refuse('unknown-shape', 'y', y, 'metres, a whole number')
  batch.counterparty[at] = NO_ENTITY
  batch.x[at] = x
  batch.y[at] = y
  batch.flags[at] = channel === 'online' ? ONLINE : 0
  return undefined
}

function readTransfer(json: Json, batch: PaymentBatch): Refusal | undefined {
  const at = batch.count
  for (const field of TRANSFER_ENTITIES) {
    const refusal = readEntity(json, field, batch[field], at)
    if (refusal !== undefined) return refusal
  }
  for (const column of [batch.card, batch.merchant, batch.terminal, batch.x, batch.y]) column[at] = 0
  batch.flags[at] = TRANSFER
  return undefined
}

function readEntity(json: Json, field: string, column: Uint32Array, at: number): Refusal | undefined {
  const value = json[field]
  if (!isWhole(value, 1, UINT32_MAX))
    return refuse('invalid-id', field, value, `a whole number from 1 to ${UINT32_MAX}`)
  column[at] = value
  return undefined
}

function readAmount(json: Json, batch: PaymentBatch): Refusal | undefined {
  const { currency, country } = json
  if (typeof currency !== 'string' || !CURRENCY.test(currency)) {
    return refuse('unknown-shape', 'currency', currency, 'three letters (ISO 4217)')
  }
  if (typeof country !== 'string' || !COUNTRY.test(country)) {
    return refuse('unknown-shape', 'country', country, 'two letters (ISO 3166-1)')
  }
  const decimals = currencyDecimals(currency)
  const digits = digitsOf(json.amount, decimals)
  if (!(digits > 0)) {
    return refuse('invalid-quantity', 'amount', json.amount, `more than 0, with at most ${decimals} decimals`)
  }
  if (digits > Number.MAX_SAFE_INTEGER) return refuse('overflow', 'amount', json.amount, 'fewer digits')
  batch.amountDigits[batch.count] = digits
  batch.currency[batch.count] = packCode(currency)
  batch.country[batch.count] = packCode(country)
  return undefined
}

/** The amount in the smallest unit; NaN where it is none, infinite where it is too large to be exact. */
function digitsOf(text: unknown, decimals: number): number {
  if (typeof text !== 'string' || !parseDecimalText(text, amount)) return Number.NaN
  const digits = amount.high * LIMB + amount.low
  if (digits > Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY
  if (amount.decimals <= decimals) return digits * POWERS_OF_TEN[decimals - amount.decimals]!
  // Zeros behind the last decimal of the currency say nothing.
  const scale = POWERS_OF_TEN[amount.decimals - decimals]!
  return digits % scale === 0 ? digits / scale : Number.NaN
}

function readTimes(json: Json, batch: PaymentBatch, receivedTimeUs: number): Refusal | undefined {
  const at = batch.count
  const eventTimeUs = timeUsOf(json.eventTimeMs)
  if (Number.isNaN(eventTimeUs)) return refuse('invalid-time', 'eventTimeMs', json.eventTimeMs, 'ms since 1970')
  const received = json.receivedTimeMs
  const receivedUs = received === undefined ? receivedTimeUs : timeUsOf(received)
  if (Number.isNaN(receivedUs)) return refuse('invalid-time', 'receivedTimeMs', received, 'ms since 1970')
  batch.eventTimeUs[at] = eventTimeUs
  batch.receivedTimeUs[at] = receivedUs
  return undefined
}

/** A time in ms as µs; NaN where it is none of the vocabulary. */
export function timeUsOf(value: unknown): number {
  if (typeof value !== 'number') return Number.NaN
  const rounded = Math.round(value * 1000)
  return rounded >= 0 && rounded < EVENT_TIME_MAX_US ? rounded : Number.NaN
}

export function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
}

export function refuse(reason: Refusal['reason'], field: string, value: unknown, allowed: string): Refusal {
  const got = (JSON.stringify(value) ?? 'nothing').slice(0, 64)
  return { reason, detail: `${field}: expected ${allowed}, got ${got}` }
}
