/** Addresses remembered; beyond it, the one that was first seen is forgotten. */
const ADDRESSES_MAX_COUNT = 10_000

interface Spent {
  window: number
  amount: number
}

/** What each address has spent in the present window of the clock: whole minutes, for example. */
export class WindowBudget {
  readonly limit: number
  readonly #windowMs: number
  readonly #spent = new Map<string, Spent>()

  constructor(limit: number, windowMs: number) {
    this.limit = limit
    this.#windowMs = windowMs
  }

  /** Spends, also beyond the limit. @returns what the address has spent in this window */
  spend(address: string, amount: number, nowMs: number): number {
    const window = Math.floor(nowMs / this.#windowMs)
    let spent = this.#spent.get(address)
    if (spent === undefined) {
      spent = { window, amount: 0 }
      this.#spent.set(address, spent)
      if (this.#spent.size > ADDRESSES_MAX_COUNT) this.#spent.delete(this.#spent.keys().next().value!)
    }
    if (spent.window !== window) {
      spent.window = window
      spent.amount = 0
    }
    spent.amount += amount
    return spent.amount
  }

  /** Until the next window begins, s; at least 1. */
  secondsLeft(nowMs: number): number {
    return Math.max(1, Math.ceil((this.#windowMs - (nowMs % this.#windowMs)) / 1000))
  }
}
