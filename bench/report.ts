import { availableParallelism, loadavg } from 'node:os'
import { formatValue, significant } from './format-number.ts'
import { type Measure, type Measurement, ratioOf } from './measurement.ts'
import type { Expectation, Workload } from './workload.ts'

/** What came of one workload. */
export interface Outcome {
  readonly workload: Workload
  readonly seconds: number
  readonly measurement?: Measurement
  /** Why there is no measurement, or why it counts for nothing. */
  readonly failure?: string
}

export interface MachineFacts {
  readonly date: string
  readonly cores: number
  readonly nodeVersion: string
  readonly platform: string
  /** Programs that wanted a core, on average over the minute before the run: above 0.5, the numbers are not the machine's. */
  readonly loadBefore: number
}

export function machineFacts(): MachineFacts {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    cores: availableParallelism(),
    nodeVersion: process.version,
    platform: `${process.platform} ${process.arch}`,
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  }
}

const HEADINGS = ['workload', 'measure', 'result', 'ratio', 'floor', 'expected'] as const
/** Numbers are read from the right. */
const RIGHT_ALIGNED = new Set([2, 3])

/** The table for people. */
export function formatTable(facts: MachineFacts, outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(rowsOf)
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        RIGHT_ALIGNED.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  const { date, cores, nodeVersion, platform, loadBefore } = facts
  const head = `${date} UTC · ${cores} cores · load ${loadBefore} before · Node ${nodeVersion} · ${platform}`
  const table = [line(HEADINGS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
  const notes = outcomes.flatMap(notesOf)
  return [head, '', ...table, '', ...notes, ''].join('\n')
}

function rowsOf(outcome: Outcome): string[][] {
  const { workload, measurement } = outcome
  const { failure } = outcome
  if (failure !== undefined && measurement === undefined) return [[workload.name, 'failed', '', '', '', '']]
  if (measurement?.skipped !== undefined) return [[workload.name, 'skipped', '', '', '', '']]
  return (measurement?.measures ?? []).map((measure, index) => [
    index === 0 ? workload.name : '',
    measure.name,
    formatValue(measure.value, measure.unit),
    ratioText(measure),
    measure.floor === undefined ? '' : `${measure.floor.name} ${formatValue(measure.floor.value, measure.unit)}`,
    expectedText(measure, workload.expect[measure.name]),
  ])
}

function ratioText(measure: Measure): string {
  const ratio = ratioOf(measure)
  return ratio === undefined ? '' : `${significant(ratio)}×`
}

function expectedText({ value, unit }: Measure, expectation: Expectation | undefined): string {
  if (expectation === undefined) return ''
  const isAtLeast = 'atLeast' in expectation
  const bound = isAtLeast ? expectation.atLeast : expectation.atMost
  const reaches = (limit: number) => (isAtLeast ? value >= limit : value <= limit)
  const { stretch } = expectation
  const stretchText = stretch === undefined ? '' : ` [${formatValue(stretch, unit)}${reaches(stretch) ? ' met' : ''}]`
  return `${isAtLeast ? '≥' : '≤'} ${formatValue(bound, unit)} ${reaches(bound) ? 'met' : 'MISSED'}${stretchText}`
}

function notesOf({ workload, seconds, measurement, failure }: Outcome): string[] {
  const details = (measurement?.measures ?? [])
    .filter(({ detail }) => detail !== undefined)
    .map(({ name, detail }) => `${name}: ${detail}`)
  const skipped = measurement?.skipped === undefined ? [] : [`skipped: ${measurement.skipped}`]
  const failed = failure === undefined ? [] : [`FAILED: ${failure}`]
  const lines = [...skipped, ...failed, ...details, ...(measurement?.notes ?? [])]
  return [`${workload.name} (${seconds} s): ${workload.title}`, ...lines.map((text) => `  ${text}`)]
}

/** The same for programs. */
export function formatJson(facts: MachineFacts, outcomes: readonly Outcome[]): string {
  const workloads = outcomes.map(({ workload, seconds, measurement, failure }) => ({
    name: workload.name,
    title: workload.title,
    seconds,
    ...(failure === undefined ? {} : { failure }),
    ...(measurement?.skipped === undefined ? {} : { skipped: measurement.skipped }),
    measures: (measurement?.measures ?? []).map((measure) => ({
      ...measure,
      ratio: ratioOf(measure),
      expected: workload.expect[measure.name],
    })),
    notes: measurement?.notes ?? [],
  }))
  return `${JSON.stringify({ ...facts, workloads }, null, 2)}\n`
}
