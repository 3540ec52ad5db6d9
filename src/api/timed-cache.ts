/** Most keys kept; beyond it, the oldest entry goes. */
const ENTRIES_MAX_COUNT = 1000

interface Entry<T> {
  readonly value: Promise<T>
  readonly expiresAtMs: number
}

/**
 * Keeps results for a moment, so that many clients asking the same cost as much as one. Calls made while a result is
 * on its way share it. Failures are not kept.
 */
export class TimedCache<T> {
  readonly #maxAgeMs: number
  readonly #nowMs: () => number
  readonly #entries = new Map<string, Entry<T>>()

  constructor(maxAgeMs: number, nowMs: () => number = () => performance.now()) {
    this.#maxAgeMs = maxAgeMs
    this.#nowMs = nowMs
  }

  get(key: string, load: () => Promise<T>): Promise<T> {
    const nowMs = this.#nowMs()
    const known = this.#entries.get(key)
    if (known !== undefined && known.expiresAtMs > nowMs) return known.value
    const entry = { value: load(), expiresAtMs: nowMs + this.#maxAgeMs }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
    if (this.#entries.size > ENTRIES_MAX_COUNT) this.#entries.delete(this.#entries.keys().next().value!)
    return entry.value
  }

  clear(): void {
    this.#entries.clear()
  }
}
