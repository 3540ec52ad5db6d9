import { runCapture } from './kinds/capture.ts'
import { runFanOut } from './kinds/fan-out.ts'
import { runGenerator } from './kinds/generator.ts'
import { runGeneratorBurst } from './kinds/generator-burst.ts'
import { runLatency } from './kinds/latency.ts'
import { runLogAppend } from './kinds/log-append.ts'
import { runLogRead } from './kinds/log-read.ts'
import { runPipeline } from './kinds/pipeline.ts'
import { runProcessors } from './kinds/processors.ts'
import { runStartUp } from './kinds/start-up.ts'
import type { Measurement, RunContext } from './measurement.ts'
import type { WorkloadNews, WorkloadOrder } from './run-workload.ts'
import type { Workload } from './workload.ts'

/* The process of one workload: takes one order, sends one answer, ends. */

function run(workload: Workload, context: RunContext): Promise<Measurement> {
  switch (workload.kind) {
    case 'processors':
      return runProcessors(workload, context)
    case 'pipeline':
      return runPipeline(workload, context)
    case 'log-append':
      return runLogAppend(workload, context)
    case 'log-read':
      return runLogRead(workload, context)
    case 'capture':
      return runCapture(workload, context)
    case 'fan-out':
      return runFanOut(workload, context)
    case 'latency':
      return runLatency(workload, context)
    case 'generator':
      return runGenerator(workload, context)
    case 'generator-burst':
      return runGeneratorBurst(workload, context)
    case 'start-up':
      return runStartUp(workload, context)
  }
}

function send(news: WorkloadNews): Promise<void> {
  return new Promise((resolve) => process.send!(news, () => resolve()))
}

process.on('disconnect', () => process.exit(1))
process.once('message', async ({ workload, seconds }: WorkloadOrder) => {
  try {
    const measurement = await run(workload, { seconds, progress: (text) => void send({ type: 'progress', text }) })
    await send({ type: 'measured', measurement })
    process.exit(0)
  } catch (error) {
    await send({ type: 'failed', text: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    process.exit(1)
  }
})
