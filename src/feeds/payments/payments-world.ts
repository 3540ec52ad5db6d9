import { Random } from '../../base/random.ts'
import { FRAUD_KINDS, type FraudKind } from '../../events/payment.ts'
import type { PaymentBatch } from '../../events/payment-batch.ts'
import { CustomerBase, hourOfWeek } from './customer-base.ts'
import { FraudPlan, ringName, stepCountOf } from './fraud-plan.ts'
import { FraudWriter } from './fraud-writer.ts'
import { Cities } from './geography.ts'
import { chanceOf } from './mix.ts'
import { PaymentWriter } from './payment-writer.ts'
import { checkPaymentsOptions, type PaymentsOptions } from './payments-options.ts'
import { TerminalMap } from './terminal-map.ts'

const PAYMENT_STREAM = 0x7061796d

/** The truth about one payment: for tests and for explaining, never part of the stream. */
export interface FraudTruth {
  readonly kind: FraudKind
  readonly ring: string
  /** The payment's place in its ring, from 0, and how many there are. */
  readonly step: number
  readonly stepCount: number
}

/**
 * Card payments and transfers of a made-up country, with frauds in them. Every payment is a function of (options,
 * index), so the stream is the same to the byte from any index on and in batches of any size. Memory is bounded by the
 * numbers of customers (about 25 bytes each) and terminals (about 40), whatever the rate.
 */
export class PaymentsWorld {
  readonly #options: PaymentsOptions
  readonly #writer: PaymentWriter
  readonly #frauds: FraudWriter
  readonly #plan: FraudPlan
  readonly #random = new Random(0)
  #index = 0
  #hour = 0
  #hourEndUs = Number.NEGATIVE_INFINITY

  /** @throws FinPulseError config-invalid */
  constructor(options: PaymentsOptions) {
    checkPaymentsOptions(options)
    this.#options = options
    const cities = new Cities(options.seed)
    const customers = new CustomerBase(options.seed, options.customerCount, cities)
    const terminals = new TerminalMap(options.seed, options.terminalCount, cities)
    this.#writer = new PaymentWriter(options, customers, terminals)
    this.#frauds = new FraudWriter(options, this.#writer)
    this.#plan = new FraudPlan(options)
  }

  /** Index of the next payment; its id is one more. */
  get index(): number {
    return this.#index
  }

  /** Goes to a payment, forward or back, at once. */
  skipTo(index: number): void {
    this.#index = index
    this.#hourEndUs = Number.NEGATIVE_INFINITY
    this.#plan.moveTo(index)
  }

  /** Appends the payments before `endIndex` while the batch has room. */
  fill(batch: PaymentBatch, endIndex: number): void {
    const end = Math.min(endIndex, this.#index + batch.capacity - batch.count)
    while (this.#index < end) this.#emit(batch)
  }

  /** What a payment really is, if a fraud; goes to it and back. */
  truthOf(index: number): FraudTruth | undefined {
    const plan = this.#plan
    plan.moveTo(index)
    const { ring, step, size } = plan.step
    const kind = FRAUD_KINDS[plan.kindIndex]!
    const truth = { kind, ring: ringName(plan.kindIndex, ring), step, stepCount: stepCountOf(kind, size) }
    const isFraud = plan.slot === index
    plan.moveTo(this.#index)
    return isFraud ? truth : undefined
  }

  /** The hot path: one payment. */
  #emit(batch: PaymentBatch): void {
    const index = this.#index++
    const timeUs = this.#options.schedule.dueUs(index)
    if (timeUs >= this.#hourEndUs) this.#turnHour(timeUs)
    const row = batch.count++
    batch.id[row] = index + 1
    batch.eventTimeUs[row] = timeUs
    // As in the simulated market, what is sent arrives at once.
    batch.receivedTimeUs[row] = timeUs
    const random = this.#random
    random.reseed(this.#options.seed, PAYMENT_STREAM, index)
    const plan = this.#plan
    if (index === plan.slot) {
      this.#frauds.write(batch, row, this.#hour, plan.kindIndex, plan.step, random)
      plan.advance()
      return
    }
    const customer = this.#writer.customers.draw(this.#hour, random)
    if (chanceOf(random) < this.#options.transferShare) this.#writer.ordinaryTransfer(batch, row, customer, random)
    else this.#writer.ordinaryCard(batch, row, customer, random)
  }

  #turnHour(timeUs: number): void {
    this.#hour = hourOfWeek(timeUs)
    this.#hourEndUs = (Math.floor(timeUs / 3.6e9) + 1) * 3.6e9
  }
}
