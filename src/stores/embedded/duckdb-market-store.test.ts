import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FinPulseError } from '../../base/errors.ts'
import type { Gap } from '../../events/gap.ts'
import { candle, gap, KEEP_ALL, trade, tradeBatch, writeOf } from '../contract/samples.ts'
import { marketStoreContract } from '../market-store.contract.ts'
import { DuckDbMarketStore } from './duckdb-market-store.ts'

marketStoreContract('embedded', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'finpulse-store-'))
  let store = await DuckDbMarketStore.open({ directory })
  return {
    get store() {
      return store
    },
    reopen: async () => {
      await store.close()
      store = await DuckDbMarketStore.open({ directory })
      return store
    },
    dispose: async () => {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})

/** Runs a statement on a closed store's file. */
async function runInFile(directory: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(directory, 'store.duckdb'))
  const connection = await instance.connect()
  await connection.run(sql)
  connection.closeSync()
  instance.closeSync()
}

describe('embedded market store', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'finpulse-store-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it('rolls appended rows back with the transaction that failed, and takes the write again', async () => {
    const store = await DuckDbMarketStore.open({ directory })
    // A gap without a symbol passes the checks before the transaction and fails inside, after trades were appended.
    const broken = { type: 'gap', venue: 'sim', fromId: 1, toId: 1.5, missingCount: 1 } as unknown as Gap
    const trades = [tradeBatch(Array.from({ length: 5000 }, (_, id) => trade({ id })))]
    await expect(store.write(writeOf({ trades, candles: [candle()], gaps: [broken] }))).rejects.toThrow(FinPulseError)
    expect(await store.countsSince(0)).toEqual({ trades: 0, quotes: 0, candles: 0, alerts: 0 })
    await store.write(writeOf({ trades, candles: [candle()] }))
    expect(await store.countsSince(0)).toEqual({ trades: 5000, quotes: 0, candles: 1, alerts: 0 })
    await store.close()
  })

  it('goes on while checkpoints, queries and retention come together', async () => {
    const store = await DuckDbMarketStore.open({ directory, checkpointMegabytes: 0.1 })
    let isWriting = true
    const query = async () => {
      while (isWriting) {
        await store.trades({ symbol: 'BTC-USD', limit: 100 })
        await store.summaries(0)
      }
    }
    const queries = [query(), query(), query()]
    for (let number = 0; number < 30; number++) {
      const rows = Array.from({ length: 1000 }, (_, row) => trade({ id: number * 1000 + row }))
      await store.write(writeOf({ trades: [tradeBatch(rows)], candles: [candle({ revision: number })] }))
      if (number % 10 === 9) await store.retain({ ...KEEP_ALL, tradesMaxCount: 5000 })
    }
    isWriting = false
    await Promise.all(queries)
    expect(await store.countsSince(0)).toMatchObject({ trades: 5000, candles: 1 })
    expect(await store.latestTrades()).toMatchObject([{ id: 29_999 }])
    await store.close()
  })

  it('refuses calls after it was closed', async () => {
    const store = await DuckDbMarketStore.open({ directory })
    await store.close()
    await store.close()
    await expect(store.write(writeOf({}))).rejects.toThrow('closed')
    await expect(store.countsSince(0)).rejects.toThrow('closed')
  })

  it('refuses a file with tables of another version', async () => {
    const store = await DuckDbMarketStore.open({ directory })
    await store.close()
    await runInFile(directory, 'UPDATE source SET schema_version = 99')
    await expect(DuckDbMarketStore.open({ directory })).rejects.toThrow('has tables of version 99, expected 2')
  })

  it('takes a file of version 1 over: its gaps were found by the processors', async () => {
    const store = await DuckDbMarketStore.open({ directory })
    await store.write(writeOf({ gaps: [gap({ fromId: 1 }), gap({ fromId: 2 })] }))
    await store.close()
    await runInFile(directory, 'ALTER TABLE gaps DROP COLUMN seq; ALTER TABLE gaps DROP COLUMN found_by')
    await runInFile(directory, 'UPDATE source SET schema_version = 1')
    const upgraded = await DuckDbMarketStore.open({ directory })
    await upgraded.write(writeOf({ gaps: [gap({ fromId: 3 })] }))
    await upgraded.close()
    const again = await DuckDbMarketStore.open({ directory })
    const { rows } = await again.gaps({ limit: 9 })
    expect(rows).toEqual([
      gap({ fromId: 3 }),
      gap({ fromId: 2, foundBy: 'processor' }),
      gap({ fromId: 1, foundBy: 'processor' }),
    ])
    await again.close()
  })

  it('refuses a file that is no database', async () => {
    await writeFile(join(directory, 'store.duckdb'), 'not a database'.repeat(1000))
    await expect(DuckDbMarketStore.open({ directory })).rejects.toThrow('store.duckdb: cannot be opened')
  })
})
