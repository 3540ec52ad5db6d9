/** What a measured number counts. Rates are per second of wall clock. */
export type Unit = 'per-second' | 'milliseconds' | 'bytes' | 'megabytes' | 'cores' | 'count'

/** The least that the same work could cost: a bare loop, measured in the same process and run. */
export interface Floor {
  readonly name: string
  /** In the unit of the measure. */
  readonly value: number
}

export interface Measure {
  readonly name: string
  readonly value: number
  readonly unit: Unit
  readonly floor?: Floor
  /** How the value came about: repetitions, spread, or what exactly was timed. */
  readonly detail?: string
}

export interface Measurement {
  readonly measures: readonly Measure[]
  /** Lines for people: what was checked, and what was passed over. */
  readonly notes: readonly string[]
  /** Set where the workload could not run here at all. */
  readonly skipped?: string
}

export interface RunContext {
  /** How long to measure, preparation aside. */
  readonly seconds: number
  /** Tells what is going on; shown on a terminal only. */
  readonly progress: (text: string) => void
}

/** How many times the floor's cost the work takes: 1 is the floor itself, smaller is better. */
export function ratioOf({ value, unit, floor }: Measure): number | undefined {
  if (floor === undefined || value === 0 || floor.value === 0) return undefined
  return unit === 'per-second' ? floor.value / value : value / floor.value
}
