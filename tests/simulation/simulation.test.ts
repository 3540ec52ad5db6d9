import { describe, expect, it } from 'vitest'
import { INVARIANTS } from './invariants.ts'
import { scenarioOf } from './scenarios.ts'
import { Simulation } from './simulation.ts'

/*
 * Goal: the promises of ARCHITECTURE.md hold whatever fails, and whenever. Method: feed, log, roles, store, live delivery
 * and clients run in one thread on a simulated clock; every fault comes from one seeded source, so that a seed is a run.
 *
 * SIMULATION_SEED=7 runs one seed, SIMULATION_SEEDS=1000 that many.
 */

const TRACE_SHOWN_COUNT = 60
const SMOKE_COUNT = 30

function seedsToRun(): number[] {
  const { SIMULATION_SEED: one, SIMULATION_SEEDS: count } = process.env
  if (one !== undefined) return [Number(one)]
  return Array.from({ length: Number(count ?? SMOKE_COUNT) }, (_, index) => index + 1)
}

/** @returns the number of crashes that were survived */
async function simulate(seed: number): Promise<number> {
  const { scenario, calm, input } = await scenarioOf(seed)
  const simulation = new Simulation(scenario)
  try {
    const [outcome, calmOutcome] = [await simulation.run(), await new Simulation(calm).run()]
    for (const { name, check } of INVARIANTS) {
      await check(outcome, calmOutcome, input).catch((error: unknown) => {
        throw new Error(`not true: ${name}\n${(error as Error).message}`, { cause: error })
      })
    }
    return outcome.crashCount
  } catch (error) {
    const trace = simulation.trace.slice(-TRACE_SHOWN_COUNT).join('\n')
    const rerun = `SIMULATION_SEED=${seed} npx vitest run tests/simulation`
    throw new Error(`${(error as Error).message}\n\nlast events:\n${trace}\n\nagain: ${rerun}`, { cause: error })
  }
}

describe('the simulated engine keeps its promises', () => {
  it.each(seedsToRun())('seed %i', async (seed) => {
    await simulate(seed)
  })
})

describe('the simulation itself', () => {
  it('is the same run for the same seed', async () => {
    const { scenario } = await scenarioOf(3)
    const traces = []
    for (let run = 0; run < 2; run++) {
      const simulation = new Simulation(scenario)
      await simulation.run()
      traces.push(simulation.trace)
    }
    expect(traces[0]).toEqual(traces[1])
  })
})
