import { once } from 'node:events'
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FinPulseError } from '../../src/base/errors.ts'
import { Random } from '../../src/base/random.ts'
import type { Alert } from '../../src/events/alert.ts'
import type { Candle } from '../../src/events/candle.ts'
import { INTERVALS } from '../../src/events/interval.ts'
import type { EventLogReader } from '../../src/log/event-log.ts'
import { DuckDbMarketStore } from '../../src/stores/embedded/duckdb-market-store.ts'
import type { Page, PageKey } from '../../src/stores/market-store.ts'
import { untilSettled } from '../support/http.ts'
import { openLog, type PartitionContent, readLog, recordsOf, rowCountOf } from '../support/log-content.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/*
 * The real process is killed with kill -9 again and again while it works through an input that ends. What its log and
 * its store hold at last must be what an uninterrupted run over the same input leaves.
 */

const SEED = Number(process.env.FINPULSE_TEST_SEED ?? Date.now() % 1_000_000)
console.info(`exactly once: seed ${SEED} (FINPULSE_TEST_SEED=${SEED} runs the same moments again)`)

let cwd: string
beforeEach(() => {
  cwd = tempDirectory()
})
afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

it('twenty kills of a simulated market leave the log and the store of an uninterrupted run', {
  timeout: 120_000,
}, async () => {
  const trades = 600_000
  const args = ['up', '--start-time', '2024-01-02T00:00:00Z', '--rate', '150', '--seed', '7', '--count', `${trades}`]
  await compareWithUninterrupted({ args, tradeCount: trades, killCount: 20 })
})

it('kills of a served replay leave the log and the store of an uninterrupted run', { timeout: 120_000 }, async () => {
  const trades = 200_000
  const file = join(cwd, 'trades.csv')
  await writeTrades(file, trades)
  await compareWithUninterrupted({
    args: ['replay', file, '--serve', '--speed', 'max'],
    tradeCount: trades,
    killCount: 6,
  })
})

interface CrashRun {
  readonly args: readonly string[]
  /** Trades that the input holds: kills are spread over them. */
  readonly tradeCount: number
  readonly killCount: number
}

async function compareWithUninterrupted({ args, tradeCount, killCount }: CrashRun): Promise<void> {
  // A state that is saved rarely makes a restart derive much again; one that is saved often tests the saved state.
  const configs = ['50ms', '2s'].map((snapshotEvery) => writeConfig(snapshotEvery))
  const start = (dataDir: string, life: number) => {
    const config = configs[life % configs.length]!
    return Program.start([...args, '--port', '0', '--data-dir', dataDir, '--config', config], { cwd })
  }
  const killed = join(cwd, 'killed')
  const random = new Random(SEED)
  let atCount = 0
  for (let life = 0; life < killCount; life++) {
    const target = Math.floor(((life + random.next()) * tradeCount) / (killCount + 1))
    atCount = await killOnceAt(start(killed, life), killed, target, random)
    expect(atCount, `kill ${life + 1} came after the end of the input`).toBeLessThan(tradeCount)
  }
  const uninterrupted = join(cwd, 'uninterrupted')
  await Promise.all([finish(start(killed, killCount)), finish(start(uninterrupted, 1))])

  const expected = await readLog(uninterrupted)
  const actual = await readLog(killed)
  expect(rowCountOf(expected, 'market.trades')).toBe(tradeCount)
  expect(recordsOf<Candle>(expected, 'market.candles').length).toBeGreaterThan(400)
  expect(recordsOf<Alert>(expected, 'alerts').length).toBeGreaterThan(0)
  expectSameLog(actual, expected)
  await expectStoreOf(killed, actual)
  await expectStoreOf(uninterrupted, expected)
}

function writeConfig(snapshotEvery: string): string {
  const path = join(cwd, `snapshot-${snapshotEvery}.json`)
  // Detectors that speak often show more of what a wrong state would do.
  const detectors = { zScore: { mediumThreshold: 2, minimumMovePercent: 0 }, volume: { mediumSigma: 1 } }
  writeFileSync(path, JSON.stringify({ processing: { snapshotEvery, ...detectors }, log: { partitions: 2 } }))
  return path
}

/** Kills it once the log holds that many trades and a little time more. @returns the trades that the log then holds */
async function killOnceAt(program: Program, dataDir: string, target: number, random: Random): Promise<number> {
  // Every fourth is killed while it starts and recovers, whatever it has done by then.
  if (random.nextInt(4) === 0) await delay(random.nextInt(700))
  else {
    await poll(
      `${target} trades in the log; it printed ${program.stdout} ${program.stderr}`,
      async () => {
        if (program.end !== undefined) throw new Error(`it ended by itself: ${program.stdout} ${program.stderr}`)
        return (await tradesIn(dataDir)) >= target
      },
      30_000,
    )
    await delay(random.nextInt(30))
  }
  const { signal } = await program.kill()
  expect(signal).toBe('SIGKILL')
  return tradesIn(dataDir)
}

async function tradesIn(dataDir: string): Promise<number> {
  let log: EventLogReader
  try {
    log = openLog(dataDir)
  } catch (error) {
    if (error instanceof FinPulseError && error.code === 'not-ready') return 0
    throw error
  }
  const stats = await log.stats()
  await log.close()
  return stats.filter(({ topic }) => topic === 'market.trades').reduce((sum, { endOffset }) => sum + endOffset, 0)
}

async function finish(program: Program): Promise<void> {
  await untilSettled(await program.serving())
  expect(await program.interrupt()).toMatchObject({ code: 0, stderr: '' })
}

function expectSameLog(actual: readonly PartitionContent[], expected: readonly PartitionContent[]): void {
  expect(actual.map(nameOf)).toEqual(expected.map(nameOf))
  expected.forEach((content, index) => {
    const other = actual[index]!
    expect(other.rowCount, `rows of ${nameOf(content)}`).toBe(content.rowCount)
    // Feed and processors each write dead letters: their order is that of the commits, which depends on the moment.
    const isShared = content.topic === 'dead-letters'
    const lines = (part: PartitionContent) => (isShared ? [...part.lines].sort() : part.lines)
    const [left, right] = [lines(other), lines(content)]
    const difference = left.findIndex((line, at) => line !== right[at])
    expect(left[difference], `${nameOf(content)}: record ${difference}`).toBe(right[difference])
    // Batches of derived records end where a commit did; those of a feed are the same in every run.
    if (content.lines.length === 0) expect(other.hash, `bytes of ${nameOf(content)}`).toBe(content.hash)
  })
}

function nameOf({ topic, partition }: PartitionContent): string {
  return `${topic}[${partition}]`
}

async function expectStoreOf(dataDir: string, log: readonly PartitionContent[]): Promise<void> {
  const store = await DuckDbMarketStore.open({ directory: join(dataDir, 'store') })
  try {
    const { positions } = await store.source()
    for (const { topic, partition, nextOffset } of positions) {
      const content = log.find((part) => part.topic === topic && part.partition === partition)
      expect(nextOffset, `position in ${topic}[${partition}]`).toBe(content?.recordCount ?? 0)
    }
    const candles = latestByKey(recordsOf<Candle>(log, 'market.candles'), candleKey)
    const alerts = latestByKey(recordsOf<Alert>(log, 'alerts'), ({ id }) => id)
    expect(await store.countsSince(0)).toEqual({
      trades: rowCountOf(log, 'market.trades'),
      quotes: rowCountOf(log, 'market.quotes'),
      candles: candles.size,
      alerts: alerts.size,
    })
    expect(latestByKey(await storedCandles(store), candleKey)).toEqual(candles)
    const stored = await allPages((after) => store.alerts({ limit: 1000, ...after }))
    expect(latestByKey(stored, ({ id }) => id)).toEqual(alerts)
  } finally {
    await store.close()
  }
}

function candleKey({ venue, symbol, interval, openTimeMs }: Candle): string {
  return `${venue}/${symbol}/${interval}/${openTimeMs}`
}

function latestByKey<T>(records: readonly T[], key: (record: T) => string): Map<string, T> {
  return new Map(records.map((record) => [key(record), record]))
}

async function storedCandles(store: DuckDbMarketStore): Promise<Candle[]> {
  const candles: Candle[] = []
  const span = { fromMs: 0, toMs: 4_102_444_800_000, limit: 1500 }
  for (const { symbol } of await store.instruments()) {
    for (const interval of INTERVALS) {
      candles.push(...(await allPages((after) => store.candles({ symbol, interval, ...span, ...after }))))
    }
  }
  return candles
}

async function allPages<T>(ask: (after: { after?: PageKey }) => Promise<Page<T>>): Promise<T[]> {
  const rows: T[] = []
  let page = await ask({})
  for (;;) {
    rows.push(...page.rows)
    if (page.next === undefined) return rows
    page = await ask({ after: page.next })
  }
}

/** A CSV of trades with all that recordings have: gaps in ids, doubles, late ones, bad lines, growing decimals. */
async function writeTrades(path: string, count: number): Promise<void> {
  const random = new Random(5)
  const symbols = ['BTC-EUR', 'ETH-EUR', 'SOL-EUR'].map((name, index) => ({
    name,
    id: 1000,
    price: 10_000 * (index + 1),
  }))
  const stream = createWriteStream(path)
  let text = 'time,symbol,price,quantity,side,id\n'
  for (let row = 0; row < count; row++) {
    const symbol = symbols[random.nextInt(symbols.length)]!
    symbol.price = Math.max(100, symbol.price + random.nextInt(21) - 10)
    const chance = random.nextInt(10_000)
    if (chance === 0) symbol.id += 3
    const lateMs = chance < 20 ? random.nextInt(3000) : 0
    const price = row > count / 2 && chance < 50 ? `${symbol.price}.125` : `${symbol.price}.5`
    const quantity = chance < 5 ? 5000 : 1 + random.nextInt(20)
    const line = `${1_700_000_000_000 + row * 50 - lateMs},${symbol.name},${price},${quantity},buy,${symbol.id++}\n`
    text += line
    if (chance === 7) text += 'torn line\n1700000000000,BTC-EUR,-1,1,buy,7\n'
    if (text.length > 1_000_000 || row === count - 1) {
      if (!stream.write(text)) await once(stream, 'drain')
      text = ''
    }
  }
  stream.end()
  await once(stream, 'finish')
}
