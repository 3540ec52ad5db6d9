import type { Channel, ClientMessage, SymbolFilter } from '../../../src/protocol/live.ts'

const ALL = '*'

/**
 * Who wants what, counted: a channel's symbol is subscribed to with its first user and given back with its last.
 * `changes` tells what to send for a server that holds what was sent before.
 */
export class SubscriptionSet {
  readonly #users = new Map<Channel, Map<string, number>>()
  readonly #sent = new Map<Channel, Set<string>>()

  add(channel: Channel, filter: SymbolFilter): void {
    let counts = this.#users.get(channel)
    if (counts === undefined) {
      counts = new Map()
      this.#users.set(channel, counts)
    }
    for (const symbol of filter === ALL ? [ALL] : filter) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  }

  remove(channel: Channel, filter: SymbolFilter): void {
    const counts = this.#users.get(channel)
    if (counts === undefined) return
    for (const symbol of filter === ALL ? [ALL] : filter) {
      const count = (counts.get(symbol) ?? 0) - 1
      if (count > 0) counts.set(symbol, count)
      else counts.delete(symbol)
    }
    if (counts.size === 0) this.#users.delete(channel)
  }

  /** True where market data, which should never be silent for long, is subscribed to. */
  get expectsData(): boolean {
    for (const channel of this.#users.keys()) if (channel !== 'alerts') return true
    return false
  }

  /** The connection was lost: the server holds nothing any more. */
  forgetSent(): void {
    this.#sent.clear()
  }

  /** The messages that bring the server from what was sent to what is wanted; they count as sent. */
  changes(): ClientMessage[] {
    const messages: ClientMessage[] = []
    for (const channel of new Set([...this.#sent.keys(), ...this.#users.keys()])) {
      messages.push(...this.#channelChanges(channel))
    }
    return messages
  }

  #channelChanges(channel: Channel): ClientMessage[] {
    const counts = this.#users.get(channel)
    // `*` holds all others: naming them beside it would only have them taken back later.
    const wanted = new Set(counts?.has(ALL) ? [ALL] : counts?.keys())
    const sent = this.#sent.get(channel) ?? new Set<string>()
    const added = [...wanted].filter((symbol) => !sent.has(symbol))
    const removed = [...sent].filter((symbol) => !wanted.has(symbol))
    if (wanted.size === 0) this.#sent.delete(channel)
    else this.#sent.set(channel, wanted)
    const messages: ClientMessage[] = []
    // From or to `*` the whole channel is given back first: a list and `*` at once would mean different things.
    const isReplaced = sent.has(ALL) !== wanted.has(ALL) && sent.size > 0
    if (isReplaced || (wanted.size === 0 && sent.size > 0)) messages.push({ type: 'unsubscribe', channel })
    else if (removed.length > 0) messages.push({ type: 'unsubscribe', channel, symbols: removed })
    if (wanted.has(ALL)) {
      if (added.length > 0) messages.push({ type: 'subscribe', channel, symbols: ALL })
    } else if (added.length > 0) {
      messages.push({ type: 'subscribe', channel, symbols: added })
    }
    return messages
  }
}
