import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import * as protocol from '../../protocol/rest.ts'
import { createServer } from '../server.ts'
import { alertOf, candleOf, commitQuotes, commitTrades, quoteOf, tradeOf } from '../testing/sample-events.ts'
import { FakeReplay, FakeSimulator, NOW_MS, startTestServer, type TestServer } from '../testing/test-server.ts'

const MINUTE_MS = 60_000

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { data: Record<string, unknown>[]; nextCursor: string | null }
  readonly headers: Headers
}

let test: TestServer

beforeAll(async () => {
  test = await startTestServer()
  const { rows } = test.store
  for (let id = 1; id <= 5; id++) rows.trades.push(tradeOf('AAPL', id, `10${id}.00`, NOW_MS - 1000 + id))
  rows.trades.push(tradeOf('BRK/B', 1, '400.00'))
  rows.quotes.push(quoteOf('AAPL', '100.10', '100.20'))
  for (let minute = 5; minute >= 1; minute--) rows.candles.push(candleOf('AAPL', NOW_MS - minute * MINUTE_MS))
  rows.alerts.push(alertOf('AAPL', NOW_MS - 3000), alertOf('AAPL', NOW_MS - 2000, { kind: 'volume', severity: 'LOW' }))
  rows.summaries.push({
    venue: 'simulator',
    symbol: 'AAPL',
    open: '110.00',
    high: '111.00',
    low: '99.00',
    last: '104.00',
    volume: '10.000',
    quoteVolume: '1050.00000',
    vwap: '105.000000',
    tradeCount: 7,
    lastTradeTimeMs: NOW_MS - MINUTE_MS,
  })
  test.engine.open = [candleOf('AAPL', NOW_MS, { isFinal: false, high: '120.00', close: '105.00' })]
})

afterAll(async () => {
  await test[Symbol.asyncDispose]()
})

async function request(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(test.server.url + path, init)
  const text = await response.text()
  const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : { text }
  return { status: response.status, body, headers: response.headers }
}

function post(path: string, body?: unknown): Promise<Answer> {
  if (body === undefined) return request(path, { method: 'POST' })
  return request(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
}

/** The answer must be exactly what its schema says: no field more, none less. */
function expectShape(schema: z.ZodType, answer: Answer): void {
  expect(answer.status).toBe(200)
  expect(schema.parse(answer.body)).toEqual(answer.body)
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(protocol.problemSchema.parse(answer.body)).toMatchObject({ status, code, type: 'about:blank' })
  expect(answer.status).toBe(status)
}

describe('every route answers in its own schema', () => {
  const routes: [string, z.ZodType][] = [
    ['/api/v1/symbols', protocol.symbolsResponse],
    ['/api/v1/quotes/AAPL', protocol.quoteResponse],
    ['/api/v1/trades/AAPL', protocol.tradesResponse],
    ['/api/v1/candles/AAPL', protocol.candlesResponse],
    ['/api/v1/market-summary', protocol.marketSummaryResponse],
    ['/api/v1/alerts', protocol.alertsResponse],
    ['/api/v1/anomalies', protocol.alertsResponse],
    ['/api/v1/gaps', protocol.gapsResponse],
    ['/api/v1/prices', protocol.pricesResponse],
    ['/api/v1/prices/AAPL', protocol.priceHistoryResponse],
    ['/api/v1/stats', protocol.statsSchema],
    ['/api/v1/feeds', protocol.feedsResponse],
    ['/health', protocol.healthResponse],
    ['/ready', protocol.readinessResponse],
  ]
  it.each(routes)('%s', async (path, schema) => {
    expectShape(schema, await request(path))
  })
})

describe('symbols', () => {
  it('are found in any case and answered in the stored spelling', async () => {
    expect((await request('/api/v1/quotes/aapl')).body).toMatchObject({ symbol: 'AAPL', bidPrice: '100.10' })
  })

  it('may have a slash, escaped', async () => {
    expect((await request('/api/v1/trades/brk%2Fb')).body.data).toMatchObject([{ symbol: 'BRK/B' }])
  })

  const unknown = ['quotes', 'trades', 'candles', 'prices'].map((resource) => `/api/v1/${resource}/NOPE`)
  it.each([...unknown, '/api/v1/alerts?symbol=NOPE', '/api/v1/gaps?symbol=NOPE'])(
    '%s of an unknown symbol is a 404',
    async (path) => {
      const answer = await request(path)
      expectProblem(answer, 404, 'symbol-unknown')
      expect(answer.body.value).toBe('NOPE')
    },
  )

  it('a symbol without a quote yet is a 404 that says so', async () => {
    expectProblem(await request('/api/v1/quotes/BRK%2FB'), 404, 'not-found')
  })

  it('seen only in the log so far are known too', async () => {
    await using live = await startTestServer()
    await commitQuotes(live.log, [['FRESH', 1234]])
    await expect
      .poll(async () => (await fetch(`${live.server.url}/api/v1/quotes/fresh`)).json())
      .toMatchObject({ symbol: 'FRESH', bidPrice: '12.34', askPrice: '12.35' })
    await commitTrades(live.log, [['FRESH', 1235]], 1)
    await expect
      .poll(async () => (await fetch(`${live.server.url}/api/v1/prices`)).json())
      .toMatchObject({ data: [{ symbol: 'FRESH', price: '12.35' }] })
  })
})

describe('a bad parameter is named with its value and what is allowed', () => {
  const cases: [string, string, unknown, RegExp][] = [
    ['/api/v1/trades/AAPL?limit=0', 'limit', '0', /from 1 to 1000/],
    ['/api/v1/trades/AAPL?limit=1001', 'limit', '1001', /from 1 to 1000/],
    ['/api/v1/trades/AAPL?limit=-1', 'limit', '-1', /whole number/],
    ['/api/v1/trades/AAPL?limit=1e3', 'limit', '1e3', /whole number/],
    ['/api/v1/trades/AAPL?limit=1.5', 'limit', '1.5', /whole number/],
    ['/api/v1/trades/AAPL?limit=', 'limit', '', /whole number/],
    ['/api/v1/trades/AAPL?limit=NaN', 'limit', 'NaN', /whole number/],
    ['/api/v1/trades/AAPL?limit=1&limit=2', 'limit', '["1","2"]', /whole number/],
    ['/api/v1/trades/AAPL?cursor=zzz', 'cursor', 'zzz', /nextCursor/],
    ['/api/v1/trades/AAPL?limt=5', 'limt', '5', /limit, cursor/],
    ['/api/v1/candles/AAPL?interval=2m', 'interval', '2m', /1m, 5m, 15m, 1h, 4h, 1d/],
    ['/api/v1/candles/AAPL?hours=0', 'hours', '0', /from 1 to 8760/],
    ['/api/v1/candles/AAPL?hours=9000', 'hours', '9000', /from 1 to 8760/],
    ['/api/v1/candles/AAPL?from=yesterday', 'from', 'yesterday', /ISO 8601/],
    ['/api/v1/candles/AAPL?to=9999-01-01T00:00:00Z', 'to', '9999-01-01T00:00:00Z', /1970 to 2100/],
    ['/api/v1/candles/AAPL?from=0001-01-01T00:00:00Z', 'from', '0001-01-01T00:00:00Z', /1970 to 2100/],
    ['/api/v1/candles/AAPL?from=2000&to=1000', 'from', 2000, /before to/],
    ['/api/v1/candles/AAPL?limit=1501', 'limit', '1501', /from 1 to 1500/],
    ['/api/v1/alerts?severity=SEVERE', 'severity', 'SEVERE', /LOW, MEDIUM, HIGH/],
    ['/api/v1/alerts?kind=wash', 'kind', 'wash', /z-score, price-move, volume/],
    ['/api/v1/alerts?limit=5000', 'limit', '5000', /from 1 to 1000/],
    ['/api/v1/gaps?limit=1001', 'limit', '1001', /from 1 to 1000/],
    ['/api/v1/gaps?kind=late', 'kind', 'late', /symbol, limit, cursor/],
    ['/api/v1/prices/AAPL?hours=x', 'hours', 'x', /from 1 to 8760/],
    ['/api/v1/anomalies?severity=HIGH', 'severity', 'HIGH', /limit, cursor/],
    ['/api/v1/symbols?x=1', 'x', '1', /no parameter/],
    ['/api/v1/stats?verbose', 'verbose', '', /no parameter/],
  ]
  it.each(cases)('%s', async (path, parameter, value, allowed) => {
    const answer = await request(path)
    expectProblem(answer, 400, 'request-invalid')
    expect(answer.body).toMatchObject({ parameter, value })
    expect(answer.body.allowed).toMatch(allowed)
    expect(answer.body.detail).toContain(parameter)
  })

  it('severities match in any case', async () => {
    expect((await request('/api/v1/alerts?severity=low')).body.data).toHaveLength(1)
  })
})

describe('paging', () => {
  it('gives every trade once, newest first', async () => {
    const ids: unknown[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body }: Answer = await request(`/api/v1/trades/AAPL?limit=2${suffix}`)
      ids.push(...body.data.map((row) => row.id))
      cursor = body.nextCursor
    }
    expect(ids).toEqual([5, 4, 3, 2, 1])
  })

  it('a cursor of another listing is refused', async () => {
    const { body } = await request('/api/v1/trades/AAPL?limit=2')
    expectProblem(await request(`/api/v1/alerts?cursor=${body.nextCursor}`), 400, 'request-invalid')
  })

  it.each([1, 2, 3, 10])(
    'candles come oldest first in pages of %i that lead back, the open one first',
    async (limit) => {
      const seen: unknown[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const suffix: string = cursor === '' ? '' : `&cursor=${cursor}`
        const { body }: Answer = await request(`/api/v1/candles/AAPL?limit=${limit}${suffix}`)
        expect(body.data.length).toBeLessThanOrEqual(limit)
        seen.unshift(...body.data.map((row) => row.openTimeMs))
        if (cursor === '') expect(body.data.at(-1)).toMatchObject({ openTimeMs: NOW_MS, isFinal: false })
        cursor = body.nextCursor
      }
      expect(seen).toEqual([5, 4, 3, 2, 1, 0].map((minute) => NOW_MS - minute * MINUTE_MS))
    },
  )

  it('a span of candles is inclusive at from and exclusive at to', async () => {
    const from = new Date(NOW_MS - 3 * MINUTE_MS).toISOString()
    const { body } = await request(`/api/v1/candles/AAPL?from=${from}&to=${NOW_MS - MINUTE_MS}`)
    expect(body.data.map((row) => row.openTimeMs)).toEqual([NOW_MS - 3 * MINUTE_MS, NOW_MS - 2 * MINUTE_MS])
  })

  it('an open candle that was stored as final in the meantime is given once, as final', async () => {
    await using other = await startTestServer()
    other.store.rows.trades.push(tradeOf('AAPL', 1, '1.00'))
    other.store.rows.candles.push(candleOf('AAPL', NOW_MS))
    other.engine.open = [candleOf('AAPL', NOW_MS, { isFinal: false })]
    const answer = await fetch(`${other.server.url}/api/v1/candles/AAPL`)
    expect(await answer.json()).toMatchObject({ data: [{ isFinal: true }], nextCursor: null })
  })
})

describe('market summary', () => {
  it('adds the running minute and the newest trade to the finished candles, exactly', async () => {
    const { body } = await request('/api/v1/market-summary')
    expect(body.data).toMatchObject([
      {
        symbol: 'AAPL',
        last: '105.00',
        change24h: '-5.00',
        changePercent24h: -4.5455,
        high24h: '120.00',
        low24h: '99.00',
        volume24h: '20.000',
        quoteVolume24h: '2052.50000',
        vwap24h: '102.625000',
        tradeCount24h: 11,
        bid: '100.10',
        ask: '100.20',
        alertCount24h: 2,
        sparkline: [100.5, 100.5, 100.5, 100.5, 100.5],
      },
    ])
  })
})

describe('replay', () => {
  const controls = ['pause', 'resume', 'seek', 'speed']

  it('is a 404 while none runs', async () => {
    expectProblem(await request('/api/v1/replay'), 404, 'not-found')
    expectProblem(await post('/api/v1/replay/pause'), 404, 'not-found')
  })

  it('is shown and controlled', async () => {
    test.engine.replay = new FakeReplay()
    expectShape(protocol.replayStateSchema, await request('/api/v1/replay'))
    expect((await post('/api/v1/replay/pause')).body).toMatchObject({ status: 'paused' })
    expect((await post('/api/v1/replay/resume')).body).toMatchObject({ status: 'playing' })
    expect((await post('/api/v1/replay/seek', { timeMs: 5000 })).body).toMatchObject({ atMs: 5000 })
    expect((await post('/api/v1/replay/speed', { speed: 10 })).body).toMatchObject({ speed: 10 })
    expectProblem(await post('/api/v1/replay/seek', { timeMs: 99_000 }), 400, 'request-invalid')
    delete test.engine.replay
  })

  it.each<[string, unknown, string]>([
    ['seek', {}, 'timeMs'],
    ['seek', { timeMs: 'noon' }, 'timeMs'],
    ['seek', { timeMs: -1 }, 'timeMs'],
    ['speed', { speed: -1 }, 'speed'],
    ['speed', { speed: 1, by: 2 }, 'by'],
    ['speed', [], 'body'],
  ])('%s refuses %j', async (control, body, parameter) => {
    const answer = await post(`/api/v1/replay/${control}`, body)
    expectProblem(answer, 400, 'request-invalid')
    expect(answer.body.parameter).toBe(parameter)
  })

  it('refuses a body that is not JSON, is of another type or is too large', async () => {
    const url = '/api/v1/replay/speed'
    const headers = { 'content-type': 'application/json' }
    expectProblem(await request(url, { method: 'POST', headers, body: '{"speed":' }), 400, 'request-invalid')
    expectProblem(
      await request(url, { method: 'POST', headers: { 'content-type': 'a/b' }, body: 'x' }),
      415,
      'request-invalid',
    )
    expectProblem(await post(url, { speed: 1, padding: 'x'.repeat(70_000) }), 413, 'request-invalid')
  })

  it.each(controls)('%s from a page of another site is refused', async (control) => {
    const answer = await request(`/api/v1/replay/${control}`, {
      method: 'POST',
      headers: { origin: 'https://evil.example' },
    })
    expectProblem(answer, 403, 'request-invalid')
  })
})

describe('the simulator', () => {
  const path = '/api/v1/simulator/inject'

  it('is a 404 where the market is not simulated', async () => {
    expectProblem(await post(path, { kind: 'price-spike' }), 404, 'not-found')
  })

  it('is told what is to go wrong, and answers how it will be labelled', async () => {
    const simulator = new FakeSimulator()
    test.engine.simulator = simulator
    const wanted = { kind: 'price-spike', symbol: 'AAPL', magnitude: -6, durationMs: 5000 }
    const answer = await post(path, wanted)
    expectShape(protocol.marketLabelSchema, answer)
    expect(answer.body).toMatchObject({ kind: 'price-spike', magnitude: -6, fromMs: NOW_MS, toMs: NOW_MS + 5000 })
    expect(simulator.requests).toEqual([wanted])
    const refusal = await post(path, { kind: 'stale-feed' })
    expectProblem(refusal, 400, 'request-invalid')
    expect(refusal.body.detail).toContain('is in a price-spike')
    expectProblem(await post(path, { kind: 'stale-feed', symbol: 'NOPE' }), 400, 'request-invalid')
    delete test.engine.simulator
  })

  it.each<[unknown, string]>([
    [{}, 'kind'],
    [{ kind: 'earthquake' }, 'kind'],
    [{ kind: 'price-spike', symbol: '' }, 'symbol'],
    [{ kind: 'price-spike', magnitude: '5 %' }, 'magnitude'],
    [{ kind: 'price-spike', seconds: 5 }, 'seconds'],
  ])('refuses %j, naming what is allowed', async (body, parameter) => {
    const answer = await post(path, body)
    expectProblem(answer, 400, 'request-invalid')
    expect(answer.body.parameter).toBe(parameter)
    if (parameter === 'kind') expect(answer.body.allowed).toContain('flash-crash, fat-finger, price-spike')
  })
})

describe('operation', () => {
  it('is not ready until the engine says so, and says what is awaited', async () => {
    test.engine.ready = { isReady: false, detail: 'back-fill: 43 %' }
    const answer = await request('/ready')
    expect(answer.status).toBe(503)
    expect(answer.body).toEqual({ isReady: false, detail: 'back-fill: 43 %' })
    test.engine.ready = { isReady: true, detail: 'running' }
  })

  it('counts requests by route and status', async () => {
    await request('/api/v1/trades/NOPE')
    const { body, headers } = await request('/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain/)
    expect(body.text).toMatch(
      /finpulse_api_requests_total\{method="GET",route="\/api\/v1\/trades\/:symbol",status="404"\} \d/,
    )
  })

  it('an inner error is logged and not shown', async () => {
    await using other = await startTestServer()
    other.store.failure = new Error('SELECT secret FROM inner')
    const answer = await fetch(`${other.server.url}/api/v1/symbols`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
    expect(other.logged.join()).toContain('secret')
  })
})

describe('paths and access', () => {
  it.each(['/api/v1/nope', '/api', '/nope', '/', '/ws', '/assets/x.js'])('%s is a 404 problem', async (path) => {
    expectProblem(await request(path), 404, 'not-found')
  })

  it('a malformed path is a 400 problem', async () => {
    expectProblem(await request('/api/v1/trades/%E0%A4%A'), 400, 'request-invalid')
  })

  it('a URL that is too long is a 414 problem', async () => {
    expectProblem(await request(`/api/v1/trades/${'x'.repeat(3000)}`), 414, 'request-invalid')
  })

  it('what is not HTTP is answered with a 400 and closed', async () => {
    const text = await new Promise<string>((resolve) => {
      let received = ''
      const socket = net.connect(test.server.port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'))
      socket.on('data', (data) => {
        received += data.toString()
      })
      socket.on('close', () => resolve(received))
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('a foreign Host is refused on loopback, against DNS rebinding', async () => {
    const head = await new Promise<string>((resolve) => {
      const socket = net.connect(test.server.port, '127.0.0.1', () =>
        socket.write('GET /api/v1/symbols HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
      )
      socket.on('data', (data) => resolve(data.toString()))
    })
    expect(head).toMatch(/^HTTP\/1\.1 403 /)
  })

  it('every answer carries the security headers, and no CORS unless asked for', async () => {
    const { headers } = await request('/api/v1/symbols', { headers: { origin: 'https://evil.example' } })
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it('allows the origins that it is told to', async () => {
    await using other = await startTestServer({ corsOrigins: ['https://desk.example'] })
    const answer = await fetch(`${other.server.url}/health`, { headers: { origin: 'https://desk.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://desk.example')
  })

  it('a taken port is an error that names the fix', async () => {
    const { engine, store, log } = test
    const other = await createServer({
      engine,
      store,
      log: log.reader(),
      partitionCount: 1,
      host: '127.0.0.1',
      port: test.server.port,
    })
    await expect(other.listen()).rejects.toMatchObject({
      code: 'port-in-use',
      message: expect.stringContaining('--port'),
    })
    await other.close()
  })
})

describe('OpenAPI', () => {
  it('is 3.1, names every route with its answers, and every reference leads somewhere', async () => {
    const { body } = await request('/api/v1/openapi.json')
    expect(body.openapi).toBe('3.1.0')
    const paths = body.paths as Record<string, Record<string, { responses: object; summary: string }>>
    const listed = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`))
    expect(listed.sort()).toEqual(
      [
        ...[
          'symbols',
          'quotes/{symbol}',
          'trades/{symbol}',
          'candles/{symbol}',
          'market-summary',
          'alerts',
          'anomalies',
          'gaps',
        ],
        ...['prices', 'prices/{symbol}', 'stats', 'feeds', 'replay'],
      ]
        .map((path) => `get /api/v1/${path}`)
        .concat(['pause', 'resume', 'seek', 'speed'].map((path) => `post /api/v1/replay/${path}`))
        .concat('post /api/v1/events', 'post /api/v1/simulator/inject')
        .concat(['get /health', 'get /ready', 'get /metrics'])
        .sort(),
    )
    for (const methods of Object.values(paths)) {
      for (const { responses, summary } of Object.values(methods)) {
        expect(summary).toMatch(/\w{3}/)
        expect(responses).toHaveProperty('200')
      }
    }
    const text = JSON.stringify(body)
    const names = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]))
    const schemas = (body.components as unknown as { schemas: object }).schemas
    expect(Object.keys(schemas).sort()).toEqual([...names].sort())
  })

  it('has a browsable page that needs nothing from elsewhere', async () => {
    const page = await request('/docs')
    expect(page.status).toBe(200)
    const scripts = [...String(page.body.text).matchAll(/src="([^"]+)"/g)].map((match) => match[1]!)
    expect(scripts.length).toBeGreaterThan(0)
    for (const script of scripts) expect((await fetch(new URL(script, `${test.server.url}/docs/`))).status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  })
})
