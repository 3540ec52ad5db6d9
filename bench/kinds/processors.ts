import type { TradeBatch } from '../../src/events/trade-batch.ts'
import { MarketProcessor } from '../../src/processors/market-processor.ts'
import type { Outputs } from '../../src/processors/processor.ts'
import { formatValue } from '../format-number.ts'
import type { Measurement, RunContext } from '../measurement.ts'
import { race } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { buildTradeBatches, sumNotionalTimes } from './market-batches.ts'

const FLOOR_TIMES = 20

class CountedOutputs implements Outputs {
  candleCount = 0
  alertCount = 0
  candle(): void {
    this.candleCount += 1
  }
  alert(): void {
    this.alertCount += 1
  }
  gap(): void {
    throw new Error('the generated market has no gaps')
  }
  deadLetter(): void {
    throw new Error('the generated market is in order')
  }
}

/** Batches in memory → market processor, one thread. */
export async function runProcessors(
  workload: WorkloadOf<'processors'>,
  { seconds, progress }: RunContext,
): Promise<Measurement> {
  progress('generating trades')
  const batches = await buildTradeBatches(workload)
  let outputs = new CountedOutputs()
  let processor = newProcessor(batches, outputs)
  progress('measuring')
  const { work, floor } = await race(
    seconds,
    {
      prepare: () => {
        outputs = new CountedOutputs()
        processor = newProcessor(batches, outputs)
      },
      run: () => {
        for (const batch of batches) processor.onTrades(batch)
        return processor.tradeCount
      },
    },
    { run: () => sumNotionalTimes(batches, FLOOR_TIMES) },
  )
  const spread = `median of ${work.roundCount} rounds, ${formatValue(work.worst, 'per-second')} to ${formatValue(work.best, 'per-second')}`
  return {
    measures: [
      {
        name: 'trades',
        value: work.median,
        unit: 'per-second',
        floor: { name: 'sum over the arrays', value: floor.median },
        detail: spread,
      },
      {
        name: 'allocated per trade',
        value: allocatedPerTrade(batches),
        unit: 'bytes',
        detail: 'heap and buffers together, candles that close included',
      },
    ],
    notes: [`each round: ${outputs.candleCount} candles, ${outputs.alertCount} alerts from ${batches.length} batches`],
  }
}

function newProcessor(batches: readonly TradeBatch[], outputs: Outputs): MarketProcessor {
  const processor = new MarketProcessor({}, outputs)
  const { instruments } = batches[0]!
  for (let index = 0; index < instruments.count; index++) {
    const { venue, symbol, priceDecimals, quantityDecimals } = instruments.at(index)
    processor.instruments.register(venue, symbol, priceDecimals, quantityDecimals)
  }
  return processor
}

/** Growth of the heap over the second half of the batches; a batch during which garbage was collected is left out. */
function allocatedPerTrade(batches: readonly TradeBatch[]): number {
  if (gc === undefined) throw new Error('the heap can only be watched with --expose-gc')
  const processor = newProcessor(batches, new CountedOutputs())
  const half = batches.length >> 1
  for (let index = 0; index < half; index++) processor.onTrades(batches[index]!)
  gc()
  let bytes = 0
  let count = 0
  for (let index = half; index < batches.length; index++) {
    const before = allocatedBytes()
    processor.onTrades(batches[index]!)
    const grown = allocatedBytes() - before
    if (grown < 0) continue
    bytes += grown
    count += batches[index]!.count
  }
  return count === 0 ? Number.NaN : bytes / count
}

function allocatedBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
