import { describe, expect, it } from 'vitest'
import { BLOCK_MAX_COUNT, BlockPlan } from './block-plan.ts'

const SYMBOL_COUNT = 7
const RUN_LENGTH = 2.5

function arranged(seed: number, runLength = RUN_LENGTH, count = BLOCK_MAX_COUNT): BlockPlan {
  const plan = new BlockPlan(seed, SYMBOL_COUNT)
  plan.share(
    0,
    count,
    Float64Array.from({ length: SYMBOL_COUNT }, (_, symbol) => symbol + 1),
  )
  plan.arrange(0, runLength)
  return plan
}

/** Symbol and length of each run of a block. */
function runsOf({ order, continues }: BlockPlan, count = BLOCK_MAX_COUNT): { symbol: number; length: number }[] {
  const runs: { symbol: number; length: number }[] = []
  for (let event = 0; event < count; event++) {
    if (continues[event] === 0) runs.push({ symbol: order[event]!, length: 1 })
    else {
      expect(order[event]).toBe(runs.at(-1)!.symbol)
      runs.at(-1)!.length += 1
    }
  }
  return runs
}

describe('BlockPlan', () => {
  it('gives every symbol as many events as its quota says', () => {
    const plan = arranged(1)
    const counts = new Uint32Array(SYMBOL_COUNT)
    for (const symbol of plan.order.subarray(0, BLOCK_MAX_COUNT)) counts[symbol]! += 1
    expect(counts).toEqual(plan.quota)
    expect(counts.reduce((sum, count) => sum + count)).toBe(BLOCK_MAX_COUNT)
  })

  it('has runs whose lengths are geometric, of the wanted mean', () => {
    const runs = runsOf(arranged(2))
    expect(BLOCK_MAX_COUNT / runs.length).toBeCloseTo(RUN_LENGTH, 1)
    for (const length of [1, 2, 3, 6]) {
      const wanted = (1 / RUN_LENGTH) * (1 - 1 / RUN_LENGTH) ** (length - 1)
      const share = runs.filter((run) => run.length === length).length / runs.length
      expect(Math.abs(share - wanted)).toBeLessThan(4 * Math.sqrt(wanted / runs.length))
    }
  })

  it('has runs of one event each where that is the mean', () => {
    expect(runsOf(arranged(3, 1, 1000), 1000)).toHaveLength(1000)
  })

  it('spreads the runs of each symbol evenly over the block', () => {
    const runs = runsOf(arranged(4))
    for (let symbol = 0; symbol < SYMBOL_COUNT; symbol++) {
      const places = runs.flatMap((run, place) => (run.symbol === symbol ? [place / runs.length] : []))
      const mean = places.reduce((sum, place) => sum + place) / places.length
      // The mean of n uniform numbers deviates by sqrt(1 / 12 n).
      expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * places.length))
    }
  })

  it('is the same again after another block', () => {
    const plan = arranged(5)
    const order = plan.order.slice(0, BLOCK_MAX_COUNT)
    plan.arrange(BLOCK_MAX_COUNT, RUN_LENGTH)
    expect(plan.order.subarray(0, BLOCK_MAX_COUNT)).not.toEqual(order)
    plan.arrange(0, RUN_LENGTH)
    expect(plan.order.subarray(0, BLOCK_MAX_COUNT)).toEqual(order)
  })
})
