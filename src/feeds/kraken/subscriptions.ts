import type { SocketAnswer } from './kraken-message.ts'

interface LineState {
  /** By request, the symbols that were not answered yet. */
  readonly pending: Map<number, Set<string>>
  /** When the requests were made, or last answered, µs. */
  changedUs: number
}

/** What is asked of each socket, and what has been answered. Pure: time is an argument, texts are sent by the caller. */
export class Subscriptions {
  /** Symbols that the venue refuses, and why. */
  readonly refused = new Map<string, string>()
  readonly #channels: readonly string[]
  readonly #lines = new Map<number, LineState>()
  #requestCount = 0

  constructor(hasQuotes: boolean) {
    this.#channels = hasQuotes ? ['trade', 'ticker'] : ['trade']
  }

  /** A socket of the line has opened: what was asked of the one before it counts no more. @returns what to send */
  begin(line: number, symbols: readonly string[], nowUs: number): string[] {
    const pending = new Map<number, Set<string>>()
    this.#lines.set(line, { pending, changedUs: nowUs })
    return this.#channels.map((channel) => {
      this.#requestCount += 1
      pending.set(this.#requestCount, new Set(symbols))
      // Past trades are asked for: they tell at once what was missed, and fill a short gap by themselves.
      const params = { channel, symbol: symbols, snapshot: true, ...(channel === 'ticker' && { event_trigger: 'bbo' }) }
      return JSON.stringify({ method: 'subscribe', params, req_id: this.#requestCount })
    })
  }

  /** @returns the symbol that is refused from now on, if any */
  take({ requestId, symbol, isSuccess, error }: SocketAnswer, nowUs: number): string | undefined {
    const line = [...this.#lines.values()].find(({ pending }) => pending.has(requestId))
    const symbols = line?.pending.get(requestId)
    if (line === undefined || symbols === undefined) return undefined
    // Some refusals name the symbol in their text only.
    const named = symbol === '' ? [...symbols].find((each) => error.endsWith(` ${each}`)) : symbol
    if (named === undefined) return undefined
    symbols.delete(named)
    if (symbols.size === 0) line.pending.delete(requestId)
    line.changedUs = nowUs
    if (isSuccess) {
      this.refused.delete(named)
      return undefined
    }
    const isNew = !this.refused.has(named)
    this.refused.set(named, error)
    return isNew ? named : undefined
  }

  /** True where all has been answered, and for `settleMs`, so that the snapshots have come too. */
  isSettled(line: number, nowUs: number, settleMs: number): boolean {
    const state = this.#lines.get(line)
    return state !== undefined && state.pending.size === 0 && nowUs - state.changedUs >= settleMs * 1000
  }

  /** True where an answer is missing for longer than that. */
  isOverdue(line: number, nowUs: number, timeoutMs: number): boolean {
    const state = this.#lines.get(line)
    return state !== undefined && state.pending.size > 0 && nowUs - state.changedUs > timeoutMs * 1000
  }

  /** Nothing was read for a while, so nothing could be answered. */
  postpone(nowUs: number): void {
    for (const state of this.#lines.values()) state.changedUs = nowUs
  }
}
