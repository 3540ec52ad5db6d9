import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PerformanceObserver } from 'node:perf_hooks'
import { systemClock } from '../../src/base/clock.ts'
import { GeneratorRun } from '../../src/engine/generate/generator-run.ts'
import { LocalPieces } from '../../src/engine/generate/local-pieces.ts'
import { FileSink } from '../../src/engine/generate/sinks/file-sink.ts'
import { type PieceFormat, type SourceSpec, schedulesOf } from '../../src/engine/generate/source-spec.ts'
import type { Measure, Measurement, RunContext } from '../measurement.ts'
import type { WorkloadOf } from '../workload.ts'
import { tradesSpec } from './market-spec.ts'
import { withDirectory } from './work-directory.ts'

const SYMBOL_COUNT = 10
/** Generated before each burst, so that the burst meets compiled code. */
const WARM_UP_COUNT = 500_000
const FORMATS: readonly { readonly name: string; readonly format: PieceFormat }[] = [
  { name: 'columnar', format: 'columnar' },
  { name: 'NDJSON', format: 'ndjson' },
]

/** The pauses of the collector in this thread while it is watched. */
class PauseWatch {
  readonly #pausesMs: number[] = []
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) this.#pausesMs.push(duration)
  })

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** All pauses so far, ms; ends the watch. */
  end(): readonly number[] {
    for (const { duration } of this.#observer.takeRecords()) this.#pausesMs.push(duration)
    this.#observer.disconnect()
    return this.#pausesMs
  }
}

/** A burst of trades into a file, one thread: its rate, and for how long the collector stops it. */
export async function runGeneratorBurst(
  workload: WorkloadOf<'generator-burst'>,
  { progress }: RunContext,
): Promise<Measurement> {
  const measures: Measure[] = []
  for (const { name, format } of FORMATS) {
    progress(`generating ${workload.burstCount} trades as ${name}`)
    measures.push(
      ...(await withDirectory((directory) => measureBurst(name, format, workload, join(directory, 'burst')))),
    )
  }
  return { measures, notes: [`one burst of ${workload.burstCount} trades each, into a file, whatever --seconds says`] }
}

async function measureBurst(
  name: string,
  format: PieceFormat,
  { tradesPerSecond, burstCount }: WorkloadOf<'generator-burst'>,
  path: string,
): Promise<Measure[]> {
  const spec = tradesSpec(format, SYMBOL_COUNT, tradesPerSecond)
  await generate(spec, WARM_UP_COUNT, path)
  const watch = new PauseWatch()
  const startMs = performance.now()
  await generate(spec, burstCount, path)
  const seconds = (performance.now() - startMs) / 1000
  const pausesMs = watch.end()
  const { size } = await stat(path)
  const sumMs = pausesMs.reduce((sum, pauseMs) => sum + pauseMs, 0)
  return [
    {
      name: `${name} to a file`,
      value: burstCount / seconds,
      unit: 'per-second',
      detail: `${(size / burstCount).toFixed(1)} bytes a trade`,
    },
    { name: `${name}, longest GC pause`, value: Math.max(0, ...pausesMs), unit: 'milliseconds' },
    { name: `${name}, GC pauses`, value: pausesMs.length, unit: 'count', detail: `${sumMs.toFixed(1)} ms in all` },
  ]
}

async function generate(spec: SourceSpec, count: number, path: string): Promise<void> {
  const run = new GeneratorRun({
    source: new LocalPieces(spec, 0, count),
    schedule: schedulesOf(spec).whole,
    sink: await FileSink.open(path),
    header: new Uint8Array(0),
    clock: systemClock,
    endIndex: count,
  })
  await run.run(new AbortController().signal)
}
