import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { FinPulseError, messageOf } from '../src/base/errors.ts'

/** What a measure is expected to reach; `stretch` is what it is hoped to reach. */
const expectation = z.union([
  z.strictObject({ atLeast: z.number().positive(), stretch: z.number().positive().optional() }),
  z.strictObject({ atMost: z.number().min(0), stretch: z.number().min(0).optional() }),
])
export type Expectation = z.output<typeof expectation>

const common = {
  name: z.string().regex(/^[a-z0-9-]+$/, 'expected small letters, digits and -'),
  title: z.string().min(10).max(100),
  /** How long it measures unless told otherwise. */
  seconds: z.number().positive().max(600),
  /** By the name of the measure. */
  expect: z.record(z.string(), expectation),
}
const count = z.int().positive()
/** Of event time: how dense the market is, not how fast it is worked through. */
const tradesPerSecond = z.number().positive().max(1e7)
const batches = { tradesPerSecond, batchCount: count, batchSize: count.max(65_536) }

export const workloadSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('processors'), ...common, ...batches, symbolCount: count.max(10_000) }),
  z.strictObject({ kind: z.literal('pipeline'), ...common, tradesPerSecond, clientCount: count.max(5000) }),
  z.strictObject({ kind: z.literal('log-append'), ...common, ...batches }),
  z.strictObject({ kind: z.literal('log-read'), ...common, ...batches }),
  z.strictObject({
    kind: z.literal('capture'),
    ...common,
    /** From the root of the checkout; where it is absent, a generated capture of the same shape takes its place. */
    file: z.string().min(1),
    generatedCount: count,
  }),
  z.strictObject({
    kind: z.literal('fan-out'),
    ...common,
    tradesPerSecond,
    clientCount: count.max(5000),
    symbolCount: count.max(10_000),
    frameIntervalMs: count.max(1000),
  }),
  z.strictObject({
    kind: z.literal('latency'),
    ...common,
    warmUpSeconds: z.number().min(0).max(60),
    tradesPerSecond,
    symbol: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal('generator'),
    ...common,
    tradesPerSecond,
    symbolCount: count.max(10_000),
    roundCount: count,
  }),
  z.strictObject({ kind: z.literal('generator-burst'), ...common, tradesPerSecond, burstCount: count }),
  z.strictObject({
    kind: z.literal('start-up'),
    ...common,
    backfill: z.string().min(2),
    startsMaxCount: count.max(100),
  }),
])
export type Workload = z.output<typeof workloadSchema>
export type WorkloadOf<K extends Workload['kind']> = Extract<Workload, { kind: K }>

/** The order in which the table lists what is known; new files follow by name. */
const ORDER = [
  'pipeline',
  'processors',
  'processors-1000',
  'log-append',
  'log-read',
  'capture',
  'generator',
  'generator-burst',
]

/** All workload files of a folder. @throws FinPulseError config-invalid naming the file and what is wrong in it */
export function readWorkloads(directory: string): Workload[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'))
  const workloads = files.sort().map((file) => readWorkload(directory, file))
  const rank = ({ name }: Workload) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return workloads.sort((a, b) => rank(a) - rank(b))
}

function readWorkload(directory: string, file: string): Workload {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(join(directory, file), 'utf8'))
  } catch (error) {
    throw new FinPulseError('config-invalid', `workload ${file}: ${messageOf(error)}`, { cause: error })
  }
  return checkWorkload(content, file)
}

/** @throws FinPulseError config-invalid */
export function checkWorkload(content: unknown, file: string): Workload {
  const result = workloadSchema.safeParse(content)
  if (!result.success) {
    throw new FinPulseError('config-invalid', `workload ${file}: ${z.prettifyError(result.error)}`)
  }
  if (`${result.data.name}.json` !== file) {
    throw new FinPulseError(
      'config-invalid',
      `workload ${file}: its name must be that of its file, got "${result.data.name}"`,
    )
  }
  return result.data
}
