/** Trades that one event may become, at most. */
export const EVENT_TRADES_MAX_COUNT = 5
/** Quotes that may come with one event: its own, and one of a symbol whose quotes are stuffed. */
export const EVENT_QUOTES_MAX_COUNT = 2

/** One event of a market on its way out, as anomalies may change it. Prices are in ticks. Filled again and again. */
export class MarketEvent {
  symbol = 0
  index = 0
  timeUs = 0
  /** Random bits that are the event's own. */
  bits = 0
  /** Price before it is rounded to a bid and an ask, and how far these are from it. */
  price = 0
  halfSpread = 0
  bid = 0
  ask = 0
  /** Whether a quote may be given. */
  isQuoted = true
  /** Trades that it becomes: 0 to `EVENT_TRADES_MAX_COUNT`, at one price, of one side. */
  tradeCount = 1
  tradePrice = 0
  isBuy = false
  /** Mean quantity of the symbol's distribution, and which of it, 0 to 4095. */
  lots = 0
  quantile = 0

  /** An event without anything wrong; price, spread, mean quantity and side are still to be set. */
  begin(symbol: number, index: number, timeUs: number, bits: number): void {
    this.symbol = symbol
    this.index = index
    this.timeUs = timeUs
    this.bits = bits
    this.isQuoted = true
    this.tradeCount = 1
    this.quantile = (bits >>> 8) & 0xfff
  }

  /** Bid and ask around `price`, and the trade at its side of them, as in the ordinary market. */
  settle(): void {
    this.bid = Math.max(1, Math.floor(this.price - this.halfSpread))
    this.ask = Math.max(this.bid + 1, Math.ceil(this.price + this.halfSpread))
    this.tradePrice = this.isBuy ? this.ask : this.bid
  }
}
