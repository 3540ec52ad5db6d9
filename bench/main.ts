import { fileURLToPath } from 'node:url'
import { FinPulseError, messageOf } from '../src/base/errors.ts'
import { type BenchArguments, HELP, parseBenchArguments } from './bench-arguments.ts'
import { formatJson, formatTable, machineFacts, type Outcome } from './report.ts'
import { runWorkload } from './run-workload.ts'
import { readWorkloads, type Workload } from './workload.ts'

const EXIT_USAGE = 2

/** Shows what is going on in one line of a terminal; silent elsewhere. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`)
}

async function runAll({ workloads, seconds }: BenchArguments): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const [index, workload] of workloads.entries()) {
    const time = seconds ?? workload.seconds
    const head = `[${index + 1}/${workloads.length}] ${workload.name}`
    showProgress(`${head} …`)
    outcomes.push(await runOne(workload, time, (text) => showProgress(`${head}: ${text}`)))
  }
  showProgress('')
  return outcomes
}

async function runOne(workload: Workload, seconds: number, progress: (text: string) => void): Promise<Outcome> {
  try {
    const measurement = await runWorkload(workload, seconds, progress)
    const missing = Object.keys(workload.expect).find((name) => !measurement.measures.some((m) => m.name === name))
    if (missing === undefined || measurement.skipped !== undefined) return { workload, seconds, measurement }
    return { workload, seconds, measurement, failure: `expects "${missing}", which was not measured` }
  } catch (error) {
    return { workload, seconds, failure: messageOf(error) }
  }
}

function listOf(workloads: readonly Workload[]): string {
  const width = Math.max(...workloads.map(({ name }) => name.length))
  return workloads.map(({ name, seconds, title }) => `${name.padEnd(width)}  ${seconds} s  ${title}\n`).join('')
}

async function main(args: readonly string[]): Promise<void> {
  const wanted = parseBenchArguments(args, readWorkloads(fileURLToPath(new URL('workloads', import.meta.url))))
  if (wanted.wantsHelp) {
    process.stdout.write(HELP)
  } else if (wanted.wantsList) {
    process.stdout.write(listOf(wanted.workloads))
  } else {
    const facts = machineFacts()
    const outcomes = await runAll(wanted)
    process.stdout.write(wanted.wantsJson ? formatJson(facts, outcomes) : formatTable(facts, outcomes))
    if (outcomes.some(({ failure }) => failure !== undefined)) process.exitCode = 1
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof FinPulseError) || error.code !== 'config-invalid') throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = EXIT_USAGE
}
