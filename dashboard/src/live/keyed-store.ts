/**
 * Values by key, for `useSyncExternalStore`: a change wakes only the listeners of its own key. Values are replaced,
 * never changed in place.
 */
export class KeyedStore<Value> {
  readonly #values = new Map<string, Value>()
  readonly #listeners = new Map<string, Set<() => void>>()

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value)
    const listeners = this.#listeners.get(key)
    if (listeners !== undefined) for (const listener of listeners) listener()
  }

  clear(): void {
    const keys = [...this.#values.keys()]
    this.#values.clear()
    for (const key of keys) for (const listener of this.#listeners.get(key) ?? []) listener()
  }

  /** @returns ends it */
  subscribe(key: string, listener: () => void): () => void {
    let listeners = this.#listeners.get(key)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(key, listeners)
    }
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key)
    }
  }
}
