import { parseArgs } from 'node:util'
import { FinPulseError, messageOf } from '../src/base/errors.ts'
import { suggest } from '../src/engine/config.ts'
import type { Workload } from './workload.ts'

export interface BenchArguments {
  readonly workloads: readonly Workload[]
  /** Instead of each workload's own. */
  readonly seconds: number | undefined
  readonly wantsJson: boolean
  readonly wantsList: boolean
  readonly wantsHelp: boolean
}

const SECONDS_MAX = 600

export const HELP = `Usage: npm run bench -- [options]

Runs the workloads of bench/workloads and prints one table: what was measured, how many times the cost of a bare loop
(the floor, measured in the same process) that is, and what is expected on a machine of two cores.

Options:
  --workload <name>   only this one; may be given several times, or as a list with commas
  --seconds <n>       measures each workload this long instead of its own time (0.1 to ${SECONDS_MAX})
  --json              prints JSON on standard output instead of the table
  --list              lists the workloads and ends
  --help              prints this and ends

Examples:
  npm run bench
  npm run bench -- --workload processors --seconds 10
  npm run bench -- --workload pipeline,latency --json > bench.json

It ends with 1 where a workload failed or lost something, and with 0 otherwise, expectations met or not.
`

/** @throws FinPulseError config-invalid */
export function parseBenchArguments(args: readonly string[], known: readonly Workload[]): BenchArguments {
  const values = parseFlags(args)
  return {
    workloads: chooseWorkloads(values.workload, known),
    seconds: values.seconds === undefined ? undefined : secondsFrom(values.seconds),
    wantsJson: values.json,
    wantsList: values.list,
    wantsHelp: values.help,
  }
}

const FLAGS = {
  workload: { type: 'string', multiple: true, default: [] as string[] },
  seconds: { type: 'string' },
  json: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false }).values
  } catch (error) {
    const unknown = args.find((arg) => arg.startsWith('--') && !(arg.slice(2).split('=')[0]! in FLAGS))
    const hint = unknown === undefined ? '; see --help' : suggest(unknown.slice(2), Object.keys(FLAGS))
    throw new FinPulseError('config-invalid', `bench: ${messageOf(error)}${hint}`, { cause: error })
  }
}

function chooseWorkloads(wanted: readonly string[], known: readonly Workload[]): readonly Workload[] {
  const names = wanted.flatMap((list) => list.split(',')).map((name) => name.trim())
  if (names.length === 0) return known
  const allowed = known.map(({ name }) => name)
  return [...new Set(names)].map((name) => {
    const workload = known.find((candidate) => candidate.name === name)
    if (workload !== undefined) return workload
    throw new FinPulseError('config-invalid', `--workload: there is no "${name}"${suggest(name, allowed)}`)
  })
}

function secondsFrom(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= 0.1 && seconds <= SECONDS_MAX) return seconds
  throw new FinPulseError('config-invalid', `--seconds: expected a number from 0.1 to ${SECONDS_MAX}, got "${text}"`)
}
