import type { Random } from '../../base/random.ts'
import type { CustomerBase } from './customer-base.ts'

const MEMBER_MAX_COUNT = 64

/**
 * The accounts of a laundering ring: all different, and all of one currency. A transfer is in the currency of the
 * account that pays, so what goes through such a ring is never exchanged, and its amounts may be carried from hop to hop.
 */
export class RingMembers {
  readonly #customers: CustomerBase
  readonly #accountCounts = new Map<number, number>()
  readonly #accounts = new Uint32Array(MEMBER_MAX_COUNT)

  constructor(customers: CustomerBase) {
    this.#customers = customers
    for (let account = 0; account < customers.count; account++) {
      const currency = customers.currencyOf(account)
      this.#accountCounts.set(currency, this.#accountCountOf(currency) + 1)
    }
  }

  /** @param random of the ring, so that each of its transfers finds the same accounts */
  draw(size: number, random: Random): void {
    const { count } = this.#customers
    let first = random.nextInt(count)
    // Some currency has enough accounts for a ring of any size: see `checkPaymentsOptions`.
    while (this.#accountCountOf(this.#customers.currencyOf(first)) < size) first = (first + 1) % count
    const currency = this.#customers.currencyOf(first)
    this.#accounts[0] = first
    for (let at = 1; at < size; at++) {
      let account = random.nextInt(count)
      // Homes have nothing to do with numbers, so the next account that fits is as good as any.
      while (this.#customers.currencyOf(account) !== currency || this.#isMember(account, at)) {
        account = (account + 1) % count
      }
      this.#accounts[at] = account
    }
  }

  /** The account of a member, from 0 on. */
  accountOf(member: number): number {
    return this.#accounts[member]!
  }

  #accountCountOf(currency: number): number {
    return this.#accountCounts.get(currency) ?? 0
  }

  #isMember(account: number, memberCount: number): boolean {
    for (let at = 0; at < memberCount; at++) if (this.#accounts[at] === account) return true
    return false
  }
}
