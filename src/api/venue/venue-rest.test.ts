import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { candleOf, commitTrades, quoteOf, tradeOf } from '../testing/sample-events.ts'
import { NOW_MS, startTestServer, type TestServer } from '../testing/test-server.ts'
import { eventually, startVenueServer } from './testing/venue-server.ts'

const MINUTE_MS = 60_000
let test: TestServer

beforeAll(async () => {
  test = await startVenueServer()
  const { trades, quotes, candles } = test.store.rows
  trades.push(tradeOf('AAPL', 0, '99.00', NOW_MS - 9 * MINUTE_MS))
  for (let id = 1; id <= 1200; id++) trades.push(tradeOf('AAPL', id, `${100 + (id % 7)}.50`, NOW_MS - 1200 + id))
  trades.push({ ...tradeOf('btc/usd', 5, '61837.63', NOW_MS - 3), takerSide: 'sell', lastId: 9 })
  quotes.push({ ...quoteOf('AAPL', '100.50', '100.60'), sequence: 77 })
  for (const back of [9, 8, 7, 3, 2, 1]) candles.push(candleOf('AAPL', NOW_MS - back * MINUTE_MS))
  test.engine.open = [{ ...candleOf('AAPL', NOW_MS), isFinal: false, close: '101.25', high: '102.00' }]
  test.store.rows.summaries.push({
    ...{ venue: 'simulator', symbol: 'AAPL', open: '100.00', high: '101.00', low: '99.00', last: '100.50' },
    ...{ volume: '60.000', quoteVolume: '6015.00000', vwap: '100.250000', tradeCount: 24 },
    lastTradeTimeMs: NOW_MS - MINUTE_MS,
  })
  // Beyond what the store has: from the end of the log.
  await commitTrades(
    test.log,
    Array.from({ length: 20 }, (_, index) => ['AAPL', 1195 + index] as const),
  )
  await eventually(async () => (await bodyOf<Row[]>('ticker/price')).length === 2, 'both symbols')
  await eventually(async () => (await bodyOf<Row[]>('trades?symbol=AAPL&limit=1'))[0]?.id === 1214, 'the log')
})
afterAll(() => test[Symbol.asyncDispose]())

async function get(path: string): Promise<{ status: number; body: never; headers: Headers }> {
  const answer = await fetch(`${test.server.url}/binance/api/v3/${path}`)
  return { status: answer.status, body: (await answer.json()) as never, headers: answer.headers }
}
const bodyOf = async <T>(path: string) => (await get(path)).body as T
type Row = Record<string, unknown>

describe('endpoints', () => {
  it('ping and time', async () => {
    expect(await bodyOf('ping')).toEqual({})
    expect(await bodyOf('time')).toEqual({ serverTime: NOW_MS })
  })

  it('exchangeInfo lists symbols by their names on the wire, with filters from their decimals', async () => {
    const info = await bodyOf<{ symbols: Row[]; rateLimits: Row[] }>('exchangeInfo')
    expect(info.symbols.map(({ symbol }) => symbol)).toEqual(['AAPL', 'BTCUSD'])
    expect(info.rateLimits).toEqual([
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 6000 },
    ])
    const one = await bodyOf<{ symbols: Row[] }>('exchangeInfo?symbol=BTCUSD')
    expect(one.symbols).toMatchObject([
      { baseAsset: 'BTC', quoteAsset: 'USD', filters: [{ tickSize: '0.01' }, { stepSize: '0.001' }] },
    ])
  })

  it('historicalTrades go on from an id, beyond what the store has', async () => {
    const rows = await bodyOf<Row[]>('historicalTrades?symbol=AAPL&fromId=1190&limit=1000')
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 25 }, (_, index) => 1190 + index))
    expect(rows[0]).toEqual({
      ...{ id: 1190, price: '100.50', qty: '1.500', quoteQty: '150.75000', time: NOW_MS - 10 },
      ...{ isBuyerMaker: false, isBestMatch: true },
    })
    expect(await bodyOf('historicalTrades?symbol=AAPL&fromId=5000')).toEqual([])
  })

  it('trades are the newest, 500 unless said otherwise and 1000 at most', async () => {
    const ids = async (query: string) => (await bodyOf<Row[]>(`trades?symbol=AAPL${query}`)).map(({ id }) => id)
    expect(await ids('&limit=3')).toEqual([1212, 1213, 1214])
    expect(await ids('')).toHaveLength(500)
    expect(await ids('&limit=5000')).toHaveLength(1000)
  })

  it('aggTrades by id, by time with both ends, and the newest', async () => {
    const rows = await bodyOf<Row[]>('aggTrades?symbol=BTCUSD')
    expect(rows).toEqual([{ a: 5, p: '61837.63', q: '1.500', f: 5, l: 9, T: NOW_MS - 3, m: true, M: true }])
    const span = `startTime=${NOW_MS - 1000}&endTime=${NOW_MS - 990}`
    const ids = (await bodyOf<Row[]>(`aggTrades?symbol=AAPL&${span}`)).map(({ a }) => a)
    expect(ids).toEqual(Array.from({ length: 11 }, (_, index) => 200 + index))
    expect((await bodyOf<Row[]>('aggTrades?symbol=AAPL&fromId=1&limit=2')).map(({ a }) => a)).toEqual([1, 2])
  })
})

describe('candles', () => {
  it('klines are rows of twelve, the open one last', async () => {
    const rows = await bodyOf<unknown[][]>('klines?symbol=AAPL&interval=1m')
    expect(rows.map(([openTimeMs]) => (NOW_MS - Number(openTimeMs)) / MINUTE_MS)).toEqual([9, 8, 7, 3, 2, 1, 0])
    expect(rows.at(-1)).toEqual([
      ...[NOW_MS, '100.00', '102.00', '99.00', '101.25', '10.000', NOW_MS + MINUTE_MS - 1],
      ...['1002.50000', 4, '5.000', '501.00000', '0'],
    ])
  })

  it('of longer intervals are sums, under uiKlines too; those of seconds are made of trades', async () => {
    const rows = await bodyOf<unknown[][]>('klines?symbol=AAPL&interval=3m&limit=2')
    expect(rows).toEqual([
      [
        ...[NOW_MS - 3 * MINUTE_MS, '100.00', '101.00', '99.00', '100.50', '30.000', NOW_MS - 1],
        ...['3007.50000', 12, '15.000', '1503.00000', '0'],
      ],
      [
        ...[NOW_MS, '100.00', '102.00', '99.00', '101.25', '10.000', NOW_MS + 3 * MINUTE_MS - 1],
        ...['1002.50000', 4, '5.000', '501.00000', '0'],
      ],
    ])
    expect(await bodyOf('uiKlines?symbol=AAPL&interval=3m&limit=2')).toEqual(rows)
    const [second] = await bodyOf<unknown[][]>(`klines?symbol=AAPL&interval=1s&startTime=${NOW_MS - 1000}&limit=1`)
    // Of trades that the log has as well, its rows count: five of this second are later there.
    const values = ['104.50', '106.50', '100.50', '104.50', '1492.500', NOW_MS - 1, '154475.25000', 995]
    expect(second!.slice(0, 9)).toEqual([NOW_MS - 1000, ...values])
  })

  it('avgPrice is that of the last five minutes', async () => {
    const price = ((3 * 1002.5 + 1002.5) / 40).toFixed(8)
    expect(await bodyOf('avgPrice?symbol=AAPL')).toEqual({ mins: 5, price, closeTime: NOW_MS })
    expect(await bodyOf('avgPrice?symbol=BTCUSD')).toEqual({ mins: 5, price: '61837.63', closeTime: NOW_MS - 3 })
  })

  it('klines from a start are the first ones, over minutes without any', async () => {
    const minutesBack = async (query: string) => {
      const rows = await bodyOf<unknown[][]>(`klines?symbol=AAPL&interval=1m&${query}`)
      return rows.map(([openTimeMs]) => (NOW_MS - Number(openTimeMs)) / MINUTE_MS)
    }
    const start = `startTime=${NOW_MS - 8 * MINUTE_MS}`
    expect(await minutesBack(`${start}&limit=3`)).toEqual([8, 7, 3])
    expect(await minutesBack(`startTime=0&limit=2`)).toEqual([9, 8])
    expect(await minutesBack(`${start}&endTime=${NOW_MS - 2 * MINUTE_MS}`)).toEqual([8, 7, 3, 2])
    expect(await minutesBack(`endTime=${NOW_MS - 2 * MINUTE_MS - 1}&limit=2`)).toEqual([7, 3])
  })
})

describe('tickers', () => {
  it('ticker/24hr: finished minutes, the running one and the newest trade', async () => {
    const day = await bodyOf<Row>('ticker/24hr?symbol=AAPL')
    expect(day).toMatchObject({
      ...{ symbol: 'AAPL', openPrice: '100.00', highPrice: '102.00', lowPrice: '12.14', count: 28, lastQty: '1.500' },
      ...{ volume: '70.000', quoteVolume: '7017.50000', bidPrice: '100.50', askQty: '3.000', closeTime: NOW_MS },
      openTime: NOW_MS - 86_400_000,
    })
    expect(Number(day.priceChange)).toBeCloseTo(Number(day.lastPrice) - 100, 10)
    // The newest trade widens what the finished minutes had.
    expect(day.priceChangePercent).toBe(Number(day.priceChange).toFixed(3))
    expect(Number(day.lastId) - Number(day.firstId) + 1).toBe(28)
    const list = await bodyOf<Row[]>('ticker/24hr?symbols=["BTCUSD"]&type=MINI')
    expect(list).toMatchObject([{ symbol: 'BTCUSD', count: 0, lastPrice: '0.00', volume: '0.000', firstId: -1 }])
    expect(Object.keys(list[0]!)).toHaveLength(12)
  })

  it('ticker/price and ticker/bookTicker: one as a row, several and all as lists', async () => {
    expect(await bodyOf('ticker/price?symbol=BTCUSD')).toEqual({ symbol: 'BTCUSD', price: '61837.63' })
    expect(await bodyOf('ticker/price')).toHaveLength(2)
    expect(await bodyOf('ticker/bookTicker?symbols=["BTCUSD","AAPL"]')).toEqual([
      { symbol: 'BTCUSD', bidPrice: '0.00', bidQty: '0.000', askPrice: '0.00', askQty: '0.000' },
      { symbol: 'AAPL', bidPrice: '100.50', bidQty: '2.000', askPrice: '100.60', askQty: '3.000' },
    ])
  })

  it('depth is the best bid and ask', async () => {
    expect(await bodyOf('depth?symbol=AAPL&limit=5')).toEqual({
      ...{ lastUpdateId: 77, bids: [['100.50', '2.000']], asks: [['100.60', '3.000']] },
    })
    expect(await bodyOf('depth?symbol=BTCUSD')).toEqual({ lastUpdateId: 0, bids: [], asks: [] })
  })
})

describe('refusals', () => {
  it.each([
    ['trades?symbol=NOPE', -1121],
    ['trades?symbol=aapl', -1100],
    ['trades', -1102],
    ['trades?symbol=', -1105],
    ['trades?symbol=AAPL&symbol=AAPL', -1101],
    ['trades?symbol=AAPL&limit=x', -1100],
    ['trades?symbol=AAPL&limit=-1', -1100],
    ['trades?symbol=AAPL&limit=0', -1130],
    ['trades?symbol=AAPL&more=1', -1104],
    ['aggTrades?symbol=AAPL&fromId=1&startTime=1', -1128],
    ['klines?symbol=AAPL', -1102],
    ['klines?symbol=AAPL&interval=2m', -1120],
    ['klines?symbol=AAPL&interval=1H', -1120],
    ['klines?symbol=AAPL&interval=1m&timeZone=8', -1130],
    ['ticker/price?symbol=AAPL&symbols=["AAPL"]', -1128],
    ['ticker/price?symbols=AAPL', -1100],
    ['ticker/price?symbols=["AAPL","AAPL"]', -1151],
    ['ticker/price?symbols=["NOPE"]', -1121],
    ['ticker/24hr?symbol=AAPL&type=HUGE', -1130],
    ['exchangeInfo?symbol=NOPE', -1121],
  ])('%s is answered with code %s', async (path, code) => {
    const { status, body } = await get(path)
    expect(status).toBe(400)
    expect(body).toEqual({ code, msg: expect.any(String) as string })
  })

  it('says what it said at the venue', async () => {
    expect(await bodyOf('trades?symbol=NOPE')).toEqual({ code: -1121, msg: 'Invalid symbol.' })
    expect(await bodyOf('trades?symbol=AAPL&more=1')).toEqual({
      ...{ code: -1104, msg: "Not all sent parameters were read; read '1' parameter(s) but was sent '2'." },
    })
  })

  it.each(['', '/nosuch', '/fapi/v1/ping', '/api/v3/nosuch?symbol=AAPL', '/api/v1/klines', '/api/v3/ticker'])(
    '"%s" is not offered: 404 as JSON, in the form of other refusals',
    async (path) => {
      const answer = await fetch(`${test.server.url}/binance${path}`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json;charset=UTF-8'])
      const text = `This operation is not supported: there is no GET /binance${path.split('?')[0]} here.`
      expect(await answer.json()).toEqual({ code: -1020, msg: text })
    },
  )

  it('nothing can be ordered here', async () => {
    const answer = await fetch(`${test.server.url}/binance/api/v3/order?symbol=AAPL`, { method: 'POST' })
    expect([answer.status, ((await answer.json()) as Row).code]).toEqual([404, -1020])
  })

  it('a defect is a 500 in the venue’s form, and is logged', async () => {
    test.store.failure = new Error('broken disk')
    const { status, body } = await get('historicalTrades?symbol=AAPL&fromId=1')
    test.store.failure = undefined
    expect([status, body]).toEqual([500, { code: -1000, msg: expect.any(String) as string }])
    expect(test.logged.join()).toContain('venue: request failed: broken disk')
  })
})

describe('request weight', () => {
  it('is that of the venue, and is told with every answer', async () => {
    await using own = await startVenueServer({ requestWeightPerMinute: 300 })
    own.store.rows.trades.push(tradeOf('AAPL', 1, '1.00'))
    const ask = (path: string) => fetch(`${own.server.url}/binance/api/v3/${path}`)
    const paths = ['ping', 'exchangeInfo', 'depth?symbol=AAPL', 'depth?symbol=AAPL&limit=500', 'trades?symbol=AAPL']
    const more = ['aggTrades?symbol=AAPL', 'klines?symbol=AAPL&interval=1m', 'ticker/24hr', 'ticker/24hr?symbol=AAPL']
    const weights: number[] = []
    let before = 0
    for (const path of [...paths, ...more, 'ticker/price', 'ticker/price?symbol=AAPL', 'nope?symbol=AAPL']) {
      const used = Number((await ask(path)).headers.get('x-mbx-used-weight-1m') ?? before)
      // The minute may turn in the middle of the test.
      weights.push(used < before ? Number.NaN : used - before)
      before = used
    }
    const expected = [1, 20, 5, 25, 25, 4, 2, 80, 2, 4, 2, 0]
    expect(weights.filter((weight, index) => weight !== expected[index] && !Number.isNaN(weight))).toEqual([])
  })

  it('beyond it comes 429 and then 418, with the seconds to wait', async () => {
    await using own = await startVenueServer({ requestWeightPerMinute: 5 })
    const ask = () => fetch(`${own.server.url}/binance/api/v3/exchangeInfo`)
    const first = await ask()
    expect(first.status).toBe(429)
    expect(Number(first.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(first.headers.get('x-mbx-used-weight-1m')).toBe('20')
    let last = first
    for (let count = 0; count < 25 && last.status !== 418; count++) last = await ask()
    expect([last.status, ((await last.json()) as Row).code]).toEqual([418, -1003])
    expect(Number(last.headers.get('retry-after'))).toBe(120)
  })
})

describe('the facade', () => {
  it('is not there unless it is asked for', async () => {
    await using plain = await startTestServer()
    expect((await fetch(`${plain.server.url}/binance/api/v3/ping`)).status).toBe(404)
    expect((await fetch(`${plain.server.url}/api/v1/venue/chaos`)).status).toBe(404)
  })

  it('keeps to the access policy', async () => {
    const origin = 'https://evil.example'
    const post = await fetch(`${test.server.url}/api/v1/venue/chaos`, { method: 'POST', headers: { origin } })
    expect(post.status).toBe(403)
  })

  it('chaos is described in OpenAPI, asked for, shown and ended', async () => {
    const path = `${test.server.url}/api/v1/venue/chaos`
    const headers = { 'content-type': 'application/json' }
    const post = (body: object) => fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
    const begun = (await (await post({ kind: 'slow', delayMs: 1 })).json()) as { data: Row[] }
    expect(begun.data).toMatchObject([{ kind: 'slow', isActive: true, delayMs: 1, remainingCount: null }])
    expect(await (await fetch(path)).json()).toEqual(begun)
    const ended = (await (await fetch(`${path}?kind=slow`, { method: 'DELETE' })).json()) as { data: Row[] }
    expect(ended.data).toMatchObject([{ kind: 'slow', isActive: false }])
    expect(await (await post({ kind: 'cut', durationMs: 5 })).json()).toMatchObject({
      status: 400,
      parameter: 'durationMs',
    })
    expect(await (await post({ kind: 'slow', delayMs: -1 })).json()).toMatchObject({
      status: 400,
      parameter: 'delayMs',
    })
    const document = (await (await fetch(`${test.server.url}/api/v1/openapi.json`)).json()) as { paths: Row }
    expect(Object.keys(document.paths['/api/v1/venue/chaos'] as Row)).toEqual(['get', 'post', 'delete'])
    expect(Object.keys(document.paths).filter((name) => name.startsWith('/binance'))).toEqual([])
  })
})
