import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeTrades } from '../../src/events/batch-codec.ts'
import type { Candle } from '../../src/events/candle.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { tradeAt } from '../../src/events/json.ts'
import type { PushResult } from '../../src/protocol/push.ts'
import type { CandlesResponse, FeedRow, SymbolRow } from '../../src/protocol/rest.ts'
import { getJson } from '../support/http.ts'
import { openLog } from '../support/log-content.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { eventsOf, runReplay } from '../support/replay-run.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* Another system is the feed: `finpulse up --feed push`, and what comes over HTTP and WebSocket. */

const START_MS = Date.parse('2026-01-01T00:00:00Z')
const NDJSON = { 'content-type': 'application/x-ndjson' }

let cwd: string
beforeEach(() => {
  cwd = tempDirectory()
})
afterEach(async () => {
  await killAllPrograms()
  await removeTempDirectories()
})

function startEngine(dataDir: string, feed = 'push'): Program {
  const config = join(cwd, 'config.yaml')
  writeFileSync(config, 'push: { idleAfter: 100ms }\n')
  const flags = ['--feed', feed, '--port', '0', '--data-dir', join(cwd, dataDir), '--config', config]
  return Program.start(['up', ...flags], { cwd })
}

async function push(url: string, body: string, headers: Record<string, string> = {}): Promise<PushResult> {
  const answer = await getJson<PushResult>(`${url}/api/v1/events`, {
    method: 'POST',
    body,
    headers: { ...NDJSON, ...headers },
  })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  return answer.body
}

/** The final candles of a minute in the store, in order of symbol and time. */
async function finalCandles(url: string): Promise<Candle[]> {
  const { data: symbols } = (await getJson<{ data: SymbolRow[] }>(`${url}/api/v1/symbols`)).body
  const all: Candle[] = []
  for (const { symbol } of symbols) {
    const path = `candles/${symbol}?interval=1m&from=${START_MS}&to=${START_MS + 3_600_000}`
    all.push(...(await getJson<CandlesResponse>(`${url}/api/v1/${path}`)).body.data)
  }
  return inOrder(all.filter(({ isFinal }) => isFinal))
}

function inOrder(candles: readonly Candle[]): Candle[] {
  return candles.toSorted((a, b) => a.symbol.localeCompare(b.symbol) || a.openTimeMs - b.openTimeMs)
}

describe('finpulse generate as the feed', { timeout: 120_000 }, () => {
  it('over HTTP and over WebSocket gives the candles of a replay of the same events, and the last ones close', async () => {
    // Sixteen minutes, to their last second.
    const market = ['generate', '--count', '19200', '--rate', '20', '--no-pace', '--kind', 'trades,quotes']
    const file = join(cwd, 'events.ndjson')
    expect((await Program.run([...market, '--out', file], { cwd })).code).toBe(0)
    const replayed = await runReplay([file, '--emit', 'candles', '--interval', '1m', '--final-only'], { cwd })
    const expected = inOrder(eventsOf(replayed, 'candle'))
    const lastMs = Math.max(...expected.map(({ closeTimeMs }) => closeTimeMs))
    const isBeforeLast = ({ closeTimeMs }: Candle) => closeTimeMs < lastMs
    const lineCount = readFileSync(file, 'utf8').trimEnd().split('\n').length

    for (const [name, scheme, path] of [
      ['http', 'http', '/api/v1/events'] as const,
      ['ws', 'ws', '/ws/push'] as const,
    ]) {
      const engine = startEngine(name)
      const url = await engine.serving()
      const made = await Program.run([...market, '--out', url.replace('http', scheme) + path], { cwd })
      expect(made.code, made.stderr).toBe(0)
      const candles = await poll(`all candles over ${name}`, async () => {
        const stored = await finalCandles(url)
        return stored.length === expected.length && stored
      })
      // A replay ends at its last event, a live source goes on: of the last minute more is known.
      expect(candles.filter(isBeforeLast)).toEqual(expected.filter(isBeforeLast))
      const again = await push(url, readFileSync(file, 'utf8'))
      expect(again).toEqual({ acceptedCount: 0, duplicateCount: lineCount, refusedCount: 0, refused: [] })
      const { data: feeds } = (await getJson<{ data: FeedRow[] }>(`${url}/api/v1/feeds`)).body
      expect(feeds).toMatchObject([{ name: 'push', queueCount: 0, dropped: { 'pushed-again': lineCount } }])
      expect((await engine.interrupt()).code).toBe(0)
    }
  })

  it('of payments reaches the log of an engine that has another feed', async () => {
    const engine = startEngine('simulated', 'simulator')
    const url = await engine.serving()
    const flags = ['generate', '--kind', 'payments', '--count', '3000', '--out', `${url}/api/v1/events?source=test`]
    const made = await Program.run(flags, { cwd })
    expect(made.code, made.stderr).toBe(0)
    const { data: feeds } = (await getJson<{ data: FeedRow[] }>(`${url}/api/v1/feeds`)).body
    expect(feeds.map(({ name }) => name)).toEqual(expect.arrayContaining(['simulator', 'push']))
    await engine.interrupt()
    const log = openLog(join(cwd, 'simulated'))
    expect((await log.bounds('payments', 0)).endOffset).toBe(3000)
    await log.close()
  })
})

describe('an engine that is killed', { timeout: 120_000 }, () => {
  it('has every pushed trade once after the client has sent all its batches again', async () => {
    const batches = Array.from({ length: 60 }, (_, batch) => ({
      // Every other batch has trades without ids: its key alone tells that it comes again.
      key: batch % 2 === 0 ? undefined : `batch-${batch}`,
      lines: Array.from({ length: 700 }, (_, index) => tradeOf(batch, index)),
    }))
    let engine = startEngine('killed')
    let url = await engine.serving()
    for (let kill = 1; kill <= 3; kill++) {
      let answeredCount = 0
      const sending = pushAll(url, batches, () => {
        answeredCount += 1
      })
      // New batches by then: those of the life before are answered again first.
      await poll('answers', () => answeredCount >= 13 * kill)
      await engine.kill()
      expect((await sending).filter((result) => result === undefined).length).toBeGreaterThan(0)
      engine = startEngine('killed')
      url = await engine.serving()
    }
    const results = await pushAll(url, batches)
    expect(results.filter((result) => result !== undefined)).toHaveLength(batches.length)
    await engine.interrupt()
    const expected = batches.flatMap(({ lines }) => lines.map((line) => JSON.parse(line).price as string))
    expect((await pricesInLog('killed')).sort()).toEqual(expected.sort())
  })

  function tradeOf(batch: number, index: number): string {
    const id = batch % 2 === 0 ? { id: batch * 700 + index } : {}
    const price = `${batch + 1}.${String(index).padStart(3, '0')}`
    const eventTimeMs = START_MS + batch * 700 + index
    return JSON.stringify({ type: 'trade', symbol: 'X', ...id, price, quantity: '1', eventTimeMs })
  }

  /** Some at a time, in order; undefined where there was no answer. */
  async function pushAll(
    url: string,
    batches: readonly { key: string | undefined; lines: readonly string[] }[],
    onAnswer: () => void = () => undefined,
  ): Promise<(PushResult | undefined)[]> {
    const results: (PushResult | undefined)[] = []
    const rest = batches.entries()
    const client = async () => {
      for (const [batch, { key, lines }] of rest) {
        const headers = key === undefined ? {} : { 'idempotency-key': key }
        results[batch] = await push(url, lines.join('\n'), headers).catch(() => undefined)
        if (results[batch] !== undefined) onAnswer()
      }
    }
    await Promise.all(Array.from({ length: 4 }, client))
    return results
  }

  async function pricesInLog(dataDir: string): Promise<string[]> {
    const log = openLog(join(cwd, dataDir))
    const prices: string[] = []
    for (let next = 0; ; ) {
      const [batch] = await log.read('market.trades', 0, next, 1)
      if (batch === undefined) break
      const trades = decodeTrades(batch.payload, new InstrumentTable())
      for (let row = 0; row < trades.count; row++) prices.push(tradeAt(trades, row).price)
      next = batch.firstOffset + batch.recordCount
    }
    await log.close()
    return prices
  }
})
