/** Card frauds, account frauds, and the eight shapes of laundering of AMLSim (IBM). */
export const FRAUD_KINDS = [
  'compromised-terminal',
  'compromised-card',
  'over-limit',
  'card-testing',
  'account-takeover',
  'impossible-travel',
  'merchant-collusion',
  'fan-in',
  'fan-out',
  'cycle',
  'scatter-gather',
  'gather-scatter',
  'bipartite',
  'stack',
  'random',
] as const
export type FraudKind = (typeof FRAUD_KINDS)[number]

/** One card payment in public JSON. Numbers of customers, cards, merchants and terminals count from 1. */
export interface CardPayment {
  readonly type: 'payment'
  readonly kind: 'card'
  readonly id: number
  readonly customer: number
  readonly card: number
  readonly merchant: number
  readonly terminal: number
  readonly channel: 'terminal' | 'online'
  /** Exact, in the currency of the terminal. */
  readonly amount: string
  /** ISO 4217. */
  readonly currency: string
  /** Of the terminal; ISO 3166-1, two letters. */
  readonly country: string
  /** Of the terminal, in metres on the plane of the source. */
  readonly x: number
  readonly y: number
  readonly eventTimeMs: number
  readonly receivedTimeMs: number
}

/** One transfer between accounts in public JSON. A customer's account has the customer's number. */
export interface TransferPayment {
  readonly type: 'payment'
  readonly kind: 'transfer'
  readonly id: number
  readonly customer: number
  /** Account that receives. */
  readonly counterparty: number
  readonly amount: string
  readonly currency: string
  /** Of the payer's bank. */
  readonly country: string
  readonly eventTimeMs: number
  readonly receivedTimeMs: number
}

export type Payment = CardPayment | TransferPayment

/** What became known of a payment later, as by a charge-back: an event of its own, never part of the payment. */
export interface PaymentLabel {
  readonly type: 'payment-label'
  readonly paymentId: number
  readonly kind: FraudKind
  /** The campaign that the payment belongs to: equal for all payments of one ring, and only for them. */
  readonly ring: string
  readonly paymentTimeMs: number
  /** When it became known. */
  readonly eventTimeMs: number
}

/** A code of two or three capital letters as a number: `packCode('EUR')`; sorts as the text does. */
export function packCode(code: string): number {
  let packed = 0
  for (let index = 0; index < code.length; index++) packed = packed * 256 + code.charCodeAt(index)
  return packed
}

/** The inverse of `packCode`. */
export function codeText(packed: number): string {
  let text = ''
  for (let rest = packed; rest > 0; rest = Math.floor(rest / 256)) text = String.fromCharCode(rest % 256) + text
  return text
}

/** Decimals of the currencies that do not have two (ISO 4217). */
const DECIMALS_BY_CURRENCY: Readonly<Record<string, number>> = {
  BHD: 3,
  CLP: 0,
  IQD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KRW: 0,
  KWD: 3,
  OMR: 3,
  PYG: 0,
  TND: 3,
  UGX: 0,
  VND: 0,
  XAF: 0,
  XOF: 0,
}

/** How many decimals an amount in this currency has. */
export function currencyDecimals(currency: string): number {
  return DECIMALS_BY_CURRENCY[currency] ?? 2
}
