import { type DecimalDigits, parseDecimalBytes, parseDecimalText } from '../../base/decimal.ts'
import type { DeadLetterReason } from '../../events/dead-letter.ts'

/** Why one input row cannot become an event. Allocated for bad rows only. */
export interface Refusal {
  readonly reason: DeadLetterReason
  readonly detail: string
}

/** One trade on its way into a batch; one object is reused for all rows of a source. */
export interface TradeRow {
  readonly price: DecimalDigits
  readonly quantity: DecimalDigits
  /** µs, integer, in the range of the vocabulary once it was read. */
  eventTimeUs: number
  /** µs, or NaN where the source has no time of arrival. */
  receivedTimeUs: number
  id: number
  tradeCount: number
  flags: number
}

/** One best bid and ask on its way into a batch. */
export interface QuoteRow {
  readonly bidPrice: DecimalDigits
  readonly bidQuantity: DecimalDigits
  readonly askPrice: DecimalDigits
  readonly askQuantity: DecimalDigits
  eventTimeUs: number
  receivedTimeUs: number
  sequence: number
}

export function createTradeRow(): TradeRow {
  return {
    price: zero(),
    quantity: zero(),
    eventTimeUs: 0,
    receivedTimeUs: 0,
    id: 0,
    tradeCount: 1,
    flags: 0,
  }
}

export function createQuoteRow(): QuoteRow {
  return {
    bidPrice: zero(),
    bidQuantity: zero(),
    askPrice: zero(),
    askQuantity: zero(),
    eventTimeUs: 0,
    receivedTimeUs: 0,
    sequence: 0,
  }
}

function zero(): DecimalDigits {
  return { low: 0, high: 0, decimals: 0 }
}

export function isZero(value: DecimalDigits): boolean {
  return value.low === 0 && value.high === 0
}

const textDecoder = new TextDecoder()

/** Reads a price or quantity, which must be above zero. */
export function readPositiveBytes(
  field: 'price' | 'quantity',
  bytes: Uint8Array,
  start: number,
  end: number,
  into: DecimalDigits,
): Refusal | undefined {
  if (parseDecimalBytes(bytes, start, end, into) && !isZero(into)) return undefined
  return refuseDecimal(field, textDecoder.decode(bytes.subarray(start, Math.min(end, start + 64))))
}

/** As `readPositiveBytes`, from a text. */
export function readPositiveText(field: 'price' | 'quantity', text: string, into: DecimalDigits): Refusal | undefined {
  if (parseDecimalText(text, into) && !isZero(into)) return undefined
  return refuseDecimal(field, text.slice(0, 64))
}

const DECIMAL_SHAPE = /^(?=.*[1-9])\d*\.?\d*(?:[eE][+-]?\d+)?$/

/** Tells a decimal that is too large or too fine from a text that is none. */
export function refuseDecimal(field: 'price' | 'quantity', text: string): Refusal {
  if (DECIMAL_SHAPE.test(text)) {
    return { reason: 'overflow', detail: `${field}: more digits than fit, got "${text}"` }
  }
  return { reason: `invalid-${field}`, detail: `${field}: expected a decimal above 0, got "${text}"` }
}
