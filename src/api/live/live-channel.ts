import type { Channel } from '../../protocol/live.ts'
import type { SymbolChanges } from './change-ring.ts'

interface Slot<T> {
  changes: T
  watcherCount: number
  /** Neighbours in the order of the last change. */
  older: Slot<T> | undefined
  newer: Slot<T> | undefined
}

/**
 * The watched symbols of one channel. A symbol exists here while somebody watches it, or everything; the rest of the
 * market costs nothing. Symbols are kept in the order of their last change, so that a reader of all of them pays for
 * what changed, not for what exists.
 */
export class LiveChannel<T extends SymbolChanges = SymbolChanges> {
  readonly name: Channel
  /** Changes ever, of all watched symbols. */
  totalCount = 0
  readonly #create: (symbol: string) => T
  readonly #slots = new Map<string, Slot<T>>()
  #newest: Slot<T> | undefined
  #oldest: Slot<T> | undefined
  #allWatcherCount = 0

  constructor(name: Channel, create: (symbol: string) => T) {
    this.name = name
    this.#create = create
  }

  get watchedCount(): number {
    return this.#slots.size
  }

  get isWatched(): boolean {
    return this.#slots.size > 0 || this.#allWatcherCount > 0
  }

  get isAllWatched(): boolean {
    return this.#allWatcherCount > 0
  }

  symbols(): readonly string[] {
    return [...this.#slots.keys()]
  }

  /** The changes of a symbol, where it is watched. */
  watched(symbol: string): T | undefined {
    const slot = this.#slots.get(symbol)
    if (slot !== undefined) return slot.changes
    return this.#allWatcherCount > 0 ? this.#slot(symbol).changes : undefined
  }

  watch(symbol: string): T {
    const slot = this.#slot(symbol)
    slot.watcherCount += 1
    return slot.changes
  }

  unwatch(symbol: string): void {
    const slot = this.#slots.get(symbol)
    if (slot === undefined) return
    slot.watcherCount -= 1
    if (slot.watcherCount === 0 && this.#allWatcherCount === 0) this.#remove(slot)
  }

  watchAll(): void {
    this.#allWatcherCount += 1
  }

  unwatchAll(): void {
    this.#allWatcherCount -= 1
    if (this.#allWatcherCount > 0) return
    for (const slot of [...this.#slots.values()]) if (slot.watcherCount === 0) this.#remove(slot)
  }

  /** Moves a symbol to the front, after it changed. */
  touch(symbol: string, changeCount: number): void {
    this.totalCount += changeCount
    const slot = this.#slots.get(symbol)
    if (slot === undefined || slot === this.#newest) return
    this.#unlink(slot)
    this.#linkNewest(slot)
  }

  /** Watched symbols that changed after `since`, newest change first. */
  *changedSince(since: number): Generator<T> {
    for (let slot = this.#newest; slot !== undefined && slot.changes.sequence > since; slot = slot.older) {
      yield slot.changes
    }
  }

  /** Forgets all changes; who watches stays. */
  reset(): void {
    this.totalCount = 0
    for (const slot of this.#slots.values()) slot.changes = this.#create(slot.changes.symbol)
  }

  #slot(symbol: string): Slot<T> {
    const known = this.#slots.get(symbol)
    if (known !== undefined) return known
    const slot: Slot<T> = { changes: this.#create(symbol), watcherCount: 0, older: undefined, newer: undefined }
    this.#slots.set(symbol, slot)
    // A new one has no change yet, and so belongs behind all others; the first touch moves it to the front.
    this.#linkOldest(slot)
    return slot
  }

  #remove(slot: Slot<T>): void {
    this.#slots.delete(slot.changes.symbol)
    this.#unlink(slot)
  }

  #linkNewest(slot: Slot<T>): void {
    slot.older = this.#newest
    if (this.#newest !== undefined) this.#newest.newer = slot
    else this.#oldest = slot
    this.#newest = slot
  }

  #linkOldest(slot: Slot<T>): void {
    slot.newer = this.#oldest
    if (this.#oldest !== undefined) this.#oldest.older = slot
    else this.#newest = slot
    this.#oldest = slot
  }

  #unlink(slot: Slot<T>): void {
    if (slot.newer !== undefined) slot.newer.older = slot.older
    else this.#newest = slot.older
    if (slot.older !== undefined) slot.older.newer = slot.newer
    else this.#oldest = slot.newer
    slot.newer = undefined
    slot.older = undefined
  }
}
