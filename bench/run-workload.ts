import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import nodeFlags from '../bin/node-flags.json' with { type: 'json' }
import type { Measurement } from './measurement.ts'
import type { Workload } from './workload.ts'

/** What the process of a workload is told, and tells. */
export interface WorkloadOrder {
  readonly workload: Workload
  readonly seconds: number
}
export type WorkloadNews =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'measured'; readonly measurement: Measurement }
  | { readonly type: 'failed'; readonly text: string }

const program = fileURLToPath(new URL('workload-process.ts', import.meta.url))

/**
 * Runs a workload in a process of its own: its memory and its compiled code are nobody else's.
 * @throws Error with what the workload failed with
 */
export function runWorkload(
  workload: Workload,
  seconds: number,
  progress: (text: string) => void,
): Promise<Measurement> {
  const child = fork(program, [], {
    execArgv: [...process.execArgv, ...(workload.kind === 'generator-burst' ? nodeFlags.generate : [])],
    serialization: 'advanced',
    // Standard output is the report's.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.on('message', (news: WorkloadNews) => {
      if (news.type === 'progress') progress(news.text)
      else if (news.type === 'measured') resolve(news.measurement)
      else reject(new Error(news.text))
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => reject(new Error(`its process ended with ${signal ?? code} before it was done`)))
    child.send({ workload, seconds } satisfies WorkloadOrder)
  })
}
