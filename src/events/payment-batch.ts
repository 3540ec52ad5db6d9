import type { Columns } from './column.ts'
import { copyRows } from './column.ts'

/** Bits of a payment's `flags`. */
export const TRANSFER = 0b01
/** A card payment without the card in a terminal. */
export const ONLINE = 0b10

/** Stands for "none" in the columns of entities, which count from 1. */
export const NO_ENTITY = 0

/** Payments as a struct of arrays: row `i` of every column is one payment. */
export class PaymentBatch {
  readonly capacity: number
  count = 0
  /** As in `TradeBatch`: no event older than this follows; -1 for no promise. */
  watermarkUs = -1
  readonly id: Float64Array
  /** µs since the epoch, integer. */
  readonly eventTimeUs: Float64Array
  readonly receivedTimeUs: Float64Array
  /** Who pays; also the number of the account of a transfer. */
  readonly customer: Uint32Array
  /** Card, merchant and terminal are NO_ENTITY in transfers. */
  readonly card: Uint32Array
  readonly merchant: Uint32Array
  readonly terminal: Uint32Array
  /** Account that receives a transfer; NO_ENTITY in card payments. */
  readonly counterparty: Uint32Array
  /** In the smallest unit of the currency (cents), an integer below 2^53. */
  readonly amountDigits: Float64Array
  /** Letters of ISO 4217 and ISO 3166-1, see `packCode`. */
  readonly currency: Uint32Array
  readonly country: Uint32Array
  /** Of the terminal, in metres; 0 in transfers. */
  readonly x: Uint32Array
  readonly y: Uint32Array
  readonly flags: Uint8Array
  readonly columns: Columns

  constructor(capacity: number) {
    this.capacity = capacity
    this.id = new Float64Array(capacity)
    this.eventTimeUs = new Float64Array(capacity)
    this.receivedTimeUs = new Float64Array(capacity)
    this.customer = new Uint32Array(capacity)
    this.card = new Uint32Array(capacity)
    this.merchant = new Uint32Array(capacity)
    this.terminal = new Uint32Array(capacity)
    this.counterparty = new Uint32Array(capacity)
    this.amountDigits = new Float64Array(capacity)
    this.currency = new Uint32Array(capacity)
    this.country = new Uint32Array(capacity)
    this.x = new Uint32Array(capacity)
    this.y = new Uint32Array(capacity)
    this.flags = new Uint8Array(capacity)
    // The order is the order on the wire (batch-codec.ts).
    this.columns = [
      this.id,
      this.eventTimeUs,
      this.receivedTimeUs,
      this.customer,
      this.card,
      this.merchant,
      this.terminal,
      this.counterparty,
      this.amountDigits,
      this.currency,
      this.country,
      this.x,
      this.y,
      this.flags,
    ]
  }

  get isFull(): boolean {
    return this.count === this.capacity
  }

  /** Appends one row of another batch. */
  appendRow(from: PaymentBatch, row: number): void {
    copyRows(from.columns, row, this.columns, this.count, 1)
    this.count += 1
  }
}
