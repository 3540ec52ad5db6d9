import { LocalPieces } from '../../src/engine/generate/local-pieces.ts'
import type { SourceSpec } from '../../src/engine/generate/source-spec.ts'
import { formatValue } from '../format-number.ts'
import type { Measure, Measurement, RunContext } from '../measurement.ts'
import { type Runner, race } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { buildTradeBatches, drainFeed, openPastMarket, sumNotionalTimes } from './market-batches.ts'
import { tradesSpec } from './market-spec.ts'

const FLOOR_TIMES = 50
const SHAPE_OF_FLOOR = { batchCount: 16, batchSize: 8192 }

/** The simulator's feed → batches of trades and quotes; `finpulse generate` → pieces of bytes that go nowhere. */
export async function runGenerator(
  workload: WorkloadOf<'generator'>,
  { seconds, progress }: RunContext,
): Promise<Measurement> {
  const { symbolCount, tradesPerSecond } = workload
  const floorBatches = await buildTradeBatches({ ...workload, ...SHAPE_OF_FLOOR })
  const works: readonly { readonly name: string; readonly runner: Runner }[] = [
    { name: 'trades with quotes', runner: feedRunner(workload) },
    { name: 'trades, columnar', runner: pieceRunner(tradesSpec('columnar', symbolCount, tradesPerSecond), workload) },
    { name: 'trades, NDJSON', runner: pieceRunner(tradesSpec('ndjson', symbolCount, tradesPerSecond), workload) },
  ]
  const measures: Measure[] = []
  for (const { name, runner } of works) {
    progress(`measuring ${name}`)
    const { work, floor } = await race(seconds / works.length, runner, {
      run: () => sumNotionalTimes(floorBatches, FLOOR_TIMES),
    })
    measures.push({
      name,
      value: work.median,
      unit: 'per-second',
      floor: { name: 'sum over the arrays', value: floor.median },
      detail: `median of ${work.roundCount} rounds, best ${formatValue(work.best, 'per-second')}`,
    })
  }
  return { measures, notes: ['one thread; quotes are not counted'] }
}

function feedRunner({ symbolCount, tradesPerSecond, roundCount }: WorkloadOf<'generator'>): Runner {
  let feed: Awaited<ReturnType<typeof openPastMarket>>
  return {
    prepare: async () => {
      feed = await openPastMarket(symbolCount, tradesPerSecond, roundCount)
    },
    run: () => drainFeed(feed, () => undefined),
  }
}

function pieceRunner(spec: SourceSpec, { roundCount }: WorkloadOf<'generator'>): Runner {
  let pieces: LocalPieces
  return {
    prepare: () => {
      pieces = new LocalPieces(spec, 0, roundCount)
    },
    run: async () => {
      while (pieces.index < roundCount) pieces.recycle(await pieces.next())
      return roundCount
    },
  }
}
