import { createHistogram } from 'node:perf_hooks'
import { systemClock } from '../../src/base/clock.ts'
import { encodeTrades } from '../../src/events/batch-codec.ts'
import type { TradeBatch } from '../../src/events/trade-batch.ts'
import { EmbeddedEventLog } from '../../src/log/embedded/embedded-event-log.ts'
import type { EventLog } from '../../src/log/event-log.ts'
import { formatValue } from '../format-number.ts'
import type { Measurement, RunContext } from '../measurement.ts'
import { race } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { buildTradeBatches } from './market-batches.ts'
import { withDirectory } from './work-directory.ts'

/** Encode → embedded log, each batch durable before the next is encoded. */
export function runLogAppend(
  workload: WorkloadOf<'log-append'>,
  { seconds, progress }: RunContext,
): Promise<Measurement> {
  const commitUs = createHistogram()
  return withDirectory(async (directory) => {
    progress('generating trades')
    const batches = await buildTradeBatches({ ...workload, symbolCount: 10 })
    const log = EmbeddedEventLog.open({ directory, clock: systemClock })
    progress('measuring')
    const { work, floor } = await race(
      seconds,
      {
        run: async () => {
          for (const batch of batches) {
            const startMs = performance.now()
            await appendTrades(log, batch)
            commitUs.record(Math.max(1, Math.round((performance.now() - startMs) * 1000)))
          }
          return batches.length * workload.batchSize
        },
      },
      {
        run: () => {
          for (const batch of batches) encodeTrades(batch)
          return batches.length * workload.batchSize
        },
      },
    )
    const [stats] = await log.stats()
    await log.close()
    const bytesPerTrade = stats!.payloadBytes / stats!.endOffset
    return {
      measures: [
        {
          name: 'trades appended',
          value: work.median,
          unit: 'per-second',
          floor: { name: 'encode only', value: floor.median },
          detail: `median of ${work.roundCount} rounds, best ${formatValue(work.best, 'per-second')}`,
        },
        { name: 'batch durable, median', value: commitUs.percentile(50) / 1000, unit: 'milliseconds' },
        { name: 'batch durable, p99', value: commitUs.percentile(99) / 1000, unit: 'milliseconds' },
        { name: 'stored per trade', value: bytesPerTrade, unit: 'bytes' },
      ],
      notes: [`batches of ${workload.batchSize} trades, one commit and one flush to the disk each`],
    }
  })
}

export async function appendTrades(log: EventLog, trades: TradeBatch): Promise<void> {
  const payload = encodeTrades(trades)
  const batch = { recordCount: trades.count, payload, maxEventTimeUs: trades.eventTimeUs[trades.count - 1]! }
  await log.commit({ appends: [{ topic: 'market.trades', partition: 0, batch }] })
}
