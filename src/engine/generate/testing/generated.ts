import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDirectory } from '../../../../tests/support/temp-directory.ts'
import { type Clock, systemClock } from '../../../base/clock.ts'
import { defaultPaymentsOptions } from '../../../feeds/payments/payments-options.ts'
import { ConstantRate } from '../../../feeds/schedule.ts'
import { marketRules } from '../../../feeds/simulator/simulator-market.ts'
import { GeneratorRun, type GeneratorSummary } from '../generator-run.ts'
import { LocalPieces } from '../local-pieces.ts'
import { FileSink } from '../sinks/file-sink.ts'
import type { PieceSink } from '../sinks/sink.ts'
import { labelsOf, type SourceSpec, schedulesOf } from '../source-spec.ts'

/* Small streams for the tests of what happens to them. */

export const originUs = 1_767_225_600_000_000
const symbols = ['AAPL', 'BTCUSDT', 'DOGEUSDT']
const market = {
  rate: { ratePerSecond: 500 },
  symbols,
  rules: marketRules({ market: 'crypto' }, symbols),
  trades: true,
  quotes: false,
}
const { seed: _seed, schedule: _schedule, ...paymentsOptions } = defaultPaymentsOptions(1, new ConstantRate(1, 0), 100)
const hour = { medianHours: 0.005, deviation: 0.5, minHours: 0, maxHours: 0.01, missingShare: 0 }
export const payments = { rate: { ratePerSecond: 100 }, options: { ...paymentsOptions, labels: hour } }
/** Trades at 500 a second, as NDJSON. */
export const lines: SourceSpec = { format: 'ndjson', seed: 3, originUs, pieceCount: 256, market }
export const columns: SourceSpec = { ...lines, format: 'columnar' }

/** @param pacedRate without it as fast as the sink takes them */
export function runOf(
  spec: SourceSpec,
  sink: PieceSink,
  to: number,
  { from = 0, clock = systemClock, pacedRate }: { from?: number; clock?: Clock; pacedRate?: number } = {},
): GeneratorRun {
  const schedule = schedulesOf(spec).whole
  const labels = labelsOf(spec, to)
  labels?.skipTo(schedule.dueUs(from))
  return new GeneratorRun({
    source: new LocalPieces(spec, from, to),
    schedule,
    sink,
    header: new Uint8Array(0),
    clock,
    endIndex: to,
    ...(pacedRate === undefined ? {} : { pacedRate }),
    ...(labels === undefined ? {} : { labels }),
  })
}

export async function generate(spec: SourceSpec, sink: PieceSink, to: number, from = 0): Promise<GeneratorSummary> {
  const run = runOf(spec, sink, to, { from })
  await run.run(new AbortController().signal)
  return run.summary()
}

/** The first events of a stream, each as its line. */
export async function linesOf(spec: SourceSpec, count: number): Promise<string[]> {
  const path = join(tempDirectory(), 'lines')
  await generate({ ...spec, format: 'ndjson' }, await FileSink.open(path), count)
  return readFileSync(path, 'utf8').trim().split('\n')
}
