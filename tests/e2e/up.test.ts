import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { LiveClient } from '../../src/api/testing/live-client.ts'
import { decodeTrades } from '../../src/events/batch-codec.ts'
import { InstrumentTable } from '../../src/events/instrument.ts'
import { tradeAt } from '../../src/events/json.ts'
import * as rest from '../../src/protocol/rest.ts'
import { getJson, postJson, statsOf, untilSettled, untilTrading } from '../support/http.ts'
import { openLog } from '../support/log-content.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/* The whole product as a process, met from outside. */

const SYMBOLS = ['AAPL', 'MSFT', 'TSLA']
const UP = ['up', '--port', '0', '--data-dir', 'data', '--symbols', SYMBOLS.join(','), '--rate', '200']

/** Every route with its answer's schema. */
const ROUTES: readonly (readonly [path: string, schema: z.ZodType])[] = [
  ['/health', rest.healthResponse],
  ['/ready', rest.readinessResponse],
  ['/api/v1/symbols', rest.symbolsResponse],
  ['/api/v1/quotes/AAPL', rest.quoteResponse],
  ['/api/v1/trades/AAPL?limit=5', rest.tradesResponse],
  ['/api/v1/candles/AAPL', rest.candlesResponse],
  ['/api/v1/candles/AAPL?interval=5m&hours=2&limit=10', rest.candlesResponse],
  ['/api/v1/candles/AAPL?from=2020-01-01T00:00:00Z&to=2090-01-01T00:00:00Z', rest.candlesResponse],
  ['/api/v1/market-summary', rest.marketSummaryResponse],
  ['/api/v1/alerts?severity=medium&kind=z-score&limit=10', rest.alertsResponse],
  ['/api/v1/alerts?symbol=AAPL', rest.alertsResponse],
  ['/api/v1/prices', rest.pricesResponse],
  ['/api/v1/prices/AAPL?hours=1&limit=10', rest.priceHistoryResponse],
  ['/api/v1/anomalies?limit=10', rest.alertsResponse],
  ['/api/v1/gaps?symbol=AAPL&limit=10', rest.gapsResponse],
  ['/api/v1/stats', rest.statsSchema],
]

/** Requests that are wrong, with the problem's status, code and, for parameters, their name. */
const PROBLEMS: readonly (readonly [path: string, status: number, code: string, parameter?: string])[] = [
  ['/api/v1/quotes/NOPE', 404, 'symbol-unknown'],
  ['/api/v1/trades/NOPE', 404, 'symbol-unknown'],
  ['/api/v1/candles/NOPE', 404, 'symbol-unknown'],
  ['/api/v1/nothing', 404, 'not-found'],
  ['/api/v1/replay', 404, 'not-found'],
  ['/api/v1/trades/AAPL?limit=0', 400, 'request-invalid', 'limit'],
  ['/api/v1/trades/AAPL?limit=NaN', 400, 'request-invalid', 'limit'],
  ['/api/v1/trades/AAPL?limt=5', 400, 'request-invalid', 'limt'],
  ['/api/v1/trades/AAPL?cursor=zzz', 400, 'request-invalid', 'cursor'],
  ['/api/v1/candles/AAPL?interval=2m', 400, 'request-invalid', 'interval'],
  ['/api/v1/candles/AAPL?from=0001-01-01T00:00:00Z', 400, 'request-invalid', 'from'],
  ['/api/v1/candles/AAPL?to=9999-12-31T00:00:00Z', 400, 'request-invalid', 'to'],
  ['/api/v1/candles/AAPL?hours=-1', 400, 'request-invalid', 'hours'],
  ['/api/v1/alerts?severity=loud', 400, 'request-invalid', 'severity'],
  ['/api/v1/gaps?limit=0', 400, 'request-invalid', 'limit'],
]

describe('finpulse up', { timeout: 60_000 }, () => {
  let cwd: string
  let program: Program
  let url: string

  beforeAll(async () => {
    cwd = tempDirectory()
    program = Program.start([...UP, '--backfill', '2h'], { cwd })
    url = await program.serving()
    await program.logged('ready')
    await untilTrading(url)
  })
  afterAll(async () => {
    await killAllPrograms()
    await removeTempDirectories()
  })

  it.each(ROUTES)('%s answers as its schema says', async (path, schema) => {
    const { status, body } = await getJson(url + path)
    expect(status).toBe(200)
    const { error } = schema.safeParse(body)
    expect(error?.issues ?? []).toEqual([])
  })

  it.each(PROBLEMS)('%s is a problem %s %s %s', async (path, status, code, parameter) => {
    const answer = await getJson<rest.Problem>(url + path)
    expect(rest.problemSchema.safeParse(answer.body).error?.issues ?? []).toEqual([])
    expect(answer).toMatchObject({ status, body: { status, code, ...(parameter === undefined ? {} : { parameter }) } })
  })

  it('has lived through the time before its start', async () => {
    const { backfill } = await statsOf(url)
    expect(backfill).toMatchObject({ fraction: 1, isDone: true })
    const { body } = await getJson<rest.CandlesResponse>(`${url}/api/v1/candles/AAPL?limit=500`)
    const openTimes = body.data.map(({ openTimeMs }) => openTimeMs)
    expect(openTimes.length).toBeGreaterThan(115)
    expect(new Set(openTimes.slice(1).map((time, index) => time - openTimes[index]!))).toEqual(new Set([60_000]))
  })

  it('pages by cursor meet without a gap or a double', async () => {
    const ids: number[] = []
    let cursor: string | null = ''
    for (let page = 0; page < 4 && cursor !== null; page++) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { body }: { body: rest.TradesResponse } = await getJson(`${url}/api/v1/trades/AAPL?limit=50${query}`)
      ids.push(...body.data.map(({ id }) => id!))
      cursor = body.nextCursor
    }
    expect(ids).toEqual(Array.from({ length: 200 }, (_, index) => ids[0]! - index))
  })

  it('describes itself in OpenAPI and on a page', async () => {
    const { body } = await getJson<{ openapi: string; paths: Record<string, unknown> }>(`${url}/api/v1/openapi.json`)
    expect(body.openapi).toMatch(/^3\.1\./)
    for (const [path] of ROUTES) {
      const name = path.replace(/\?.*/, '').replace('AAPL', '{symbol}')
      expect(Object.keys(body.paths)).toContain(name)
    }
  })

  it('gives metrics that a scraper can read', async () => {
    const answer = await fetch(`${url}/metrics`)
    const text = await answer.text()
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const sample =
      /^[a-zA-Z_:][\w:]*(\{[a-zA-Z_]\w*="[^"\n]*"(,[a-zA-Z_]\w*="[^"\n]*")*,?\})? (NaN|[+-]Inf|-?[\d.]+(e[+-]?\d+)?)$/
    const lines = text.split('\n').filter((line) => line !== '')
    for (const line of lines) if (!/^# (HELP|TYPE) \S/.test(line)) expect(line).toMatch(sample)
    const trades = lines.find((line) => line.startsWith('finpulse_log_trades_total '))
    // Two hours at 200 a second.
    expect(Number(trades?.split(' ')[1])).toBeGreaterThan(2 * 3600 * 200 - 1)
  })

  describe('live', () => liveTests(() => url))
})

function liveTests(url: () => string): void {
  it.each([
    ['/ws/trades/AAPL', 'trades'],
    ['/ws/quotes/AAPL', 'quotes'],
  ] as const)('%s delivers what happens', async (path, part) => {
    const client = await LiveClient.open(url(), path)
    expect((await client.first('welcome')).epoch).toBe((await statsOf(url())).epoch)
    const rows = () =>
      client.frames.flatMap((frame): readonly { symbol: string; eventTimeMs: number }[] => frame[part] ?? [])
    // More than the snapshot: two events that came after it.
    await poll(
      `live ${part}`,
      () => new Set(rows().map(({ eventTimeMs }) => eventTimeMs)).size > 2 && client.frames.length > 2,
    )
    expect(new Set(rows().map(({ symbol }) => symbol))).toEqual(new Set(['AAPL']))
    client.close()
  })

  it('/ws/alerts opens with the last alerts; /ws delivers what is subscribed to, and nothing after unsubscribe', async () => {
    const alerts = await LiveClient.open(url(), '/ws/alerts')
    await alerts.first('welcome')
    alerts.close()
    const client = await LiveClient.open(url())
    client.send({ type: 'subscribe', channel: 'trades', symbols: ['MSFT', 'TSLA'] })
    client.send({ type: 'subscribe', channel: 'candles:1m', symbols: '*' })
    await poll('candles of all symbols', () => {
      const seen = new Set(client.frames.flatMap(({ candles }) => candles ?? []).map(({ symbol }) => symbol))
      return SYMBOLS.every((symbol) => seen.has(symbol))
    })
    const traded = client.frames.flatMap(({ trades }) => trades ?? []).map(({ symbol }) => symbol)
    expect(traded).not.toContain('AAPL')
    client.send({ type: 'unsubscribe', channel: 'trades' })
    client.send({ type: 'unsubscribe', channel: 'candles:1m' })
    client.send({ type: 'ping', id: 7 })
    await client.first('pong')
    const count = client.frames.length
    await delay(400)
    expect(client.frames.length).toBe(count)
    client.close()
  })

  it('a path or a message that is wrong is refused, and the others go on', async () => {
    const client = await LiveClient.open(url())
    client.socket.send('{"type":"subscribe","channel":"everything","symbols":"*"}')
    client.socket.send('not json')
    const error = await client.first('error')
    expect(error.detail).not.toBe('')
    expect(await getJson(`${url()}/health`)).toMatchObject({ status: 200 })
    client.close()
  })
}

describe('finpulse up, stopped and started', { timeout: 90_000 }, () => {
  let cwd: string
  beforeEach(() => {
    cwd = tempDirectory()
  })
  afterEach(async () => {
    await killAllPrograms()
    await removeTempDirectories()
  })

  it('goes on where it stopped: the same epoch, every trade once, no hole', async () => {
    const epochs: string[] = []
    for (let start = 0; start < 3; start++) {
      const program = Program.start([...UP, '--backfill', '10m'], { cwd })
      const url = await program.serving()
      const line = await program.logged('ready')
      expect(line.level).toBe(30)
      const { epoch } = await untilTrading(url)
      epochs.push(epoch)
      const client = await LiveClient.open(url, '/ws/trades/AAPL')
      const stoppedMs = performance.now()
      expect(await program.interrupt()).toMatchObject({ code: 0, stderr: '' })
      // Two seconds are promised; a machine that runs other tests meanwhile gets some more.
      expect(performance.now() - stoppedMs).toBeLessThan(5000)
      expect(await client.closed()).toBe(3001)
    }
    expect(new Set(epochs).size).toBe(1)
    const ids = await tradeIds(join(cwd, 'data'))
    expect([...ids.keys()].sort()).toEqual(SYMBOLS)
    for (const numbers of ids.values()) {
      expect(numbers.length).toBeGreaterThan(1000)
      expect(numbers.findIndex((id, index) => id !== numbers[0]! + index)).toBe(-1)
    }
  })

  it('a second Ctrl-C forces the end', async () => {
    // A back-fill that keeps it busy.
    const program = Program.start([...UP, '--backfill', '30d'], { cwd })
    await program.serving()
    program.process.kill('SIGINT')
    await poll(
      'the first to arrive',
      () => program.log.some(({ msg }) => msg === 'stopping') || program.end !== undefined,
    )
    // Sooner it would count as the same one.
    await delay(350)
    program.process.kill('SIGINT')
    const end = await program.waitUntilEnded(10_000)
    // Where the machine was slow to send the second, the first has done its work.
    expect(end.signal ?? end.code).toBeOneOf(['SIGINT', 0])
    expect(end.stderr).toBe('')
  })

  it('Ctrl-C before it serves ends it too', async () => {
    const program = Program.start([...UP, '--backfill', '1h'], { cwd })
    await delay(450)
    const end = await program.interrupt()
    expect(end.stderr).toBe('')
    expect(end.signal ?? end.code).toBeOneOf(['SIGINT', 0])
  })
})

describe('finpulse replay --serve', { timeout: 60_000 }, () => {
  const startMs = Date.parse('2024-03-01T00:00:00Z')
  const endMs = startMs + 1999 * 500
  let program: Program
  let url: string

  beforeAll(async () => {
    const cwd = tempDirectory()
    const rows = Array.from({ length: 2000 }, (_, id) => `${startMs + id * 500},ABC,${100 + (id % 50)},1,buy,${id}\n`)
    writeFileSync(join(cwd, 'day.csv'), `time,symbol,price,quantity,side,id\n${rows.join('')}`)
    program = Program.start(['replay', 'day.csv', '--serve', '--speed', '10', '--port', '0', '--data-dir', 'data'], {
      cwd,
    })
    url = await program.serving()
  })
  afterAll(async () => {
    await killAllPrograms()
    await removeTempDirectories()
  })

  const state = async () => (await getJson<rest.ReplayState>(`${url}/api/v1/replay`)).body

  it('plays, pauses, goes on, is moved and changes its speed by API', async () => {
    await poll('the first trades', async () => (await state()).atMs !== null)
    expect(rest.replayStateSchema.safeParse(await state()).error?.issues ?? []).toEqual([])
    expect(await state()).toMatchObject({ status: 'playing', speed: 10, fromMs: startMs })

    const { body: paused } = await postJson<rest.ReplayState>(`${url}/api/v1/replay/pause`)
    expect(paused.status).toBe('paused')
    await delay(300)
    const { atMs } = await state()
    await delay(500)
    expect((await state()).atMs).toBe(atMs)

    const { epoch } = await statsOf(url)
    const targetMs = startMs + 600_000
    expect(await postJson(`${url}/api/v1/replay/seek`, { timeMs: targetMs })).toMatchObject({ status: 200 })
    expect((await postJson<rest.ReplayState>(`${url}/api/v1/replay/resume`)).body.status).toBe('playing')
    await poll('a trade after the move', async () => ((await state()).atMs ?? 0) >= targetMs)
    const moved = await poll('the first trades of the new epoch', async () => {
      const { status, body } = await getJson<rest.TradesResponse>(`${url}/api/v1/trades/ABC?limit=1000`)
      return status === 200 && body.data.length > 0 && (await statsOf(url)).epoch !== epoch ? body.data : undefined
    })
    expect(moved.at(-1)).toMatchObject({ id: 1200, eventTimeMs: targetMs })

    expect((await postJson<rest.ReplayState>(`${url}/api/v1/replay/speed`, { speed: 0 })).body.speed).toBe(0)
    await poll('the end', async () => (await state()).status === 'finished')
    expect(await state()).toMatchObject({ toMs: endMs })
    await untilSettled(url)
    const { body } = await getJson<rest.TradesResponse>(`${url}/api/v1/trades/ABC?limit=1000`)
    expect(body.data.map(({ id }) => id)).toEqual(Array.from({ length: 800 }, (_, index) => 1999 - index))
  })

  it('shows nobody who was told that it was moved a trade from before', async () => {
    const client = await LiveClient.open(url)
    try {
      for (let round = 1; round <= 10; round++) {
        const targetMs = startMs + (round % 2) * 400_000 + 200_000
        expect(await postJson(`${url}/api/v1/replay/speed`, { speed: 10 })).toMatchObject({ status: 200 })
        expect(await postJson(`${url}/api/v1/replay/seek`, { timeMs: targetMs })).toMatchObject({ status: 200 })
        await client.until(({ messages }) => messages.filter(({ type }) => type === 'reset').length === round)
        const times = await timesOf(url, 'ABC', startMs, endMs)
        expect(Math.min(...times, targetMs)).toBeGreaterThanOrEqual(targetMs - (targetMs % 60_000))
        expect(Math.max(...times, targetMs)).toBeLessThan(targetMs + 100_000)
        await poll('trades', async () => ((await state()).atMs ?? 0) >= targetMs + 2000)
      }
    } finally {
      client.socket.close()
    }
  })

  it('refuses a time outside of the recording and a speed that is none', async () => {
    const seek = (timeMs: unknown) => postJson(`${url}/api/v1/replay/seek`, { timeMs })
    expect(await seek(startMs - 1000)).toMatchObject({ status: 400 })
    expect(await seek('noon')).toMatchObject({ status: 400, body: { parameter: 'timeMs' } })
    expect(await postJson(`${url}/api/v1/replay/speed`, { speed: -1 })).toMatchObject({ status: 400 })
    expect((await getJson(`${url}/health`)).status).toBe(200)
  })

  it('stops in order', async () => {
    expect(await program.interrupt()).toMatchObject({ code: 0, stderr: '' })
  })
})

/** Times of the trades of a symbol and of its candles; none of a symbol that is unknown. */
async function timesOf(url: string, symbol: string, fromMs: number, toMs: number): Promise<number[]> {
  const [trades, candles] = await Promise.all([
    getJson<rest.TradesResponse>(`${url}/api/v1/trades/${symbol}?limit=1000`),
    getJson<rest.CandlesResponse>(`${url}/api/v1/candles/${symbol}?from=${fromMs}&to=${toMs}`),
  ])
  return [
    ...(trades.status === 200 ? trades.body.data.map(({ eventTimeMs }) => eventTimeMs) : []),
    ...(candles.status === 200 ? candles.body.data.map(({ openTimeMs }) => openTimeMs) : []),
  ]
}

/** Trade ids in the log, by symbol, in their order. */
async function tradeIds(dataDir: string): Promise<Map<string, number[]>> {
  const log = openLog(dataDir)
  const ids = new Map<string, number[]>()
  try {
    let next = 0
    for (;;) {
      const batches = await log.read('market.trades', 0, next, 8 * 1024 * 1024)
      if (batches.length === 0) return ids
      for (const { payload, firstOffset, recordCount } of batches) {
        next = firstOffset + recordCount
        const batch = decodeTrades(payload, new InstrumentTable())
        for (let row = 0; row < batch.count; row++) {
          const { symbol, id } = tradeAt(batch, row)
          const known = ids.get(symbol)
          if (known === undefined) ids.set(symbol, [id!])
          else known.push(id!)
        }
      }
    }
  } finally {
    await log.close()
  }
}
