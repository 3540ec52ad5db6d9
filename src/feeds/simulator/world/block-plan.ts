import { Random } from '../../../base/random.ts'

const QUOTA_STREAM = 0x71756f74
const ORDER_STREAM = 0x6f726472
/** Most events of a block: a minute of more is several blocks. */
export const BLOCK_MAX_COUNT = 65_536

/**
 * Which event of a block is whose. The number of events of each symbol follows from the weights without chance beyond
 * rounding, so the trade ids at any block are a sum of quotas; their order is drawn from (seed, block). Events come in
 * runs, as one taker works through several makers.
 */
export class BlockPlan {
  readonly #seed: number
  readonly #random = new Random(0)
  /** Events of each symbol in this block. */
  readonly quota: Uint32Array
  /** Symbol of each event, in order. */
  readonly order = new Uint32Array(BLOCK_MAX_COUNT)
  /** 1 where an event continues the run of the one before it. */
  readonly continues = new Uint8Array(BLOCK_MAX_COUNT)
  readonly #runSymbol = new Uint32Array(BLOCK_MAX_COUNT)
  readonly #runLength = new Uint32Array(BLOCK_MAX_COUNT)

  constructor(seed: number, symbolCount: number) {
    this.#seed = seed
    this.quota = new Uint32Array(symbolCount)
  }

  /** Shares `count` events out by weight; `quota` then adds up to `count`. */
  share(block: number, count: number, weights: Float64Array): void {
    let total = 0
    for (const weight of weights) total += weight
    this.#random.reseed(this.#seed, QUOTA_STREAM, block)
    // The offset gives every symbol its turn where there are fewer events than symbols.
    const offset = this.#random.next()
    const first = Math.floor(offset * weights.length)
    let cumulated = 0
    let given = 0
    for (let step = 0; step < weights.length; step++) {
      const symbol = (first + step) % weights.length
      cumulated += weights[symbol]!
      const upTo =
        step === weights.length - 1 ? count : Math.min(count, Math.floor((cumulated / total) * count + offset))
      this.quota[symbol] = upTo - given
      given = upTo
    }
  }

  /** Draws the order of the events that `share` gave out. @param runLength mean length of a run, at least 1 */
  arrange(block: number, runLength: number): void {
    const random = this.#random
    random.reseed(this.#seed, ORDER_STREAM, block)
    const endChance = 1 / runLength
    let runCount = 0
    for (let symbol = 0; symbol < this.quota.length; symbol++) {
      let left = this.quota[symbol]!
      while (left > 0) {
        let length = 1
        while (length < left && random.next() > endChance) length += 1
        this.#runSymbol[runCount] = symbol
        this.#runLength[runCount++] = length
        left -= length
      }
    }
    this.#shuffle(runCount)
    this.#unfold(runCount)
  }

  /** Fisher and Yates' shuffle of the runs. */
  #shuffle(count: number): void {
    for (let last = count - 1; last > 0; last--) {
      const other = this.#random.nextInt(last + 1)
      const symbol = this.#runSymbol[last]!
      const length = this.#runLength[last]!
      this.#runSymbol[last] = this.#runSymbol[other]!
      this.#runLength[last] = this.#runLength[other]!
      this.#runSymbol[other] = symbol
      this.#runLength[other] = length
    }
  }

  #unfold(runCount: number): void {
    let at = 0
    for (let run = 0; run < runCount; run++) {
      const symbol = this.#runSymbol[run]!
      const end = at + this.#runLength[run]!
      this.continues[at] = 0
      this.order[at++] = symbol
      while (at < end) {
        this.continues[at] = 1
        this.order[at++] = symbol
      }
    }
  }
}
