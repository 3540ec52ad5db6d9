import { systemClock } from '../../src/base/clock.ts'
import { decodeTrades, encodeTrades } from '../../src/events/batch-codec.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { EmbeddedEventLog } from '../../src/log/embedded/embedded-event-log.ts'
import { EmbeddedEventLogReader } from '../../src/log/embedded/embedded-event-log-reader.ts'
import { formatValue } from '../format-number.ts'
import type { Measurement, RunContext } from '../measurement.ts'
import { race } from '../race.ts'
import type { WorkloadOf } from '../workload.ts'
import { appendTrades } from './log-append.ts'
import { buildTradeBatches } from './market-batches.ts'
import { withDirectory } from './work-directory.ts'

const READ_MAX_BYTES = 1024 * 1024

/** Embedded log → checksum → decoded batches, by a reader as other threads use it. */
export function runLogRead(workload: WorkloadOf<'log-read'>, { seconds, progress }: RunContext): Promise<Measurement> {
  return withDirectory(async (directory) => {
    progress('writing the log')
    const batches = await buildTradeBatches({ ...workload, symbolCount: 10 })
    const log = EmbeddedEventLog.open({ directory, clock: systemClock })
    for (const batch of batches) await appendTrades(log, batch)
    const reader = EmbeddedEventLogReader.open({ directory })
    const payloads = batches.map(encodeTrades)
    const tradeCount = batches.length * workload.batchSize
    progress('measuring')
    const { work, floor } = await race(
      seconds,
      { run: () => readAll(reader) },
      {
        run: () => {
          for (const payload of payloads) payload.slice()
          return tradeCount
        },
      },
    )
    await reader.close()
    await log.close()
    return {
      measures: [
        {
          name: 'trades read',
          value: work.median,
          unit: 'per-second',
          floor: { name: 'copy of the bytes', value: floor.median },
          detail: `median of ${work.roundCount} rounds, best ${formatValue(work.best, 'per-second')}`,
        },
      ],
      notes: [],
    }
  })
}

async function readAll(reader: EmbeddedEventLogReader): Promise<number> {
  const instruments = new InstrumentTable()
  let offset = 0
  for (;;) {
    const batches = await reader.read('market.trades', 0, offset, READ_MAX_BYTES)
    for (const batch of batches) offset += decodeTrades(batch.payload, instruments).count
    if (batches.length === 0) return offset
  }
}
