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

  /** The one of the symbols that was heard of last; undefined where none was. */
  latestAmong(symbols: readonly string[]): string | undefined {
    let latest: string | undefined
    let latestUs = -1
    for (const symbol of symbols) {
      const heardUs = this.#heardUs.get(symbol) ?? -1
      if (heardUs > latestUs) [latest, latestUs] = [symbol, heardUs]
    }
    return latest
  }
}
