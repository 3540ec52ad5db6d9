import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Quote } from '../../events/trade.ts'
import { quoteOf } from '../testing/sample-events.ts'
import { type DepthChange, DepthChanges } from './depth-changes.ts'
import { bookOf, updateIdOf } from './venue-messages.ts'

const quoteAt = (sequence: number, bid: number, spread: number): Quote => ({
  ...quoteOf('X', `${bid}.00`, `${bid + spread}.00`),
  bidQuantity: `${sequence}`,
  sequence,
})

/** A local book, kept as the venue's documentation says (web-socket-streams.md). */
class LocalBook {
  readonly bids = new Map<string, string>()
  readonly asks = new Map<string, string>()
  #updateId: number

  constructor(snapshot: Quote) {
    this.#updateId = updateIdOf(snapshot)
    const { bids, asks } = bookOf(snapshot)
    this.#set(bids, asks)
  }

  apply({ U, u, b, a }: DepthChange): void {
    if (u <= this.#updateId) return
    expect(U).toBeLessThanOrEqual(this.#updateId + 1)
    this.#set(b, a)
    this.#updateId = u
  }

  #set(bids: DepthChange['b'], asks: DepthChange['a']): void {
    for (const [side, levels] of [[this.bids, bids] as const, [this.asks, asks] as const]) {
      for (const [price, quantity] of levels) {
        if (Number(quantity) === 0) side.delete(price)
        else side.set(price, quantity)
      }
    }
  }
}

describe('DepthChanges', () => {
  it('a book that began with a snapshot at any time, and took every message, has the best prices and no others', () => {
    const step = fc.record({
      bid: fc.integer({ min: 100, max: 104 }),
      spread: fc.integer({ min: 1, max: 2 }),
      isSent: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 40 }), fc.nat(), (steps, at) => {
        const quotes = steps.map(({ bid, spread }, index) => quoteAt(index + 1, bid, spread))
        const changes = new DepthChanges(undefined)
        const messages: DepthChange[] = []
        for (const [index, quote] of quotes.entries()) {
          changes.note(quote)
          const message = steps[index]!.isSent || index === quotes.length - 1 ? changes.take() : undefined
          if (message !== undefined) messages.push(message)
        }
        const book = new LocalBook(quotes[at % quotes.length]!)
        for (const message of messages) book.apply(message)
        const last = bookOf(quotes.at(-1)!)
        expect([...book.bids]).toEqual(last.bids)
        expect([...book.asks]).toEqual(last.asks)
        for (const [index, message] of messages.entries()) {
          expect(message.U).toBe((messages[index - 1]?.u ?? 0) + 1)
        }
      }),
    )
  })

  it('says nothing where nothing has changed', () => {
    const changes = new DepthChanges(quoteAt(1, 100, 1))
    expect(changes.take()).toBeUndefined()
    changes.note(quoteAt(2, 101, 1))
    expect(changes.take()).toMatchObject({
      U: 2,
      u: 2,
      b: [
        ['100.00', '0'],
        ['101.00', '2'],
      ],
    })
    expect(changes.take()).toBeUndefined()
  })

  it('asks to be sent before it has named too many prices', () => {
    const changes = new DepthChanges(undefined)
    const isDue = Array.from({ length: 500 }, (_, index) => changes.note(quoteAt(index, index + 1, 1)))
    expect(isDue.indexOf(true)).toBe(499)
  })
})
