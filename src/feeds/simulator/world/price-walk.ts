import type { Random } from '../../../base/random.ts'
import { TAKER_BUY, TAKER_SELL } from '../../../events/trade-batch.ts'
import { BLOCK_MAX_COUNT, type BlockPlan } from './block-plan.ts'
import { NORMAL_QUANTILES } from './quantile-table.ts'

/**
 * Of a bridge with so many steps left, in turn: the part of the way that is left after the next one, and its deviation in
 * those of a free step. A look-up where a division and a root would be waited for.
 */
const BRIDGE_STEPS = Float64Array.from({ length: 2 * (BLOCK_MAX_COUNT + 1) }, (_, index) => {
  const left = Math.max(1, index >>> 1)
  const kept = (left - 1) / left
  return (index & 1) === 0 ? kept : Math.sqrt(kept)
})

/** Most events that are walked in one go: few enough for their figures to stay in the fastest memory. */
export const WALK_MAX_COUNT = 1024

/**
 * The prices of a block from event to event: each symbol's goes from where the block begins to where it ends by a
 * Brownian bridge, with a bid and an ask of whole ticks around it. Prices are in ticks. The hot path: no event calls.
 */
export class PriceWalk {
  /** By symbol, after the last event that was walked. */
  readonly price: Float64Array
  readonly halfSpread: Float64Array
  /** The last quote of each symbol in this block; -1 before the first. */
  readonly bid: Float64Array
  readonly ask: Float64Array
  readonly #target: Float64Array
  readonly #stepDeviation: Float64Array
  readonly #left: Uint32Array
  readonly #side: Uint8Array
  /** Of the events that were walked last: random numbers, quote, taker side, and 1 where the quote has changed. */
  readonly bits = new Uint32Array(WALK_MAX_COUNT)
  readonly bids = new Float64Array(WALK_MAX_COUNT)
  readonly asks = new Float64Array(WALK_MAX_COUNT)
  readonly sides = new Uint8Array(WALK_MAX_COUNT)
  readonly isNewQuote = new Uint8Array(WALK_MAX_COUNT)

  constructor(symbolCount: number) {
    this.price = new Float64Array(symbolCount)
    this.halfSpread = new Float64Array(symbolCount)
    this.bid = new Float64Array(symbolCount)
    this.ask = new Float64Array(symbolCount)
    this.#target = new Float64Array(symbolCount)
    this.#stepDeviation = new Float64Array(symbolCount)
    this.#left = new Uint32Array(symbolCount)
    this.#side = new Uint8Array(symbolCount)
  }

  /**
   * Begins a symbol's part of a block.
   * @param from price at its first event @param to price after its last @param count its events
   * @param deviation standard deviation of the price over the block, as a part of it
   */
  begin(symbol: number, from: number, to: number, count: number, deviation: number, halfSpread: number): void {
    this.price[symbol] = from
    this.#target[symbol] = to
    this.#left[symbol] = count
    this.#stepDeviation[symbol] = count === 0 ? 0 : (from * deviation) / Math.sqrt(count)
    this.halfSpread[symbol] = halfSpread
    this.bid[symbol] = -1
  }

  /**
   * Walks the events `[at, at + count)` of the block that the plan is of. What is a coin toss for each event is computed
   * without a branch: a processor guesses every second of those wrong.
   * @param count at most WALK_MAX_COUNT
   */
  walk({ order, continues }: BlockPlan, at: number, count: number, random: Random): void {
    const { bits, bids, asks, sides, isNewQuote, price, halfSpread, bid, ask } = this
    const target = this.#target
    const stepDeviation = this.#stepDeviation
    const leftCount = this.#left
    const side = this.#side
    random.fillUint32(bits, count)
    for (let event = 0; event < count; event++) {
      const symbol = order[at + event]!
      const drawn = bits[event]!
      const step = leftCount[symbol]! << 1
      leftCount[symbol] = (step >> 1) - 1
      const noise = stepDeviation[symbol]! * NORMAL_QUANTILES[drawn >>> 20]! * BRIDGE_STEPS[step + 1]!
      const kept = BRIDGE_STEPS[step]!
      // The price before comes in last: the next event of a run waits for this one's.
      const now = target[symbol]! * (1 - kept) + noise + price[symbol]! * kept
      price[symbol] = now
      // A run is one taker's: the drawn side, or the one before where the event continues its run.
      const drawnSide = TAKER_SELL + (drawn & 1) * (TAKER_BUY - TAKER_SELL)
      const taker = drawnSide ^ ((drawnSide ^ side[symbol]!) & -continues[at + event]!)
      side[symbol] = taker
      sides[event] = taker
      const half = halfSpread[symbol]!
      const below = Math.floor(now - half)
      const nextBid = below < 1 ? 1 : below
      const above = Math.ceil(now + half)
      const nextAsk = above <= nextBid ? nextBid + 1 : above
      // Whole numbers: two that differ do so by one at least.
      const change = Math.abs(nextBid - bid[symbol]!) + Math.abs(nextAsk - ask[symbol]!)
      isNewQuote[event] = change > 1 ? 1 : change
      bid[symbol] = nextBid
      ask[symbol] = nextAsk
      bids[event] = nextBid
      asks[event] = nextAsk
    }
  }
}
