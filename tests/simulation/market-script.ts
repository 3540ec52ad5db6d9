import type { Random } from '../../src/base/random.ts'
import type { Gap } from '../../src/events/gap.ts'
import type { TakerSide } from '../../src/events/trade.ts'
import type { TestTrade } from '../support/trades.ts'

/** A quote as the script writes it down. */
export interface ScriptQuote {
  readonly symbol: string
  readonly timeMs: number
  readonly bidPrice: string
  readonly askPrice: string
  readonly sequence: number
}

/** What the scripted venue sends at once. */
export interface ScriptStep {
  readonly trades: readonly TestTrade[]
  readonly quotes: readonly ScriptQuote[]
  /** Inputs that are refused. */
  readonly refusedCount: number
  /** Holes in the ids that the feed finds in this step. */
  readonly gaps: readonly Gap[]
}

export const SCRIPT_VENUE = 'script'
const SYMBOLS = ['AAA', 'BBB', 'CCC', 'DDD']
/** Numbers no trades. */
const UNNUMBERED_SYMBOL = 'EEE'
/** 2026-01-05T00:00:00Z less ten minutes: the script passes the end of a day, and so of every interval. */
const START_MS = Date.UTC(2026, 0, 5) - 600_000
/** Event time between two steps. */
export const STEP_EVENT_MS = 4000
/** Most steps by which a trade comes late: within the 1m candles that are kept for revision. */
const LATE_STEPS_MAX_COUNT = 40

interface Walk {
  price: number
  nextId: number
  /** Decimals that prices are printed with: grows at some point, as venues do. */
  decimals: number
}

/**
 * A venue as it is in bad weather: trades that come late, twice, out of order, and not at all; prices that jump; a
 * symbol that begins to print more decimals; trades without ids, and off the market; inputs that are no trades.
 */
export function writeScript(random: Random, stepCount: number): ScriptStep[] {
  const walks = new Map([...SYMBOLS, UNNUMBERED_SYMBOL].map((symbol) => [symbol, newWalk(random)]))
  const steps = Array.from({ length: stepCount }, () => ({
    trades: [] as TestTrade[],
    quotes: [] as ScriptQuote[],
    refusedCount: 0,
    gaps: [] as Gap[],
  }))
  steps.forEach((step, index) => {
    const startMs = START_MS + index * STEP_EVENT_MS
    const isQuiet = random.next() < 0.1
    const count = isQuiet ? 0 : 1 + random.nextInt(12)
    for (let n = 0; n < count; n++) {
      const timeMs = startMs + Math.floor((n * STEP_EVENT_MS * 1000) / count) / 1000
      place(random, steps, index, nextTrade(random, walks, timeMs))
    }
    if (random.next() < 0.7) step.quotes.push(nextQuote(random, walks, startMs, index))
    if (random.next() < 0.05) step.refusedCount = 1 + random.nextInt(3)
    if (random.next() < 0.2) step.trades.reverse()
  })
  return steps
}

function newWalk(random: Random): Walk {
  return { price: 50 + random.nextInt(200), nextId: 1 + random.nextInt(1000), decimals: 2 }
}

function nextTrade(random: Random, walks: ReadonlyMap<string, Walk>, timeMs: number): TestTrade {
  const symbol = random.next() < 0.15 ? UNNUMBERED_SYMBOL : SYMBOLS[random.nextInt(SYMBOLS.length)]!
  const walk = walks.get(symbol)!
  walk.price *= 1 + (random.next() < 0.01 ? (random.next() - 0.5) * 0.3 : (random.next() - 0.5) * 0.004)
  walk.price = Math.min(100_000, Math.max(1, walk.price))
  if (random.next() < 0.002) walk.decimals = Math.min(6, walk.decimals + 1)
  const sides: readonly TakerSide[] = ['buy', 'sell', 'unknown']
  return {
    venue: SCRIPT_VENUE,
    symbol,
    timeMs,
    price: walk.price.toFixed(walk.decimals),
    quantity: (0.001 + random.next() * (random.next() < 0.02 ? 5000 : 10)).toFixed(3),
    side: sides[random.nextInt(3)]!,
    ...(symbol === UNNUMBERED_SYMBOL ? {} : { id: walk.nextId++ }),
    ...(random.next() < 0.01 ? { isOffMarket: true } : {}),
  }
}

interface Places {
  readonly trades: TestTrade[]
  readonly gaps: Gap[]
}

/**
 * Puts the trade where it arrives: mostly at once, sometimes late, twice, or nowhere. Some of those that come late or
 * nowhere the feed has noticed at their place.
 */
function place(random: Random, steps: readonly Places[], index: number, trade: TestTrade): void {
  const luck = random.next()
  const later = () => steps[Math.min(steps.length - 1, index + 1 + random.nextInt(LATE_STEPS_MAX_COUNT))]!
  const { id } = trade
  if (luck < 0.03 && id !== undefined) steps[index]!.gaps.push(gapOf(trade, id))
  if (luck < 0.01 && trade.id !== undefined) return
  if (luck < 0.06) {
    later().trades.push(trade)
    return
  }
  steps[index]!.trades.push(trade)
  if (luck < 0.11 && trade.id !== undefined) later().trades.push(trade)
}

function gapOf({ venue, symbol, timeMs }: TestTrade, id: number): Gap {
  const times = { previousEventTimeMs: timeMs, eventTimeMs: timeMs }
  return {
    type: 'gap',
    venue: venue!,
    symbol: symbol!,
    fromId: id,
    toId: id,
    missingCount: 1,
    ...times,
    foundBy: 'feed',
  }
}

function nextQuote(random: Random, walks: ReadonlyMap<string, Walk>, timeMs: number, sequence: number): ScriptQuote {
  const symbol = SYMBOLS[random.nextInt(SYMBOLS.length)]!
  const { price, decimals } = walks.get(symbol)!
  const bidPrice = (price * 0.9999).toFixed(decimals)
  return { symbol, timeMs, bidPrice, askPrice: (price * 1.0001).toFixed(decimals), sequence }
}
