import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Measurement, RunContext } from '../measurement.ts'
import { medianOf } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { withDirectory } from './work-directory.ts'

const program = fileURLToPath(new URL('../../src/engine/main.ts', import.meta.url))
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']
const READY_MAX_MS = 60_000

/** The real command-line program, started again and again on the same data. */
export function runStartUp(workload: WorkloadOf<'start-up'>, { seconds, progress }: RunContext): Promise<Measurement> {
  return withDirectory(async (directory) => {
    const endMs = performance.now() + seconds * 1000
    progress('first start')
    const firstMs = await timeStart(directory, workload.backfill)
    const laterMs: number[] = []
    const bareMs: number[] = []
    while (laterMs.length < workload.startsMaxCount && (laterMs.length === 0 || performance.now() < endMs)) {
      progress(`start ${laterMs.length + 2}`)
      bareMs.push(await timeBareNode())
      laterMs.push(await timeStart(directory, workload.backfill))
    }
    return {
      measures: [
        {
          name: 'second start to ready',
          value: medianOf(laterMs),
          unit: 'milliseconds',
          floor: { name: 'Node running nothing', value: medianOf(bareMs) },
          detail: `median of ${laterMs.length}: ${laterMs.map((ms) => ms.toFixed(0)).join(', ')} ms`,
        },
        {
          name: 'first start to ready',
          value: firstMs,
          unit: 'milliseconds',
          detail: `with ${workload.backfill} of history`,
        },
      ],
      notes: [
        'from the start of the process to "ready" in its log: log, processors and store are in step, the API answers',
      ],
    }
  })
}

async function timeStart(directory: string, backfill: string): Promise<number> {
  const args = ['up', '--data-dir', directory, '--port', '0', '--backfill', backfill]
  const startMs = performance.now()
  const child = spawn(process.execPath, [...NODE_FLAGS, program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const readyMs = await untilReady(child)
  child.kill('SIGTERM')
  await exited
  return readyMs - startMs
}

function untilReady(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`finpulse up: not ready after ${READY_MAX_MS} ms`))
    }, READY_MAX_MS)
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if ((JSON.parse(line) as { msg?: string }).msg !== 'ready') return
      clearTimeout(timer)
      resolve(performance.now())
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`finpulse up: ended with ${code} before it was ready`))
    })
  })
}

async function timeBareNode(): Promise<number> {
  const startMs = performance.now()
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit')
  return performance.now() - startMs
}
