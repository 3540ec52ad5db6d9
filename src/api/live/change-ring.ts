/** What a channel remembers of one symbol: the changes that somebody may not have been sent yet. */
export interface SymbolChanges {
  readonly symbol: string
  /** The hub's sequence at the newest change; 0 before the first. */
  readonly sequence: number
  /** Changes ever, those no longer kept included; stays 0 where changes are conflated and none can be missed. */
  readonly count: number
  /** The changes after `since`, oldest first. */
  since(since: number): ChangesSince
}

export interface ChangesSince {
  /** JSON texts joined by commas: encoded and joined once, then shared by all sessions that stand at the same point. */
  readonly text: string
  /** How many changes it stands for, those merged away included. */
  readonly count: number
}

export const NO_CHANGES: ChangesSince = { text: '', count: 0 }

/** Dropped texts are cut off the arrays in runs of at least this many. */
const COMPACT_MIN_COUNT = 256

/**
 * The last changes of one symbol, in order. When full, the oldest is forgotten; `count` still tells how many there
 * were, so that a reader can be told how many it missed.
 */
export class ChangeRing implements SymbolChanges {
  readonly symbol: string
  sequence = 0
  count = 0
  #texts: string[] = []
  #sequences: number[] = []
  #keys: (string | undefined)[] = []
  #start = 0
  #joinedSince = -1
  #joined = NO_CHANGES

  constructor(symbol: string) {
    this.symbol = symbol
  }

  /** @param key a later change of the same key takes the place of this one for whoever has seen neither */
  push(text: string, sequence: number, capacity: number, key?: string): void {
    this.#texts.push(text)
    this.#sequences.push(sequence)
    this.#keys.push(key)
    this.sequence = sequence
    this.count += 1
    this.#joinedSince = -1
    while (this.#texts.length - this.#start > capacity) this.#start += 1
    if (this.#start >= COMPACT_MIN_COUNT && this.#start * 2 >= this.#texts.length) this.#compact()
  }

  /** Counts changes that were overwritten before they were even encoded. */
  skip(count: number): void {
    this.count += count
  }

  since(since: number): ChangesSince {
    if (this.sequence <= since) return NO_CHANGES
    if (this.#joinedSince === since) return this.#joined
    const texts: string[] = []
    const keys = new Set<string>()
    let index = this.#texts.length - 1
    for (; index >= this.#start && this.#sequences[index]! > since; index--) {
      const key = this.#keys[index]
      if (key !== undefined && keys.has(key)) continue
      if (key !== undefined) keys.add(key)
      texts.push(this.#texts[index]!)
    }
    this.#joinedSince = since
    this.#joined = { text: texts.reverse().join(','), count: this.#texts.length - 1 - index }
    return this.#joined
  }

  /** The newest change of a key that is still kept. */
  lastOf(key: string): string | undefined {
    const index = this.#keys.lastIndexOf(key)
    return index >= this.#start ? this.#texts[index] : undefined
  }

  /** The newest texts, oldest first. */
  newest(count: number): readonly string[] {
    return this.#texts.slice(Math.max(this.#start, this.#texts.length - count))
  }

  /** Texts after `since`, unmerged. */
  textsSince(since: number): readonly string[] {
    let index = this.#texts.length
    while (index > this.#start && this.#sequences[index - 1]! > since) index -= 1
    return this.#texts.slice(index)
  }

  #compact(): void {
    this.#texts = this.#texts.slice(this.#start)
    this.#sequences = this.#sequences.slice(this.#start)
    this.#keys = this.#keys.slice(this.#start)
    this.#start = 0
  }
}
