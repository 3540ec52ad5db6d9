import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { parseBenchArguments } from './bench-arguments.ts'
import { readWorkloads } from './workload.ts'

const known = readWorkloads(fileURLToPath(new URL('workloads', import.meta.url)))
const parse = (...args: string[]) => parseBenchArguments(args, known)

it('without arguments every workload runs for its own time', () => {
  expect(parse()).toMatchObject({ workloads: known, seconds: undefined, wantsJson: false })
})

it('workloads are chosen one by one or as a list, each once', () => {
  const { workloads } = parse('--workload', 'latency,pipeline', '--workload', 'latency')
  expect(workloads.map(({ name }) => name)).toEqual(['latency', 'pipeline'])
})

it('an unknown workload is refused with the name that was probably meant', () => {
  expect(() => parse('--workload', 'latencey')).toThrow('there is no "latencey", did you mean "latency"?')
  expect(() => parse('--workload', 'xyz')).toThrow(/there is no "xyz"; allowed: pipeline, /)
})

it('a time outside of its range is refused with the range', () => {
  for (const text of ['abc', '0', '-1', '601', '']) {
    expect(() => parse(`--seconds=${text}`)).toThrow(`--seconds: expected a number from 0.1 to 600, got "${text}"`)
  }
  expect(parse('--seconds', '2.5').seconds).toBe(2.5)
})

it('an unknown option is refused with the one that was probably meant', () => {
  expect(() => parse('--worklod', 'latency')).toThrow('did you mean "workload"?')
  expect(() => parse('latency')).toThrow('see --help')
})
