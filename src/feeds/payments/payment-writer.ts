import type { Random } from '../../base/random.ts'
import { NO_ENTITY, ONLINE, type PaymentBatch, TRANSFER } from '../../events/payment-batch.ts'
import { NORMAL_QUANTILES } from '../simulator/world/quantile-table.ts'
import type { CustomerBase } from './customer-base.ts'
import { countryAt } from './geography.ts'
import { chanceOf, mix } from './mix.ts'
import type { PaymentsOptions } from './payments-options.ts'
import type { TerminalMap } from './terminal-map.ts'

const ONLINE_SHARE = 0.24
const AWAY_SHARE = 0.08
/** Usual amount of a transfer in cents, as a logarithm, and its deviation. */
const TRANSFER_LOG_CENTS = Math.log(18_000)
const TRANSFER_DEVIATION = 0.95
/** Accounts that many others pay: landlords, utilities. */
const BILLER_SHARE = 0.02
const CONTACT_COUNT = 12

/** Draws what ordinary customers do, and writes payments into batches. Numbers here count from 0. */
export class PaymentWriter {
  readonly customers: CustomerBase
  readonly terminals: TerminalMap
  readonly #limitCents: number
  readonly #billerCount: number
  readonly #billerSeed: number

  constructor(options: PaymentsOptions, customers: CustomerBase, terminals: TerminalMap) {
    this.customers = customers
    this.terminals = terminals
    this.#limitCents = options.cardLimitCents
    this.#billerCount = Math.max(1, Math.floor(customers.count * BILLER_SHARE))
    this.#billerSeed = mix(options.seed >>> 0, 0x62696c6c)
  }

  /** Where a customer pays by card: places of habit, shops online, now and then somewhere else. */
  terminalFor(customer: number, random: Random): number {
    const chance = chanceOf(random)
    if (chance < ONLINE_SHARE) return this.terminals.online(customer, random)
    if (chance < ONLINE_SHARE + AWAY_SHARE) return this.terminals.anywhere(random)
    return this.terminals.habitual(customer, this.customers.x[customer]!, this.customers.y[customer]!, random)
  }

  /** Whom a customer sends money: a landlord or utility, or an acquaintance. */
  counterpartyOf(customer: number, random: Random): number {
    const chance = chanceOf(random)
    const other =
      chanceOf(random) < 0.5
        ? mix(this.#billerSeed, Math.floor(chance * chance * this.#billerCount)) % this.customers.count
        : this.customers.contactOf(customer, Math.floor(chance * chance * CONTACT_COUNT))
    return other === customer ? (other + 1) % this.customers.count : other
  }

  /** Logarithm of what this customer pays here, in cents. */
  cardLogCents(customer: number, terminal: number, random: Random): number {
    return (
      this.customers.spending[customer]! +
      this.terminals.logCents[terminal]! +
      this.terminals.deviation[terminal]! * NORMAL_QUANTILES[random.nextInt(NORMAL_QUANTILES.length)]!
    )
  }

  /** What this customer pays here, within the limit. @param shift of the amount's logarithm */
  cardCents(customer: number, terminal: number, shift: number, random: Random): number {
    return this.withinLimit(this.cardLogCents(customer, terminal, random) + shift)
  }

  transferLogCents(customer: number, random: Random): number {
    return (
      this.customers.spending[customer]! +
      TRANSFER_LOG_CENTS +
      TRANSFER_DEVIATION * NORMAL_QUANTILES[random.nextInt(NORMAL_QUANTILES.length)]!
    )
  }

  /** Cents within the limit: what would be above is as far below it. */
  withinLimit(logCents: number): number {
    const cents = Math.max(1, Math.round(Math.exp(logCents)))
    return cents <= this.#limitCents ? cents : Math.max(1, Math.floor(this.#limitCents ** 2 / cents))
  }

  /** The rest of a row whose id and time are written. */
  ordinaryCard(batch: PaymentBatch, row: number, customer: number, random: Random): void {
    const terminal = this.terminalFor(customer, random)
    const card = this.customers.cardOf(customer, random)
    this.card(batch, row, customer, card, terminal, this.cardCents(customer, terminal, 0, random))
  }

  ordinaryTransfer(batch: PaymentBatch, row: number, customer: number, random: Random): void {
    const other = this.counterpartyOf(customer, random)
    this.transfer(batch, row, customer, other, Math.round(Math.exp(this.transferLogCents(customer, random))))
  }

  card(batch: PaymentBatch, row: number, customer: number, card: number, terminal: number, cents: number): void {
    const { terminals } = this
    batch.customer[row] = customer + 1
    batch.amountDigits[row] = cents
    batch.card[row] = card
    batch.merchant[row] = terminals.merchant[terminal]! + 1
    batch.terminal[row] = terminal + 1
    batch.counterparty[row] = NO_ENTITY
    batch.currency[row] = terminals.currency[terminal]!
    batch.country[row] = terminals.country[terminal]!
    batch.x[row] = terminals.x[terminal]!
    batch.y[row] = terminals.y[terminal]!
    batch.flags[row] = terminals.isOnline[terminal] === 1 ? ONLINE : 0
  }

  transfer(batch: PaymentBatch, row: number, from: number, to: number, cents: number): void {
    batch.customer[row] = from + 1
    batch.amountDigits[row] = Math.max(1, cents)
    batch.card[row] = NO_ENTITY
    batch.merchant[row] = NO_ENTITY
    batch.terminal[row] = NO_ENTITY
    batch.counterparty[row] = to + 1
    batch.currency[row] = this.customers.currencyOf(from)
    batch.country[row] = countryAt(this.customers.x[from]!, this.customers.y[from]!)
    batch.x[row] = 0
    batch.y[row] = 0
    batch.flags[row] = TRANSFER
  }
}
