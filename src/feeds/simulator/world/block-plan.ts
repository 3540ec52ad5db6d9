import { Random } from '../../../base/random.ts'

const QUOTA_STREAM = 0x71756f74
const ORDER_STREAM = 0x6f726472
/** Random numbers that are drawn in one go; a run takes two. */
const DRAWN_COUNT = 512
/** Bits of a random number that a run's length is looked up by. */
const LENGTH_BITS = 12
const LENGTH_SHIFT = 32 - LENGTH_BITS
const LENGTH_MAX = 255
/** Bits for the length of a run, at most BLOCK_MAX_COUNT: its symbol has the other fifteen of 32. */
const RUN_LENGTH_BITS = 17
const RUN_LENGTH_MASK = 2 ** RUN_LENGTH_BITS - 1
/** Most events of a block: a minute of more is several blocks. */
export const BLOCK_MAX_COUNT = 65_536
/** Events of a run that are unfolded at once, whatever its length: most runs have no more. */
const UNFOLDED_COUNT = 4

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
  readonly order = new Uint16Array(BLOCK_MAX_COUNT + UNFOLDED_COUNT)
  /** 1 where an event continues the run of the one before it. */
  readonly continues = new Uint8Array(BLOCK_MAX_COUNT + UNFOLDED_COUNT)
  /** Each run's symbol and length in one number. */
  readonly #runs = new Uint32Array(BLOCK_MAX_COUNT)
  readonly #drawn = new Uint32Array(DRAWN_COUNT)
  #runLength = Number.NaN
  #lengths: Uint8Array = new Uint8Array(0)

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
    if (runLength !== this.#runLength) {
      this.#runLength = runLength
      this.#lengths = geometricQuantiles(1 / runLength)
    }
    this.#random.reseed(this.#seed, ORDER_STREAM, block)
    this.#unfold(this.#drawRuns(this.#lengths))
  }

  /**
   * Cuts each symbol's events into runs, and shuffles these from the inside out, as Fisher and Yates do (Knuth, "The Art
   * of Computer Programming" 3.4.2).
   * @returns how many runs there are
   */
  #drawRuns(lengths: Uint8Array): number {
    const { quota } = this
    const runs = this.#runs
    const random = this.#random
    const drawn = this.#drawn
    let next = DRAWN_COUNT
    let runCount = 0
    for (let symbol = 0; symbol < quota.length; symbol++) {
      let left = quota[symbol]!
      while (left > 0) {
        if (next === DRAWN_COUNT) {
          random.fillUint32(drawn, DRAWN_COUNT)
          next = 0
        }
        const wanted = lengths[drawn[next]! >>> LENGTH_SHIFT]!
        const length = wanted < left ? wanted : left
        left -= length
        const place = Math.floor(drawn[next + 1]! * 2 ** -32 * (runCount + 1))
        next += 2
        runs[runCount] = runs[place]!
        runs[place] = (symbol << RUN_LENGTH_BITS) | length
        runCount += 1
      }
    }
    return runCount
  }

  /** What is written behind the end of a run, the next one overwrites. */
  #unfold(runCount: number): void {
    const { order, continues } = this
    const runs = this.#runs
    let at = 0
    for (let run = 0; run < runCount; run++) {
      const packed = runs[run]!
      const symbol = packed >>> RUN_LENGTH_BITS
      const end = at + (packed & RUN_LENGTH_MASK)
      order[at] = symbol
      order[at + 1] = symbol
      order[at + 2] = symbol
      order[at + 3] = symbol
      continues[at] = 0
      continues[at + 1] = 1
      continues[at + 2] = 1
      continues[at + 3] = 1
      for (let event = at + UNFOLDED_COUNT; event < end; event++) {
        order[event] = symbol
        continues[event] = 1
      }
      at = end
    }
  }
}

/** Quantiles of the geometric distribution on 1, 2, … at evenly spaced probabilities: a draw is one look-up. */
function geometricQuantiles(endProbability: number): Uint8Array {
  return Uint8Array.from({ length: 2 ** LENGTH_BITS }, (_, index) => {
    if (endProbability >= 1) return 1
    const probability = (index + 0.5) / 2 ** LENGTH_BITS
    return Math.min(LENGTH_MAX, 1 + Math.floor(Math.log1p(-probability) / Math.log1p(-endProbability)))
  })
}
