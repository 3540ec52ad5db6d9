/** When each symbol was heard of last. */
export class HeardSymbols {
  readonly #heardUs = new Map<string, number>()

  note(symbol: string, receivedTimeUs: number): void {
    this.#heardUs.set(symbol, receivedTimeUs)
  }

  /** Those of the symbols, at most `maxCount`, of which nothing came since `sinceUs`. */
  quietAmong(symbols: readonly string[], sinceUs: number, maxCount: number): string[] {
    const quiet: string[] = []
    for (const symbol of symbols) {
      if (quiet.length === maxCount) break
      if ((this.#heardUs.get(symbol) ?? 0) < sinceUs) quiet.push(symbol)
    }
    return quiet
  }
}
