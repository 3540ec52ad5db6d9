import { Random } from '../../base/random.ts'
import { FRAUD_KINDS } from '../../events/payment.ts'
import type { PaymentBatch } from '../../events/payment-batch.ts'
import type { CampaignStep } from './campaign-plan.ts'
import { PLANE_M } from './geography.ts'
import { isLaundering, type LaunderingKind, type LaunderingTransfer, launderingTransfer } from './laundering-shape.ts'
import { mixNumber } from './mix.ts'
import type { PaymentWriter } from './payment-writer.ts'
import type { PaymentsOptions } from './payments-options.ts'
import { RingMembers } from './ring-members.ts'

const RING_STREAM = 0x72696e67
const HOURS_PER_WEEK = 168
/** What thieves spend with a card or an account, relative to its owner: a shift and a deviation of the logarithm. */
const STOLEN_CARD_SHIFT = 1.05
const STOLEN_ACCOUNT_SHIFT = 0.9
const STOLEN_DEVIATION = 0.5
const OVER_LIMIT_DEVIATION = 0.35
const TEST_MIN_CENTS = 50
const TEST_MAX_CENTS = 500
const MULE_MAX_COUNT = 3
/** Distance between two payments of one card that nobody travels in the time between. */
const IMPOSSIBLE_M = 400_000
const JOURNEY_TRY_COUNT = 24
const COLLUDER_COUNT = 4
const COLLUSION_SHIFT = 0.3
const LAUNDERING_SHIFT = 0.3

/**
 * Writes the payments of fraud campaigns. What a campaign keeps (its victim, terminal, accounts, sums) is drawn from
 * (seed, kind, ring), what is of one payment from the payment's own numbers.
 */
export class FraudWriter {
  readonly #writer: PaymentWriter
  readonly #seed: number
  readonly #limitCents: number
  readonly #ring = new Random(0)
  readonly #members: RingMembers
  readonly #transfer: LaunderingTransfer = { from: 0, to: 0, weight: 0 }

  constructor(options: PaymentsOptions, writer: PaymentWriter) {
    this.#writer = writer
    this.#seed = options.seed
    this.#limitCents = options.cardLimitCents
    this.#members = new RingMembers(writer.customers)
  }

  /** Writes the rest of a row whose id and time are written. @param random of the payment */
  write(batch: PaymentBatch, row: number, hour: number, kindIndex: number, step: CampaignStep, random: Random): void {
    this.#ring.reseed(this.#seed, RING_STREAM + kindIndex, step.ring)
    if (isLaundering(kindIndex)) {
      this.#launder(batch, row, kindIndex, step)
      return
    }
    switch (FRAUD_KINDS[kindIndex]) {
      case 'compromised-terminal':
        this.#compromisedTerminal(batch, row, hour, random)
        break
      case 'compromised-card':
        this.#compromisedCard(batch, row, random)
        break
      case 'over-limit':
        this.#overLimit(batch, row, hour, random)
        break
      case 'card-testing':
        this.#cardTesting(batch, row, random)
        break
      case 'account-takeover':
        this.#accountTakeover(batch, row, step.step, random)
        break
      case 'impossible-travel':
        this.#impossibleTravel(batch, row, step.step, random)
        break
      default:
        this.#merchantCollusion(batch, row, step.step, random)
        break
    }
  }

  /** A customer as ordinary payments have them, so that active ones are victims more often. */
  #victim(): number {
    return this.#writer.customers.draw(this.#ring.nextInt(HOURS_PER_WEEK), this.#ring)
  }

  #customerAt(terminal: number, hour: number, random: Random): number {
    const { customers, terminals } = this.#writer
    if (terminals.isOnline[terminal] === 1) return customers.draw(hour, random)
    return customers.drawNear(terminals.x[terminal]!, terminals.y[terminal]!, 7000, hour, random)
  }

  /** Cards that are copied in a terminal are misused in it: the amounts and hours are those of its customers. */
  #compromisedTerminal(batch: PaymentBatch, row: number, hour: number, random: Random): void {
    const writer = this.#writer
    const terminal = writer.terminalFor(this.#victim(), this.#ring)
    const customer = this.#customerAt(terminal, hour, random)
    const card = writer.customers.cardOf(customer, random)
    const cents = writer.cardCents(customer, terminal, 0, random)
    writer.card(batch, row, customer, card, terminal, cents)
  }

  /** A stolen card buys online, far away and near, for more than its owner does. */
  #compromisedCard(batch: PaymentBatch, row: number, random: Random): void {
    const writer = this.#writer
    const { customers, terminals } = writer
    const victim = this.#victim()
    const card = customers.cardOf(victim, this.#ring)
    const chance = random.next()
    const terminal =
      chance < 0.4
        ? terminals.online(random.nextInt(customers.count), random)
        : chance < 0.6
          ? terminals.anywhere(random)
          : terminals.habitual(random.nextInt(customers.count), customers.x[victim]!, customers.y[victim]!, random)
    const shift = STOLEN_CARD_SHIFT + STOLEN_DEVIATION * random.nextNormal()
    const cents = writer.cardCents(victim, terminal, shift, random)
    writer.card(batch, row, victim, card, terminal, cents)
  }

  #overLimit(batch: PaymentBatch, row: number, hour: number, random: Random): void {
    const writer = this.#writer
    const customer = writer.customers.draw(hour, random)
    const terminal = writer.terminalFor(customer, random)
    const card = writer.customers.cardOf(customer, random)
    const factor = Math.exp(-OVER_LIMIT_DEVIATION * Math.log(1 - random.next()))
    writer.card(batch, row, customer, card, terminal, Math.floor(this.#limitCents * factor) + 1)
  }

  /** A list of stolen cards is tried out at one terminal with tiny amounts. */
  #cardTesting(batch: PaymentBatch, row: number, random: Random): void {
    const writer = this.#writer
    const { customers, terminals } = writer
    const terminal =
      this.#ring.next() < 0.5 ? terminals.micro(this.#ring) : writer.terminalFor(this.#victim(), this.#ring)
    const customer = random.nextInt(customers.count)
    const card = customers.cardOf(customer, random)
    const cents = TEST_MIN_CENTS + Math.floor((TEST_MAX_CENTS - TEST_MIN_CENTS) * random.next() ** 2)
    writer.card(batch, row, customer, card, terminal, cents)
  }

  /** Somebody else holds the account and sends its money to mules. */
  #accountTakeover(batch: PaymentBatch, row: number, step: number, random: Random): void {
    const writer = this.#writer
    const { count } = writer.customers
    const victim = this.#victim()
    const muleCount = 1 + this.#ring.nextInt(MULE_MAX_COUNT)
    let mule = victim
    for (let at = 0; at <= step % muleCount; at++) mule = this.#ring.nextInt(count)
    if (mule === victim) mule = (victim + 1) % count
    const shift = STOLEN_ACCOUNT_SHIFT + STOLEN_DEVIATION * random.nextNormal()
    const cents = Math.round(Math.exp(writer.transferLogCents(victim, random) + shift))
    writer.transfer(batch, row, victim, mule, cents)
  }

  /** A copied card is used at places that lie too far apart: the first from home, each next one from the one before. */
  #impossibleTravel(batch: PaymentBatch, row: number, step: number, random: Random): void {
    const writer = this.#writer
    const { customers, terminals } = writer
    const victim = this.#victim()
    const card = customers.cardOf(victim, this.#ring)
    let x = customers.x[victim]!
    let y = customers.y[victim]!
    let terminal = 0
    for (let at = 0; at <= step; at++) {
      terminal = this.#farFrom(x, y)
      x = terminals.x[terminal]!
      y = terminals.y[terminal]!
    }
    const cents = writer.cardCents(victim, terminal, 0, random)
    writer.card(batch, row, victim, card, terminal, cents)
  }

  /** A terminal at least IMPOSSIBLE_M away, or the farthest of those tried. */
  #farFrom(x: number, y: number): number {
    const { terminals } = this.#writer
    let farthest = 0
    let farthestM = -1
    for (let attempt = 0; attempt < JOURNEY_TRY_COUNT; attempt++) {
      const terminal = terminals.anywhere(this.#ring)
      const distanceM = Math.hypot(terminals.x[terminal]! - x, terminals.y[terminal]! - y)
      if (distanceM > IMPOSSIBLE_M) return terminal
      if (distanceM > farthestM) {
        farthest = terminal
        farthestM = distanceM
      }
    }
    return farthest
  }

  /** A merchant and a few cards near it invent payments of about one amount. */
  #merchantCollusion(batch: PaymentBatch, row: number, step: number, random: Random): void {
    const writer = this.#writer
    const { customers, terminals } = writer
    const terminal = writer.terminalFor(this.#victim(), this.#ring)
    const invented = writer.cardLogCents(this.#victim(), terminal, this.#ring) + COLLUSION_SHIFT
    let customer = 0
    for (let at = 0; at <= step % COLLUDER_COUNT; at++) {
      const x = (terminals.x[terminal]! + this.#ring.nextInt(20_000)) % PLANE_M
      customer = customers.drawNear(x, terminals.y[terminal]!, 20_000, this.#ring.nextInt(HOURS_PER_WEEK), this.#ring)
    }
    const card = customers.cardOf(customer, this.#ring)
    writer.card(batch, row, customer, card, terminal, writer.withinLimit(invented + 0.08 * random.nextNormal()))
  }

  #launder(batch: PaymentBatch, row: number, kindIndex: number, step: CampaignStep): void {
    const writer = this.#writer
    const logCents = writer.transferLogCents(this.#victim(), this.#ring) + LAUNDERING_SHIFT
    this.#members.draw(step.size, this.#ring)
    const kind = FRAUD_KINDS[kindIndex] as LaunderingKind
    const transfer = this.#transfer
    launderingTransfer(kind, step.size, step.step, mixNumber(kindIndex, step.ring), transfer)
    const from = this.#members.accountOf(transfer.from)
    const to = this.#members.accountOf(transfer.to)
    writer.transfer(batch, row, from, to, Math.round(Math.exp(logCents) * transfer.weight))
  }
}
