import { describe, expect, it } from 'vitest'
import { Random } from '../../../base/random.ts'
import { TAKER_BUY, TAKER_SELL } from '../../../events/trade-batch.ts'
import { BlockPlan } from './block-plan.ts'
import { PriceWalk } from './price-walk.ts'
import { normalFromBits } from './quantile-table.ts'

const SYMBOL_COUNT = 3
const EVENT_COUNT = 900
const RUN_LENGTH = 2.5
const SEED = 42
const BEGIN = { from: 500, to: 520, deviation: 0.02, halfSpread: 1.3 }

function begun(): { plan: BlockPlan; walk: PriceWalk } {
  const plan = new BlockPlan(SEED, SYMBOL_COUNT)
  plan.share(0, EVENT_COUNT, new Float64Array(SYMBOL_COUNT).fill(1))
  plan.arrange(0, RUN_LENGTH)
  const walk = new PriceWalk(SYMBOL_COUNT)
  const { from, to, deviation, halfSpread } = BEGIN
  for (let symbol = 0; symbol < SYMBOL_COUNT; symbol++) {
    walk.begin(symbol, from, to, plan.quota[symbol]!, deviation, halfSpread)
  }
  return { plan, walk }
}

interface WalkedEvent {
  readonly bid: number
  readonly ask: number
  readonly side: number
  readonly isNewQuote: boolean
}

/** The walk as it is defined, one event after the other. */
function* bruteWalk({ order, continues, quota }: BlockPlan): Generator<WalkedEvent> {
  const random = new Random(SEED)
  const state = Array.from(quota, (left) => ({ left, price: BEGIN.from, bid: -1, ask: 0, side: 0 }))
  for (let event = 0; event < EVENT_COUNT; event++) {
    const symbol = state[order[event]!]!
    const bits = random.nextUint32()
    const { left, price } = symbol
    const deviation = (BEGIN.from * BEGIN.deviation) / Math.sqrt(quota[order[event]!]!)
    symbol.price = price + (BEGIN.to - price) / left + deviation * normalFromBits(bits) * Math.sqrt((left - 1) / left)
    symbol.left -= 1
    if (continues[event] === 0) symbol.side = bits % 2 === 1 ? TAKER_BUY : TAKER_SELL
    const bid = Math.max(1, Math.floor(symbol.price - BEGIN.halfSpread))
    const ask = Math.max(bid + 1, Math.ceil(symbol.price + BEGIN.halfSpread))
    yield { bid, ask, side: symbol.side, isNewQuote: bid !== symbol.bid || ask !== symbol.ask }
    symbol.bid = bid
    symbol.ask = ask
  }
}

describe('PriceWalk', () => {
  it('has for every event the quote, the side and the change of quote of the definition', () => {
    const { plan, walk } = begun()
    walk.walk(plan, 0, EVENT_COUNT, new Random(SEED))
    const walked = Array.from({ length: EVENT_COUNT }, (_, event) => ({
      bid: walk.bids[event]!,
      ask: walk.asks[event]!,
      side: walk.sides[event]!,
      isNewQuote: walk.isNewQuote[event] === 1,
    }))
    expect(walked).toEqual([...bruteWalk(plan)])
    expect(new Set(walked.map(({ isNewQuote }) => isNewQuote))).toEqual(new Set([true, false]))
  })

  it('ends where it was to end', () => {
    const { plan, walk } = begun()
    walk.walk(plan, 0, EVENT_COUNT, new Random(SEED))
    for (const price of walk.price) expect(price).toBeCloseTo(BEGIN.to, 9)
  })

  it('is the same in parts', () => {
    const whole = begun()
    whole.walk.walk(whole.plan, 0, EVENT_COUNT, new Random(SEED))
    const parts = begun()
    const random = new Random(SEED)
    for (const [at, count] of [
      [0, 1],
      [1, 399],
      [400, 500],
    ] as const) {
      parts.walk.walk(parts.plan, at, count, random)
      expect(parts.walk.bids.subarray(0, count)).toEqual(whole.walk.bids.subarray(at, at + count))
    }
  })
})
