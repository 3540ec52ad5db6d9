import type { Channel, SymbolFilter } from '../../protocol/live.ts'
import type { SymbolChanges } from './change-ring.ts'
import type { LiveHub } from './live-hub.ts'

interface ChannelSubscription {
  /** Whether every symbol is meant; then `symbols` is empty. */
  isAll: boolean
  /** Changes that this session knows of, of the whole channel; counts only with `isAll`. */
  seenTotalCount: number
  /** Changes that this session knows of, by symbol. */
  readonly seenCounts: Map<string, number>
}

/** What changed in one channel for one session. */
export interface ChannelChanges {
  readonly channel: Channel
  readonly text: string
  readonly missedCount: number
}

/** What one session is subscribed to, and how far it knows each. Watches in the hub what it holds, until `clear`. */
export class Subscriptions {
  readonly #hub: LiveHub
  readonly #channels = new Map<Channel, ChannelSubscription>()
  #signature = ''

  constructor(hub: LiveHub) {
    this.#hub = hub
  }

  /** Sessions of the same signature that stand at the same step are sent the same bytes. */
  get signature(): string {
    return this.#signature
  }

  get count(): number {
    let count = 0
    for (const held of this.#channels.values()) count += held.isAll ? 1 : held.seenCounts.size
    return count
  }

  holds(channel: Channel, symbol: string): boolean {
    const held = this.#channels.get(channel)
    return held !== undefined && (held.isAll || held.seenCounts.has(symbol))
  }

  /** What the channel holds: all, or these symbols in order. */
  filter(channel: Channel): SymbolFilter {
    const held = this.#channels.get(channel)
    if (held === undefined) return []
    return held.isAll ? '*' : [...held.seenCounts.keys()].sort()
  }

  /** Changes from now on count; earlier ones are the snapshot's. The hub must watch what is added already. */
  add(channel: Channel, symbols: SymbolFilter): void {
    const live = this.#hub.channel(channel)
    const held = this.#held(channel)
    if (symbols === '*') {
      if (!held.isAll) {
        live.watchAll()
        for (const symbol of held.seenCounts.keys()) live.unwatch(symbol)
        held.seenCounts.clear()
        held.isAll = true
      }
      held.seenTotalCount = live.totalCount
    } else if (!held.isAll) {
      for (const symbol of symbols) {
        if (!held.seenCounts.has(symbol)) live.watch(symbol)
        held.seenCounts.set(symbol, live.watched(symbol)!.count)
      }
    }
    this.#sign()
  }

  remove(channel: Channel, symbols: SymbolFilter): void {
    const held = this.#channels.get(channel)
    if (held === undefined) return
    const live = this.#hub.channel(channel)
    for (const symbol of symbols === '*' ? [...held.seenCounts.keys()] : symbols) {
      if (held.seenCounts.delete(symbol)) live.unwatch(symbol)
    }
    if (symbols === '*' && held.isAll) {
      held.isAll = false
      live.unwatchAll()
    }
    if (!held.isAll && held.seenCounts.size === 0) this.#channels.delete(channel)
    this.#sign()
  }

  clear(): void {
    for (const channel of [...this.#channels.keys()]) this.remove(channel, '*')
  }

  /** Everything that is held is known up to now. */
  markSeen(): void {
    for (const [channel, held] of this.#channels) {
      const live = this.#hub.channel(channel)
      held.seenTotalCount = live.totalCount
      for (const symbol of held.seenCounts.keys()) held.seenCounts.set(symbol, live.watched(symbol)?.count ?? 0)
    }
  }

  /** What changed after the step `since`, in each channel where something did. Does not mark it as seen. */
  *changesSince(since: number): Generator<ChannelChanges> {
    for (const [channel, held] of this.#channels) {
      const changes = held.isAll ? this.#allSince(channel, held, since) : this.#someSince(channel, held, since)
      if (changes.text !== '' || changes.missedCount > 0) yield changes
    }
  }

  filters(): readonly { readonly channel: Channel; readonly symbols: SymbolFilter }[] {
    return [...this.#channels.keys()].map((channel) => ({ channel, symbols: this.filter(channel) }))
  }

  #allSince(channel: Channel, held: ChannelSubscription, since: number): ChannelChanges {
    const live = this.#hub.channel(channel)
    const changed = [...live.changedSince(since)].reverse()
    const { text, count } = joined(changed, since)
    return { channel, text, missedCount: Math.max(0, live.totalCount - held.seenTotalCount - count) }
  }

  #someSince(channel: Channel, held: ChannelSubscription, since: number): ChannelChanges {
    const live = this.#hub.channel(channel)
    const changed: SymbolChanges[] = []
    let expectedCount = 0
    for (const [symbol, seenCount] of held.seenCounts) {
      const changes = live.watched(symbol)
      if (changes === undefined || changes.sequence <= since) continue
      changed.push(changes)
      expectedCount += changes.count - seenCount
    }
    const { text, count } = joined(changed, since)
    return { channel, text, missedCount: Math.max(0, expectedCount - count) }
  }

  #held(channel: Channel): ChannelSubscription {
    let held = this.#channels.get(channel)
    if (held === undefined) {
      held = { isAll: false, seenTotalCount: 0, seenCounts: new Map() }
      this.#channels.set(channel, held)
    }
    return held
  }

  #sign(): void {
    this.#signature = [...this.#channels.keys()]
      .sort()
      .map((channel) => `${channel}=${[...this.filter(channel)].join(',')}`)
      .join(';')
  }
}

function joined(changed: readonly SymbolChanges[], since: number): { text: string; count: number } {
  let text = ''
  let count = 0
  for (const changes of changed) {
    const part = changes.since(since)
    if (part.text === '') continue
    text = text === '' ? part.text : `${text},${part.text}`
    count += part.count
  }
  return { text, count }
}
