import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DuckDbMarketStore } from './duckdb-market-store.ts'
import { ROWS_PER_WRITE } from './numbered-writer.fixture.ts'

const FIXTURE = join(import.meta.dirname, 'numbered-writer.fixture.ts')

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'finpulse-crash-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** Lets the writer run for some acknowledged writes, then kills it. @returns the number of the last one */
async function writeThenKill(writeCount: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [FIXTURE, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let last = -1
  let seenCount = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    seenCount += 1
    if (seenCount === writeCount) setTimeout(() => child.kill('SIGKILL'), afterMs)
  }
  await ended
  return last
}

it('after kill -9 the rows are exactly those of the stored positions, and no acknowledged write is missing', async () => {
  for (const [round, writeCount] of [12, 5, 25].entries()) {
    const acknowledged = await writeThenKill(writeCount, round * 7)
    const store = await DuckDbMarketStore.open({ directory })
    const writes = (await store.source()).positions[0]!.nextOffset
    expect(writes).toBeGreaterThan(acknowledged)
    const { trades, candles } = await store.countsSince(0)
    expect({ trades, candles }).toEqual({ trades: writes * ROWS_PER_WRITE, candles: writes })
    expect(await store.latestTrades()).toMatchObject([{ id: writes * ROWS_PER_WRITE - 1 }])
    const revisions = await store.candleRevisions('BTC-USD', '1m', (await store.instruments())[0]!.firstTradeTimeMs!)
    expect(revisions.map(({ revision }) => revision)).toEqual(Array.from({ length: writes }, (_, index) => index))
    await store.close()
  }
}, 30_000)
