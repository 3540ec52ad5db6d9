import { Random } from '../../../base/random.ts'

const QUOTA_STREAM = 0x71756f74
const ORDER_STREAM = 0x6f726472
/** Random numbers that are drawn in one go. */
const DRAWN_COUNT = 512
/** Bits for the length of a run, at most BLOCK_MAX_COUNT: its symbol has the other fifteen of 32. */
const RUN_LENGTH_BITS = 17
const RUN_LENGTH_MASK = 2 ** RUN_LENGTH_BITS - 1
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
  readonly order = new Uint16Array(BLOCK_MAX_COUNT)
  /** 1 where an event continues the run of the one before it. */
  readonly continues = new Uint8Array(BLOCK_MAX_COUNT)
  /** Each run's symbol and length in one number. */
  readonly #runs = new Uint32Array(BLOCK_MAX_COUNT)
  readonly #drawn = new Uint32Array(DRAWN_COUNT)

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
    this.#random.reseed(this.#seed, ORDER_STREAM, block)
    this.#unfold(this.#drawRuns(runLength))
  }

  /** Cuts each symbol's events into runs, and shuffles these as Fisher and Yates do. @returns how many runs there are */
  #drawRuns(runLength: number): number {
    const { quota } = this
    const runs = this.#runs
    const random = this.#random
    const drawn = this.#drawn
    const endBelow = 2 ** 32 / runLength
    let next = DRAWN_COUNT
    let runCount = 0
    for (let symbol = 0; symbol < quota.length; symbol++) {
      let left = quota[symbol]!
      while (left > 0) {
        let length = 1
        while (length < left) {
          if (next === DRAWN_COUNT) {
            random.fillUint32(drawn, DRAWN_COUNT)
            next = 0
          }
          if (drawn[next++]! <= endBelow) break
          length += 1
        }
        runs[runCount++] = (symbol << RUN_LENGTH_BITS) | length
        left -= length
      }
    }
    for (let last = runCount - 1; last > 0; last--) {
      if (next === DRAWN_COUNT) {
        random.fillUint32(drawn, DRAWN_COUNT)
        next = 0
      }
      const other = Math.floor(drawn[next++]! * 2 ** -32 * (last + 1))
      const run = runs[last]!
      runs[last] = runs[other]!
      runs[other] = run
    }
    return runCount
  }

  #unfold(runCount: number): void {
    const { order, continues } = this
    const runs = this.#runs
    let at = 0
    for (let run = 0; run < runCount; run++) {
      const packed = runs[run]!
      const symbol = packed >>> RUN_LENGTH_BITS
      const end = at + (packed & RUN_LENGTH_MASK)
      continues[at] = 0
      order[at++] = symbol
      while (at < end) {
        continues[at] = 1
        order[at++] = symbol
      }
    }
  }
}
