import type { Quote } from '../../events/trade.ts'
import { type Level, updateIdOf } from './venue-messages.ts'

/** Prices of a side that may have changed before a message is due at once. */
const LEVELS_MAX_COUNT = 500
const GONE = '0'

export interface DepthChange {
  readonly U: number
  readonly u: number
  readonly b: readonly Level[]
  readonly a: readonly Level[]
}

/**
 * What changed in a book of one level a side since the last message. All prices that were best in between are named,
 * with 0 where they no longer are: a client's book that began with a snapshot in between gets rid of them too.
 */
export class DepthChanges {
  #newest: Quote | undefined
  #lastUpdateId: number
  readonly #bids = new Set<string>()
  readonly #asks = new Set<string>()
  #hasChanged = false

  /** @param known the book that clients can have from elsewhere */
  constructor(known: Quote | undefined) {
    this.#newest = known
    this.#lastUpdateId = known === undefined ? -1 : updateIdOf(known)
    if (known !== undefined) this.#touch(known)
  }

  /** @returns true where a message is due at once */
  note(quote: Quote): boolean {
    if (this.#lastUpdateId < 0) this.#lastUpdateId = updateIdOf(quote) - 1
    this.#newest = quote
    this.#touch(quote)
    this.#hasChanged = true
    return this.#bids.size >= LEVELS_MAX_COUNT || this.#asks.size >= LEVELS_MAX_COUNT
  }

  /** @returns undefined where nothing has changed */
  take(): DepthChange | undefined {
    const quote = this.#newest
    if (!this.#hasChanged || quote === undefined) return undefined
    const u = updateIdOf(quote)
    const change = {
      U: Math.min(u, this.#lastUpdateId + 1),
      u,
      b: levels(this.#bids, quote.bidPrice, quote.bidQuantity),
      a: levels(this.#asks, quote.askPrice, quote.askQuantity),
    }
    this.#lastUpdateId = u
    this.#hasChanged = false
    this.#bids.clear()
    this.#asks.clear()
    this.#touch(quote)
    return change
  }

  #touch(quote: Quote): void {
    this.#bids.add(quote.bidPrice)
    this.#asks.add(quote.askPrice)
  }
}

function levels(prices: ReadonlySet<string>, best: string, quantity: string): Level[] {
  return [...prices].map((price): Level => [price, price === best ? quantity : GONE])
}
