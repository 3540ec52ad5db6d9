import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { Spot } from '@binance/spot'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { ChaosState } from '../../src/api/venue/chaos-order.ts'
import type { BinanceFeed } from '../../src/feeds/binance/binance-feed.ts'
import { collectBinance } from '../../src/feeds/binance/testing/collect-binance.ts'
import type { CollectedFeed } from '../../src/feeds/streaming/testing/collected-feed.ts'
import type { CandlesResponse, MarketSummaryResponse, TradesResponse } from '../../src/protocol/rest.ts'
import { getJson, postJson, untilSettled, untilTrading } from '../support/http.ts'
import { poll } from '../support/poll.ts'
import { killAllPrograms, Program } from '../support/program.ts'
import { removeTempDirectories, tempDirectory } from '../support/temp-directory.ts'

/*
 * The venue facade of a running engine, met by those that know nothing of it: our own Binance feed under every kind of
 * chaos, a second engine, and Binance's own client library as it comes from npm.
 */

const SYMBOLS = ['BTCUSDT', 'ETHUSDT']
/** The budget is for one client; here are many at one address. */
const CONFIG = 'venueApi: { requestWeightPerMinute: 100000 }\n'
const UP = [
  'up',
  '--port',
  '0',
  '--data-dir',
  'data',
  '--symbols',
  SYMBOLS.join(','),
  '--rate',
  '300',
  '--venue-api',
  '--config',
  'finpulse.yaml',
]

let url: string
let venue: string

beforeAll(async () => {
  // Else the library tells of each connection.
  vi.stubEnv('LOG_LEVEL', 'error')
  const cwd = tempDirectory()
  writeFileSync(join(cwd, 'finpulse.yaml'), CONFIG)
  const program = Program.start([...UP, '--backfill', '9m'], { cwd })
  url = await program.serving()
  venue = `${url}/binance`
  await program.logged('ready')
  await untilTrading(url)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await killAllPrograms()
  await removeTempDirectories()
})

type RecordedTrade = Record<'t' | 'T', number> & Record<'p' | 'q', string> & { m: boolean }
type Trade = TradesResponse['data'][number]

/** What our own REST API has of a symbol, at least from an id on. */
async function tradesFrom(base: string, symbol: string, fromId: number): Promise<ReadonlyMap<number, Trade>> {
  const trades = new Map<number, Trade>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { body }: { body: TradesResponse } = await getJson(`${base}/api/v1/trades/${symbol}?limit=1000${query}`)
    for (const trade of body.data) trades.set(trade.id!, trade)
    cursor = body.data.some(({ id }) => id! <= fromId) ? null : body.nextCursor
  }
  return trades
}

const textOf = ({ price, quantity, eventTimeMs, takerSide }: Trade) =>
  `${price} ${quantity} ${Math.floor(eventTimeMs)} ${takerSide === 'buy' ? 1 : 2}`

async function chaos(body: object): Promise<void> {
  const { status } = await postJson(`${url}/api/v1/venue/chaos`, body)
  expect(status).toBe(200)
}

/* First of all: the weight that an address has used is told to all of its clients, and repairs keep to the budget. */
describe('a second engine', { timeout: 30_000 }, () => {
  it('is fed by the first through a gap and a cut, and has every trade once', async () => {
    const feed = ['--feed', 'binance', '--feed-url', venue.replace('http', 'ws'), '--symbols', SYMBOLS.join(',')]
    const second = Program.start(['up', '--port', '0', '--data-dir', 'data', ...feed], { cwd: tempDirectory() })
    const base = await second.serving()
    await poll('trades', async () => (await getJson(`${base}/api/v1/trades/${SYMBOLS[0]}`)).status === 200)
    await chaos({ kind: 'gap', count: 20 })
    await chaos({ kind: 'cut' })
    const repairsOf = async () => {
      const { body } = await getJson<{ data: ReturnType<BinanceFeed['status']>[] }>(`${base}/api/v1/feeds`)
      return body.data[0]!.repairs!
    }
    await poll('the repair', async () => {
      const { missingCount, outstandingCount } = await repairsOf()
      return missingCount >= 20 && outstandingCount === 0
    })
    expect(await repairsOf()).toMatchObject({ absentCount: 0, givenUpCount: 0 })
    for (const symbol of SYMBOLS) {
      const copies = await tradesFrom(base, symbol, 0)
      const ids = [...copies.keys()].toSorted((a, b) => a - b)
      expect(ids).toEqual(Array.from({ length: ids.at(-1)! - ids[0]! + 1 }, (_, index) => ids[0]! + index))
      // What the facade has sent, its own store may have a little later.
      const truth = await poll(`trade ${ids.at(-1)} in the first store`, async () => {
        const stored = await tradesFrom(url, symbol, ids[0]!)
        return stored.has(ids.at(-1)!) && stored
      })
      expect(ids.map((id) => textOf(copies.get(id)!))).toEqual(ids.map((id) => textOf(truth.get(id)!)))
    }
    await second.interrupt()
  })
})

type Collected = CollectedFeed<BinanceFeed>

function collect(): Collected {
  const base = venue.replace('http', 'ws')
  return collectBinance({ market: 'spot', symbols: SYMBOLS, url: base, limits: { holdMaxMs: 2000 } })
}

async function moreTrades({ trades }: Collected, count: number): Promise<void> {
  const before = trades.length
  await poll(`${count} more trades`, () => trades.length >= before + count)
}

async function stateOf(kind: string): Promise<ChaosState> {
  const { body } = await getJson<{ data: ChaosState[] }>(`${url}/api/v1/venue/chaos`)
  return body.data.find((state) => state.kind === kind)!
}

function settled({ feed }: Collected) {
  return poll('every gap to be repaired', () => {
    const { repairs, state } = feed.status()
    return state === 'running' && repairs?.outstandingCount === 0 ? repairs : undefined
  })
}

/** Every trade from the first to the last that came, each once, to the digit. */
async function expectAll({ trades }: Collected): Promise<void> {
  for (const symbol of SYMBOLS) {
    const got = trades.filter((trade) => trade.symbol === symbol).toSorted((a, b) => a.id - b.id)
    const [first, last] = [got[0]!.id, got.at(-1)!.id]
    expect(got.map(({ id }) => id)).toEqual(Array.from({ length: last - first + 1 }, (_, index) => first + index))
    await poll('the store', async () => (await tradesFrom(url, symbol, last)).has(last))
    const truth = await tradesFrom(url, symbol, first)
    expect(got.map(({ text }) => text)).toEqual(got.map(({ id }) => textOf(truth.get(id)!)))
  }
}

describe('our own Binance feed', { timeout: 30_000 }, () => {
  it('brings every trade where nothing goes wrong', async () => {
    await using collected = collect()
    await moreTrades(collected, 300)
    // A calm market has few quotes in a second.
    await poll('quotes', () => collected.quoteCount > 10)
    expect(collected.feed.status()).toMatchObject({ reconnects: 0, repairs: { gapCount: 0 }, lastError: null })
    await expectAll(collected)
  })

  it.each([
    ['a gap', { kind: 'gap', count: 7 }],
    ['gaps by chance', { kind: 'gap', probability: 0.05, seed: 7, durationMs: 1000 }],
    ['duplicates', { kind: 'duplicate', probability: 0.3, seed: 3, durationMs: 700 }],
    ['trades out of order', { kind: 'reorder', probability: 0.2, seed: 5, durationMs: 700 }],
    ['a cut', { kind: 'cut', count: 2, delayMs: 500 }],
    ['a silent venue', { kind: 'silence', durationMs: 1500 }],
    ['a slow venue', { kind: 'slow', delayMs: 200, durationMs: 1000 }],
    ['a venue that shuts down', { kind: 'server-shutdown', delayMs: 300 }],
  ])('%s: no trade is lost or doubled, each gap is reported and repaired', async (_, body) => {
    await using collected = collect()
    await moreTrades(collected, 30)
    await chaos(body)
    await poll('the end of the chaos', async () => !(await stateOf(body.kind)).isActive)
    await moreTrades(collected, 150)
    const { gapCount, missingCount, repairedCount, absentCount, givenUpCount } = await settled(collected)
    const { affectedCount } = await stateOf(body.kind)
    const { reconnects, sockets, dropped } = collected.feed.status()
    expect({ absentCount, givenUpCount, repairedCount }).toEqual({
      absentCount: 0,
      givenUpCount: 0,
      repairedCount: missingCount,
    })
    if (body.kind !== 'slow') expect(affectedCount).toBeGreaterThan(0)
    if (body.kind === 'gap')
      expect({ missingCount, hasGap: gapCount > 0 }).toEqual({ missingCount: affectedCount, hasGap: true })
    if (body.kind === 'duplicate') expect(Object.values(dropped).reduce((a, b) => a + b)).toBe(affectedCount)
    if (body.kind === 'cut' || body.kind === 'silence') expect(reconnects).toBeGreaterThan(0)
    if (body.kind === 'silence') expect(missingCount).toBeGreaterThan(0)
    if (body.kind === 'server-shutdown') expect(sockets[0]!.handOvers + reconnects).toBeGreaterThan(0)
    await expectAll(collected)
  })

  it.each([429, 418])(
    'HTTP %s while gaps are open: the repair waits as long as it is told, then fills them',
    async (status) => {
      await using collected = collect()
      await moreTrades(collected, 30)
      await chaos({ kind: `http-${status}`, durationMs: 500, retryAfterSeconds: 1 })
      await chaos({ kind: 'gap', count: 5 })
      await poll('the end of the refusals', async () => !(await stateOf(`http-${status}`)).isActive)
      await moreTrades(collected, 30)
      const repairs = await settled(collected)
      expect(repairs).toMatchObject({ missingCount: 5, repairedCount: 5, givenUpCount: 0 })
      expect(repairs.lastError).toContain(String(status))
      await expectAll(collected)
    },
  )
})

const SYMBOL = SYMBOLS[0]!

function client(): Spot {
  return new Spot({
    configurationRestAPI: { apiKey: 'none', basePath: venue, retries: 0 },
    configurationWebsocketStreams: { wsURL: venue.replace('http', 'ws') },
  })
}

type KlineRows = (string | number | bigint)[][]

async function data<T>(answer: Promise<{ data(): Promise<T> }>): Promise<T> {
  return (await answer).data()
}

describe('@binance/spot, unmodified, of klines', { timeout: 30_000 }, () => {
  it('reads finished candles as our own API has them', async () => {
    const { restAPI } = client()
    const klines = await data(restAPI.klines({ symbol: SYMBOL, interval: '1m' as never, limit: 8 }))
    const { body } = await getJson<CandlesResponse>(`${url}/api/v1/candles/${SYMBOL}?limit=20`)
    const known = new Map(body.data.filter(({ isFinal }) => isFinal).map((candle) => [candle.openTimeMs, candle]))
    const finished = klines.filter(([openTimeMs]) => known.has(Number(openTimeMs)))
    expect(finished.length).toBeGreaterThanOrEqual(6)
    for (const kline of finished) {
      const c = known.get(Number(kline[0]))!
      const volumes = [
        c.volume,
        c.closeTimeMs - 1,
        c.quoteVolume,
        c.tradeCount,
        c.takerBuyVolume,
        c.takerBuyQuoteVolume,
      ]
      expect(kline).toEqual([c.openTimeMs, c.open, c.high, c.low, c.close, ...volumes, '0'])
    }
    // The last one is open, and others follow it without a hole.
    const times = klines.map(([openTimeMs]) => Number(openTimeMs))
    expect(times.at(-1)! + 60_000).toBeGreaterThan(Date.now() - 5000)
    expect(times).toEqual(times.map((_, index) => times[0]! + index * 60_000))
  })

  it('reads klines of intervals that our own API does not have', async () => {
    const { restAPI } = client()
    const rowsOf = (interval: string, limit: number) =>
      data(restAPI.klines({ symbol: SYMBOL, interval: interval as never, limit }))
    const sumsOf = (rows: KlineRows, from: number, to: number) => {
      const inside = rows.filter(([openTimeMs]) => Number(openTimeMs) >= from && Number(openTimeMs) <= to)
      const volume = inside.reduce((total, row) => total + BigInt(String(row[5]).replace('.', '')), 0n)
      return { volume, count: inside.reduce((total, row) => total + Number(row[8]), 0), inside }
    }
    // Every kline is at least as new as the one that was read before it.
    const minutes = await rowsOf('1m', 1000)
    for (const interval of ['30m', '1M', '3m', '1w']) {
      const rows = await rowsOf(interval, 3)
      const [openTimeMs, open, , , , volume, closeTimeMs, , count] = rows.at(-1)!
      const { inside, ...sums } = sumsOf(minutes, Number(openTimeMs), Number(closeTimeMs))
      expect(BigInt(String(volume).replace('.', ''))).toBeGreaterThanOrEqual(sums.volume)
      expect(Number(count)).toBeGreaterThanOrEqual(sums.count)
      expect(open).toBe(inside[0]![1])
    }
    // A minute that is over is the sum of its seconds.
    const [startTime, , , , , volume, endTime, , count] = minutes.at(-3)!
    const span = { startTime: Number(startTime), endTime: Number(endTime) }
    const seconds = await data(restAPI.klines({ symbol: SYMBOL, interval: '1s' as never, ...span }))
    const { inside, ...sums } = sumsOf(seconds, span.startTime, span.endTime)
    expect(sums).toEqual({ volume: BigInt(String(volume).replace('.', '')), count })
    expect(inside.length).toBeGreaterThan(50)
    await expect(rowsOf('2m', 1)).rejects.toThrow('Invalid interval.')
  })

  it('reads streams of such klines, which end as REST has them', async () => {
    const { restAPI, websocketStreams } = client()
    const connection = await websocketStreams.connect()
    const ended: KlineRows = []
    const kinds = new Set<string>()
    connection.kline({ symbol: SYMBOL, interval: '1s' as never }).on('message', ({ k }) => {
      const { t, o, h, l, c, v, T, q, n, V, Q, B } = k as Record<string, string | number>
      if (k!.x) ended.push([t, o, h, l, c, v, T, q, n, V, Q, B] as KlineRows[number])
    })
    for (const interval of ['3m', '1M']) {
      connection.kline({ symbol: SYMBOL, interval: interval as never }).on('message', ({ k }) => void kinds.add(k!.i!))
    }
    await poll('three seconds and both longer klines', () => ended.length >= 3 && kinds.size === 2)
    await connection.disconnect()
    const [startTime, endTime] = [ended[0]![0], ended.at(-1)![0]].map(Number) as [number, number]
    const rows = await data(restAPI.klines({ symbol: SYMBOL, interval: '1s' as never, startTime, endTime }))
    expect(ended).toEqual(rows)
  })
})

describe('@binance/spot, unmodified', { timeout: 30_000 }, () => {
  it('is told where something is not offered', async () => {
    await expect(client().restAPI.tickerTradingDay({ symbol: SYMBOL })).rejects.toThrow(
      'This operation is not supported',
    )
    const page = await getJson(`${venue}/nosuch`)
    expect(page).toMatchObject({ status: 404, body: { code: -1020 } })
  })

  it('reads trades by id as our own API has them', async () => {
    const { restAPI } = client()
    const newest = await data(restAPI.getTrades({ symbol: SYMBOL, limit: 5 }))
    const fromId = Number(newest[0]!.id) - 300
    const rows = await data(restAPI.historicalTrades({ symbol: SYMBOL, fromId, limit: 200 }))
    const aggregates = await data(restAPI.aggTrades({ symbol: SYMBOL, fromId, limit: 200 }))
    const truth = await tradesFrom(url, SYMBOL, fromId)
    const ids = Array.from({ length: 200 }, (_, index) => fromId + index)
    const expected = ids.map((id) => textOf(truth.get(id)!))
    expect(rows.map(({ id }) => Number(id))).toEqual(ids)
    expect(rows.map((row) => `${row.price} ${row.qty} ${row.time} ${row.isBuyerMaker ? 2 : 1}`)).toEqual(expected)
    expect(aggregates.map((row) => `${row.p} ${row.q} ${row.T} ${row.m ? 2 : 1}`)).toEqual(expected)
  })

  it('reads the market as our own API has it', async () => {
    const { restAPI } = client()
    const info = await data(restAPI.exchangeInfo({ symbols: SYMBOLS }))
    expect(info.symbols?.map((row) => row.symbol)).toEqual(SYMBOLS)
    const { body } = await getJson<MarketSummaryResponse>(`${url}/api/v1/market-summary`)
    const day = (await data(restAPI.ticker24hr({ symbol: SYMBOL }))) as {
      openPrice?: string
      lowPrice?: string
      count?: number
    }
    const row = body.data.find((known) => known.symbol === SYMBOL)!
    expect(Number(day.openPrice)).toBeCloseTo(Number(row.last) - Number(row.change24h), 6)
    expect(Number(day.lowPrice)).toBeLessThanOrEqual(Number(row.low24h))
    expect(Number(day.count)).toBeGreaterThanOrEqual(row.tradeCount24h)
    const book = await data(restAPI.depth({ symbol: SYMBOL }))
    expect(Number(book.bids![0]![0])).toBeLessThan(Number(book.asks![0]![0]))
    await expect(restAPI.klines({ symbol: 'NOPE', interval: '1m' as never })).rejects.toThrow('Invalid symbol.')
  })

  it('reads the live stream, every trade once and in order', async () => {
    const { websocketStreams } = client()
    const connection = await websocketStreams.connect()
    const seen: { t: number; text: string }[] = []
    const kinds = new Set<string>()
    connection.trade({ symbol: SYMBOL }).on('message', ({ t, p, q, T, m }) => {
      seen.push({ t: Number(t), text: `${p} ${q} ${T} ${m ? 2 : 1}` })
    })
    connection.kline({ symbol: SYMBOL, interval: '1m' as never }).on('message', ({ e }) => void kinds.add(e!))
    connection.ticker({ symbol: SYMBOL }).on('message', ({ e }) => void kinds.add(e!))
    await poll('the stream', () => seen.length >= 200 && kinds.size === 2)
    await connection.disconnect()
    const ids = seen.map(({ t }) => t)
    expect(ids).toEqual(ids.map((_, index) => ids[0]! + index))
    await poll('the store', async () => (await tradesFrom(url, SYMBOL, ids.at(-1)!)).has(ids.at(-1)!))
    const truth = await tradesFrom(url, SYMBOL, ids[0]!)
    expect(seen.map(({ text }) => text)).toEqual(ids.map((id) => textOf(truth.get(id)!)))
  })
})

const CAPTURE = fileURLToPath(
  new URL('../../../shared/data/binance-captures/spot/btcusdt_20240808.gz', import.meta.url),
)
const hasCapture = existsSync(CAPTURE)
if (!hasCapture) console.warn(`skipped: no recorded data at ${CAPTURE}`)

describe('a replay', { timeout: 30_000 }, () => {
  it.skipIf(!hasCapture)('gives what was recorded at the venue back as the venue would', async () => {
    const flags = ['--serve', '--speed', 'max', '--venue-api', '--port', '0', '--data-dir', 'data']
    const replay = Program.start(['replay', CAPTURE, ...flags], { cwd: tempDirectory() })
    const base = await replay.serving()
    await untilSettled(base)
    const recorded = gunzipSync(readFileSync(CAPTURE))
      .toString()
      .split('\n')
      .flatMap((line) => {
        if (!line.includes('"e":"trade"')) return []
        const { t, p, q, T, m } = (JSON.parse(line.slice(line.indexOf('{'))) as { data: RecordedTrade }).data
        return [{ a: t, p, q, f: t, l: t, T, m, M: true }]
      })
    const rows: unknown[] = []
    while (rows.length < recorded.length) {
      const query = `symbol=BTCUSDT&fromId=${recorded[rows.length]!.a}&limit=1000`
      const { body } = await getJson<unknown[]>(`${base}/binance/api/v3/aggTrades?${query}`)
      rows.push(...body)
      if (body.length === 0) break
    }
    expect(rows).toEqual(recorded)
    await replay.interrupt()
  })
})

describe('limits', () => {
  async function opened(path: string) {
    const socket = new WebSocket(`${venue.replace('http', 'ws')}${path}`)
    const messages: { code?: number; result?: unknown }[] = []
    const closed = new Promise<number>((resolve) => {
      socket.on('close', resolve)
    })
    socket.on('message', (text) => messages.push(JSON.parse(String(text))))
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
    return { socket, messages, closed }
  }

  it('a sixth message in a second ends the connection', async () => {
    const { socket, messages, closed } = await opened('/ws')
    for (let id = 0; id < 6; id++) socket.send(JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id }))
    expect(await closed).toBe(1008)
    expect(messages).toHaveLength(5)
  })

  it('1024 streams are taken on one connection, and not one more', async () => {
    const { socket, messages } = await opened('/stream')
    const subscribe = (params: readonly string[], id: number) =>
      socket.send(JSON.stringify({ method: 'SUBSCRIBE', params, id }))
    subscribe(
      Array.from({ length: 1024 }, (_, index) => `some${index}usdt@trade`),
      1,
    )
    subscribe(['btcusdt@trade'], 2)
    await poll('two answers', () => messages.length === 2)
    expect(messages).toMatchObject([
      { result: null, id: 1 },
      { code: 2, id: 2 },
    ])
    socket.terminate()
  })
})
