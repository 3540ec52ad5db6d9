import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { checkWorkload, readWorkloads, workloadSchema } from './workload.ts'

const directory = fileURLToPath(new URL('workloads', import.meta.url))
const workloads = readWorkloads(directory)

it('every kind of workload has at least one file', () => {
  const kinds = workloadSchema.options.map((option) => option.shape.kind.value)
  expect(new Set(workloads.map(({ kind }) => kind))).toEqual(new Set(kinds))
})

it('the default run takes at most three minutes of measuring', () => {
  expect(workloads.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThanOrEqual(180)
})

it('a workload file is refused with what is wrong in it', () => {
  const good = JSON.parse(readFileSync(new URL('workloads/latency.json', import.meta.url), 'utf8')) as object
  expect(checkWorkload(good, 'latency.json')).toEqual(good)
  expect(() => checkWorkload({ ...good, seconds: -1 }, 'latency.json')).toThrow(/latency\.json.*seconds/s)
  expect(() => checkWorkload({ ...good, colour: 'red' }, 'latency.json')).toThrow(/colour/)
  expect(() => checkWorkload({ ...good, kind: 'sleep' }, 'latency.json')).toThrow(/latency\.json.*kind/s)
  expect(() => checkWorkload(good, 'other.json')).toThrow('its name must be that of its file, got "latency"')
})

it('the documentation describes every workload', () => {
  const text = readFileSync(new URL('../docs/benchmarks.md', import.meta.url), 'utf8')
  for (const { name } of workloads) expect(text).toContain(`### ${name}\n`)
})
