import type { BinanceSettings } from './binance-options.ts'
import type { RestAnswer, RestRequests } from './rest-requests.ts'

/** Asks the venue for trades by id, and for how far its symbols are. */
export class RestClient {
  readonly #settings: BinanceSettings
  readonly #requests: RestRequests

  constructor(settings: BinanceSettings, requests: RestRequests) {
    this.#settings = settings
    this.#requests = requests
  }

  /** Time until a request of this weight may go out, ms; 0: now. */
  waitMs(weight: number): number {
    return this.#requests.waitMs(weight)
  }

  /** Weight of a request for trades by id. */
  get pageWeight(): number {
    const { tradeStream, facts } = this.#settings
    return tradeStream === 'trade' ? facts.weights.historicalTrades : facts.weights.aggTrades
  }

  /** Weight of a request for the newest trades. */
  get newestWeight(): number {
    const { tradeStream, facts } = this.#settings
    return tradeStream === 'trade' ? facts.weights.trades : facts.weights.aggTrades
  }

  /** Rows of the stream with ids from `fromId` on, in order. */
  page(symbol: string, fromId: number, limit: number, signal: AbortSignal): Promise<RestAnswer> {
    const path = this.#settings.tradeStream === 'trade' ? 'historicalTrades' : 'aggTrades'
    return this.#requests.ask(path, { symbol, fromId, limit }, this.pageWeight, signal)
  }

  /** Rows of an answer, at most. */
  get pageMaxCount(): number {
    const { tradeStream, facts } = this.#settings
    return facts.pageMaxCount[tradeStream]
  }

  /** The newest rows of the stream, in order; as many as one likes cost the same. */
  newest(symbol: string, limit: number, signal: AbortSignal): Promise<RestAnswer> {
    const path = this.#settings.tradeStream === 'trade' ? 'trades' : 'aggTrades'
    return this.#requests.ask(path, { symbol, limit }, this.newestWeight, signal)
  }

  /** Weight of a request for tickers. */
  get tickersWeight(): number {
    return this.#settings.facts.tickers.weight
  }

  /** Statistics of 24 hours of these symbols, at most `facts.tickers.symbolMaxCount`; of all where that is unlimited. */
  tickers(symbols: readonly string[], signal: AbortSignal): Promise<RestAnswer> {
    const { weight, parameters } = this.#settings.facts.tickers
    return this.#requests.ask('ticker/24hr', parameters(symbols, 'MINI'), weight, signal)
  }
}
