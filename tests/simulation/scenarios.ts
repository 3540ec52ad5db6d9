import { SimulatedClock } from '../../src/base/clock.ts'
import { Random } from '../../src/base/random.ts'
import type { Gap } from '../../src/events/gap.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { INTERVALS } from '../../src/events/interval.ts'
import { tradeAt } from '../../src/events/json.ts'
import type { Trade } from '../../src/events/trade.ts'
import { SimulatorFeed, type SimulatorOptions } from '../../src/feeds/simulator/simulator-feed.ts'
import type { Channel } from '../../src/protocol/live.ts'
import { batchOf } from '../support/trades.ts'
import { type FaultRates, NO_FAULTS } from './faults.ts'
import { writeScript } from './market-script.ts'
import { ScriptedFeed } from './scripted-feed.ts'
import type { Subscription } from './simulated-client.ts'
import { CLOCK_START_US, type Scenario } from './simulation.ts'

export interface SeededScenario {
  readonly scenario: Scenario
  /** The same input and engine, without faults and clients. */
  readonly calm: Scenario
  readonly input: FeedInput
}

/** All that the feed gives, in its order. */
export interface FeedInput {
  readonly trades: readonly Trade[]
  readonly gaps: readonly Gap[]
}

type Market = Pick<Scenario, 'openFeed'> & { readonly input: FeedInput }

const STEP_COUNT = 240
const STEP_INTERVAL_MS = 100
const SIMULATOR_SYMBOLS = ['AAPL', 'MSFT', 'TSLA']
const SIMULATOR_TRADES_COUNT = 3000

/** All that a run depends on follows from the seed. */
export async function scenarioOf(seed: number): Promise<SeededScenario> {
  const random = new Random(seed, 1)
  const isScript = random.next() < 0.7
  const { input, openFeed } = isScript ? scripted(random) : await simulated(random)
  const scenario: Scenario = {
    seed,
    partitionCount: 1 + random.nextInt(3),
    snapshotEveryMs: [0, 200, 2000, 20_000][random.nextInt(4)]!,
    rates: ratesOf(random),
    clients: Array.from({ length: random.nextInt(5) }, () => subscriptionsOf(random, [...symbolsOf(input.trades)])),
    durationMs: STEP_COUNT * STEP_INTERVAL_MS,
    openFeed,
    expectedTradeCount: input.trades.length,
  }
  return { scenario, calm: { ...scenario, rates: NO_FAULTS, clients: [] }, input }
}

/** Some runs are calm but for one kind of fault: what it does is then not hidden by the others. */
function ratesOf(random: Random): FaultRates {
  const strength = [0, 0.3, 1, 3]
  const rate = (base: number) => base * strength[random.nextInt(strength.length)]!
  return {
    feedStall: rate(0.02),
    feedRefuse: rate(0.02),
    logSlow: rate(0.02),
    logRefuse: rate(0.03),
    logReadRefuse: rate(0.01),
    storeRefuse: rate(0.04),
    storeUncertain: rate(0.02),
    crash: rate(0.004),
  }
}

function symbolsOf(trades: readonly Trade[]): Set<string> {
  return new Set(trades.map((trade) => trade.symbol))
}

function subscriptionsOf(random: Random, symbols: readonly string[]): Subscription[] {
  const channels: Channel[] = ['quotes', 'trades', 'alerts', `candles:${INTERVALS[random.nextInt(INTERVALS.length)]!}`]
  const chosen = channels.filter(() => random.next() < 0.6)
  return (chosen.length === 0 ? channels : chosen).map((channel) => ({
    channel,
    symbols: random.next() < 0.5 ? ('*' as const) : [symbols[random.nextInt(symbols.length)]!],
  }))
}

function scripted(random: Random): Market {
  const steps = writeScript(random, STEP_COUNT)
  const start = { startUs: CLOCK_START_US, intervalMs: STEP_INTERVAL_MS }
  const all = steps.flatMap((step) => step.trades)
  const batch = batchOf(new InstrumentTable(), all)
  return {
    input: { trades: all.map((_, row) => tradeAt(batch, row)), gaps: steps.flatMap((step) => step.gaps) },
    openFeed: (clock, position) => new ScriptedFeed(steps, clock, start, position),
  }
}

async function simulated(random: Random): Promise<Market> {
  const options: SimulatorOptions = {
    symbols: SIMULATOR_SYMBOLS,
    ratePerSecond: 2 + random.nextInt(200),
    seed: random.nextInt(1000),
    backfillUs: 86_400_000_000,
    startTimeUs: CLOCK_START_US - 1_200_000_000,
    maxCount: SIMULATOR_TRADES_COUNT,
    batchMaxCount: 1 + random.nextInt(300),
  }
  return {
    input: { trades: await simulatorTrades(options), gaps: [] },
    openFeed: (clock, position) => new SimulatorFeed(options, clock, position),
  }
}

/** The whole market at once, long after it was. */
async function simulatorTrades(options: SimulatorOptions): Promise<Trade[]> {
  const feed = new SimulatorFeed({ ...options, batchMaxCount: SIMULATOR_TRADES_COUNT }, new SimulatedClock(4e15))
  const step = await feed.next(new AbortController().signal)
  return Array.from({ length: step!.trades.count }, (_, row) => tradeAt(step!.trades, row))
}
