/** One of the two sides of a race. */
export interface Runner {
  /** Not timed. */
  prepare?(): unknown
  /** @returns the number of events worked through */
  run(): number | Promise<number>
}

/** Rates of several rounds, per second. */
export interface Rates {
  readonly median: number
  readonly best: number
  readonly worst: number
  readonly roundCount: number
}

const WARM_UP_ROUNDS = 2
const ROUNDS_MIN_COUNT = 3

/**
 * Runs work and floor in turns until the time is over, so that both meet the same disturbances of the machine. The first
 * rounds warm the compiler up and are not counted.
 */
export async function race(seconds: number, work: Runner, floor: Runner): Promise<{ work: Rates; floor: Rates }> {
  const workRates: number[] = []
  const floorRates: number[] = []
  const endMs = performance.now() + seconds * 1000
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS_MIN_COUNT || performance.now() < endMs; round++) {
    const floorRate = await rateOf(floor)
    const workRate = await rateOf(work)
    if (round < WARM_UP_ROUNDS) continue
    floorRates.push(floorRate)
    workRates.push(workRate)
  }
  return { work: ratesOf(workRates), floor: ratesOf(floorRates) }
}

async function rateOf(runner: Runner): Promise<number> {
  await runner.prepare?.()
  const startMs = performance.now()
  const count = await runner.run()
  return (count * 1000) / (performance.now() - startMs)
}

export function ratesOf(rates: readonly number[]): Rates {
  const sorted = [...rates].sort((a, b) => a - b)
  return { median: medianOf(sorted), best: sorted.at(-1) ?? 0, worst: sorted[0] ?? 0, roundCount: sorted.length }
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
