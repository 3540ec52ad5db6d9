import { candle, MINUTE_MS, START_MS, trade, tradeBatch, writeOf } from '../contract/samples.ts'
import { DuckDbMarketStore } from './duckdb-market-store.ts'

/** Trades of one write. */
export const ROWS_PER_WRITE = 700

/*
 * A process for the crash test: opens the store in the directory of its argument and writes numbered batches from
 * where the store has read to, without end. Prints the number of each write that was acknowledged.
 */
if (process.argv[1] === import.meta.filename) await writeWithoutEnd(process.argv[2]!)

async function writeWithoutEnd(directory: string): Promise<void> {
  // Checkpoints come often, so that some of the crashes fall into one.
  const store = await DuckDbMarketStore.open({ directory, checkpointMegabytes: 0.25 })
  const { positions } = await store.source()
  for (let number = positions[0]?.nextOffset ?? 0; ; number++) {
    const eventTimeMs = START_MS + number
    const trades = Array.from({ length: ROWS_PER_WRITE }, (_, row) =>
      trade({ id: number * ROWS_PER_WRITE + row, eventTimeMs }),
    )
    const candles = [candle({ openTimeMs: START_MS + number * MINUTE_MS }), candle({ revision: number })]
    const position = { topic: 'market.trades', partition: 0, nextOffset: number + 1 } as const
    await store.write(writeOf({ trades: [tradeBatch(trades)], candles, positions: [position] }))
    process.stdout.write(`${number}\n`)
  }
}
