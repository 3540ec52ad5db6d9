import { encodeTradesBriefly } from '../../src/events/batch-codec.ts'
import { MarketLines } from '../../src/events/market-lines.ts'
import type { TradeBatch } from '../../src/events/trade-batch.ts'
import { formatValue } from '../format-number.ts'
import type { Measure, Measurement, RunContext } from '../measurement.ts'
import { race } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { buildTradeBatches, drainFeed, openPastMarket, sumNotionalTimes } from './market-batches.ts'

const FLOOR_TIMES = 50
const SHAPE_OF_FLOOR = { batchCount: 16, batchSize: 8192 }

type Use = (trades: TradeBatch) => void

/** What becomes of each batch of the simulator, made anew for each round. */
const USES: readonly { readonly name: string; readonly create: () => Use }[] = [
  { name: 'trades', create: () => () => undefined },
  { name: 'trades, columnar', create: () => (trades) => void encodeTradesBriefly(trades) },
  { name: 'trades, NDJSON', create: writeLines },
]

function writeLines(): Use {
  let lines: MarketLines | undefined
  return (trades) => {
    lines ??= new MarketLines(trades.instruments)
    lines.ndjson(trades)
  }
}

/** Simulator → batches, then → bytes as they are stored, or → lines of JSON. */
export async function runGenerator(
  workload: WorkloadOf<'generator'>,
  { seconds, progress }: RunContext,
): Promise<Measurement> {
  const { symbolCount, tradesPerSecond, roundCount } = workload
  const floorBatches = await buildTradeBatches({ ...workload, ...SHAPE_OF_FLOOR })
  const measures: Measure[] = []
  for (const { name, create } of USES) {
    progress(`measuring ${name}`)
    let feed = await openPastMarket(symbolCount, tradesPerSecond, roundCount)
    const { work, floor } = await race(
      seconds / USES.length,
      {
        prepare: async () => {
          feed = await openPastMarket(symbolCount, tradesPerSecond, roundCount)
        },
        run: () => drainFeed(feed, create()),
      },
      { run: () => sumNotionalTimes(floorBatches, FLOOR_TIMES) },
    )
    measures.push({
      name,
      value: work.median,
      unit: 'per-second',
      floor: { name: 'sum over the arrays', value: floor.median },
      detail: `median of ${work.roundCount} rounds, best ${formatValue(work.best, 'per-second')}`,
    })
  }
  return { measures, notes: ['one thread; quotes are generated with the trades and not counted'] }
}
