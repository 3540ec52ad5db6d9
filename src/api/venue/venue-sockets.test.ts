import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { candleOf, commitCandles, commitQuotes, commitTrades } from '../testing/sample-events.ts'
import { NOW_MS, type TestServer } from '../testing/test-server.ts'
import { eventually, startVenueServer, VenueClient } from './testing/venue-server.ts'
import type { VenueSettings } from './venue-settings.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const resource of open.splice(0)) await resource[Symbol.asyncDispose]()
})

async function started(settings: Partial<VenueSettings> = {}): Promise<TestServer> {
  const test = await startVenueServer(settings)
  open.push(test)
  return test
}

/** In `commitTrades` the id of a trade is its price. */
const idsOf = (messages: readonly unknown[]) => messages.map((message) => (message as { t: number }).t)

async function chaos({ server }: TestServer, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${server.url}/api/v1/venue/chaos`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(200)
}

describe('streams', () => {
  it('a raw stream sends bare messages, a combined one names them', async () => {
    const test = await started()
    const raw = await VenueClient.open(test, '/ws/aapl@trade')
    const combined = await VenueClient.open(test, '/stream?streams=aapl%40aggTrade/aapl@bookTicker')
    await commitTrades(test.log, [['AAPL', 10_050]])
    await commitQuotes(test.log, [['AAPL', 10_000]])
    const trade = { e: 'trade', E: NOW_MS, s: 'AAPL', t: 10_050, p: '100.50', q: '1.500', T: NOW_MS, m: false, M: true }
    expect(await raw.until(1)).toEqual([trade])
    const { e: _, t: id, ...rest } = trade
    expect(await combined.until(2)).toEqual([
      { stream: 'aapl@aggTrade', data: { e: 'aggTrade', a: id, f: id, l: id, ...rest } },
      {
        stream: 'aapl@bookTicker',
        data: { u: NOW_MS * 1000, s: 'AAPL', b: '100.00', B: '2.000', a: '100.01', A: '3.000' },
      },
    ])
  })

  it('every trade of a symbol comes once and in order, over batches and partitions', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/ws/aapl@trade')
    const ids = Array.from({ length: 3000 }, (_, index) => index + 1)
    for (let from = 0; from < ids.length; from += 300) {
      const rows = ids.slice(from, from + 300).map((id) => ['AAPL', id] as const)
      await commitTrades(
        test.log,
        rows.flatMap((row) => [row, ['MSFT', row[1]] as const]),
        1,
      )
    }
    expect(idsOf(await client.until(3000))).toEqual(ids)
  })

  it('subscriptions are made, listed and taken back, also for symbols that are not there yet', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/ws')
    client.send('SUBSCRIBE', ['aapl@trade', 'msft@trade'], 1)
    client.send('LIST_SUBSCRIPTIONS', undefined, 'two')
    client.send('UNSUBSCRIBE', ['msft@trade'], 3)
    client.send('SET_PROPERTY', ['combined', true], 4)
    await client.until(4)
    await commitTrades(test.log, [
      ['MSFT', 1],
      ['AAPL', 2],
    ])
    expect(await client.until(5)).toMatchObject([
      { result: null, id: 1 },
      { result: ['aapl@trade', 'msft@trade'], id: 'two' },
      { result: null, id: 3 },
      { result: null, id: 4 },
      { stream: 'aapl@trade', data: { t: 2 } },
    ])
  })

  it('a stream that the facade does not have is refused, on the connection and in its address', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/stream')
    client.send('SUBSCRIBE', ['aapl@trade', 'aapl@kline_2m'])
    expect(await client.until(1)).toMatchObject([{ code: 2, id: 1 }])
    await expect(VenueClient.open(test, '/ws/aapl@kline_2m')).rejects.toThrow('400')
    await expect(VenueClient.open(test, '/stream?streams=&timeUnit=MICROSECOND')).rejects.toThrow('400')
    await expect(VenueClient.open(test, '/other')).rejects.toThrow('404')
  })
})

describe('streams with a pace', () => {
  it('the book comes every 100 ms where it changes, and in full where that was asked for', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/stream?streams=aapl@depth@100ms/aapl@depth5@100ms')
    await commitQuotes(test.log, [['AAPL', 10_000]])
    const messages = await client.until(2)
    expect(messages).toMatchObject([
      {
        stream: 'aapl@depth@100ms',
        data: { e: 'depthUpdate', s: 'AAPL', b: [['100.00', '2.000']], a: [['100.01', '3.000']] },
      },
      { stream: 'aapl@depth5@100ms', data: { bids: [['100.00', '2.000']], asks: [['100.01', '3.000']] } },
    ])
    await delay(250)
    expect(messages).toHaveLength(2)
  })

  it('a candle comes while it is open, and once more when it is final', async () => {
    const test = await started()
    const openTimeMs = NOW_MS
    const candle = candleOf('AAPL', openTimeMs)
    test.engine.open = [{ ...candle, isFinal: false, close: '100.40', tradeCount: 3 }]
    await commitTrades(test.log, [['AAPL', 7]])
    const client = await VenueClient.open(test, '/ws/aapl@kline_1m')
    expect(await client.until(1)).toMatchObject([
      { e: 'kline', s: 'AAPL', k: { t: openTimeMs, x: false, c: '100.40', n: 3, f: 7, L: 9 } },
    ])
    test.engine.open = []
    await commitCandles(test.log, [candle, { ...candle, revision: 1 }])
    expect(await client.until(2)).toMatchObject([{}, { k: { t: openTimeMs, x: true, c: '100.50', n: 4, f: 7, L: 10 } }])
  })

  it('clients of a log that begins anew are sent away', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/ws/aapl@trade')
    await test.log.reset()
    expect(await client.closed()).toBe(1001)
    const next = await VenueClient.open(test, '/ws/aapl@trade')
    await commitTrades(test.log, [['AAPL', 3]])
    expect(idsOf(await next.until(1))).toEqual([3])
  })
})

describe('limits', () => {
  it('more messages in a second than allowed end the connection; pings count', async () => {
    const test = await started({ messagesPerSecond: 3 })
    const client = await VenueClient.open(test, '/ws')
    client.send('LIST_SUBSCRIPTIONS')
    client.socket.ping()
    client.socket.pong()
    client.send('LIST_SUBSCRIPTIONS')
    expect(await client.closed()).toBe(1008)
    expect(client.messages).toHaveLength(1)
  })

  it('more streams than allowed are refused, and none of the request is taken', async () => {
    const test = await started({ streamsPerConnectionMaxCount: 3 })
    const client = await VenueClient.open(test, '/ws/a@trade')
    client.send('SUBSCRIBE', ['a@trade', 'b@trade', 'c@trade'], 1)
    client.send('SUBSCRIBE', ['c@trade', 'd@trade'], 2)
    client.send('LIST_SUBSCRIPTIONS', undefined, 3)
    expect(await client.until(3)).toMatchObject([
      { result: null },
      { code: 2, id: 2 },
      { result: ['a@trade', 'b@trade', 'c@trade'] },
    ])
    await expect(VenueClient.open(test, '/stream?streams=a@trade/b@trade/c@trade/d@trade')).rejects.toThrow('400')
  })

  it('more connections than allowed are refused with 429, more at a time with 503', async () => {
    const test = await started({ connectionsPerFiveMinutes: 3, connectionsMaxCount: 2 })
    await VenueClient.open(test, '/ws')
    await VenueClient.open(test, '/ws')
    await expect(VenueClient.open(test, '/ws')).rejects.toThrow('503')
    await expect(VenueClient.open(test, '/ws')).rejects.toThrow('429')
  })

  it('a page of another site is refused', async () => {
    const test = await started()
    await expect(VenueClient.open(test, '/ws', { origin: 'https://evil.example' })).rejects.toThrow('403')
  })
})

describe('the life of a connection', () => {
  it('who does not answer a ping with its payload is cut off', async () => {
    const test = await started({ pingEveryMs: 150, pongWithinMs: 300 })
    const good = await VenueClient.open(test, '/ws')
    const mute = await VenueClient.open(test, '/ws', { autoPong: false })
    mute.socket.on('ping', () => mute.socket.pong('something else'))
    expect(await mute.closed()).toBe(1006)
    expect(good.closeCode).toBeUndefined()
    expect(good.pings[0]).toBe(String(NOW_MS))
  })

  it('a connection that is too old is ended', async () => {
    const test = await started({ connectionLifeMs: 100 })
    expect(await (await VenueClient.open(test, '/ws')).closed()).toBe(1001)
  })

  it('a client that does not read is cut off when too much waits for it; others go on', async () => {
    const test = await started({ backlogMaxBytes: 100_000 })
    const slow = await VenueClient.open(test, '/ws/aapl@trade')
    const other = await VenueClient.open(test, '/ws/aapl@trade')
    slow.socket.pause()
    let id = 1
    while (!(await test.engine.metrics()).includes('closed_total{reason="slow-client"} 1')) {
      await commitTrades(
        test.log,
        Array.from({ length: 2000 }, () => ['AAPL', id++] as const),
      )
      await delay(5)
    }
    await other.until(id - 1)
    expect(idsOf(other.messages)).toEqual(Array.from({ length: id - 1 }, (_, index) => index + 1))
    slow.socket.terminate()
  })

  it('connections are refused on purpose as requests are', async () => {
    const test = await started()
    await chaos(test, { kind: 'http-429', count: 2, retryAfterSeconds: 7 })
    await expect(VenueClient.open(test, '/ws')).rejects.toThrow('429')
    const answer = await fetch(`${test.server.url}/binance/api/v3/ping`)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
    expect((await fetch(`${test.server.url}/binance/api/v3/ping`)).status).toBe(200)
  })

  it('a server that stops says so', async () => {
    const test = await startVenueServer()
    const raw = await VenueClient.open(test, '/ws')
    const combined = await VenueClient.open(test, '/stream')
    await test[Symbol.asyncDispose]()
    expect([await raw.closed(), await combined.closed()]).toEqual([1001, 1001])
    const said = { e: 'serverShutdown', E: NOW_MS }
    expect([raw.messages, combined.messages]).toEqual([[said], [{ stream: '!serverShutdown', data: said }]])
  })
})

describe('chaos', () => {
  it('leaves out, doubles and swaps trades', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/ws/aapl@trade')
    const trades = (...ids: number[]) =>
      commitTrades(
        test.log,
        ids.map((id) => ['AAPL', id] as const),
      )
    await chaos(test, { kind: 'gap', count: 2 })
    await trades(1, 2, 3)
    await client.until(1)
    await chaos(test, { kind: 'duplicate', count: 1 })
    await trades(4, 5)
    await client.until(4)
    await chaos(test, { kind: 'reorder', count: 1 })
    await trades(6, 7, 8)
    expect(idsOf(await client.until(7))).toEqual([3, 4, 4, 5, 7, 6, 8])
  })

  it('cuts connections off, again and again', async () => {
    const test = await started()
    const first = await VenueClient.open(test, '/ws')
    await chaos(test, { kind: 'cut', count: 2, delayMs: 100 })
    expect(await first.closed()).toBe(1006)
    const second = await VenueClient.open(test, '/ws')
    expect(await second.closed()).toBe(1006)
    expect((await VenueClient.open(test, '/ws')).closeCode).toBeUndefined()
  })

  it('keeps silent for a while: no messages, no pings, no pongs', async () => {
    const test = await started({ pingEveryMs: 50 })
    const client = await VenueClient.open(test, '/ws/aapl@trade')
    let pongCount = 0
    client.socket.on('pong', () => {
      pongCount += 1
    })
    await chaos(test, { kind: 'silence', durationMs: 400 })
    const pingCount = client.pings.length
    await commitTrades(test.log, [['AAPL', 1]])
    client.socket.ping()
    await delay(200)
    expect([client.messages.length, client.pings.length, pongCount]).toEqual([0, pingCount, 0])
    await eventually(() => client.pings.length > pingCount, 'a ping after the silence')
    await commitTrades(test.log, [['AAPL', 2]])
    expect(idsOf(await client.until(1))).toEqual([2])
  })

  it('is slow, in order, and loses nothing', async () => {
    const test = await started()
    const client = await VenueClient.open(test, '/ws/aapl@trade')
    await chaos(test, { kind: 'slow', delayMs: 300, durationMs: 100 })
    const ids = Array.from({ length: 50 }, (_, index) => index + 1)
    const startedMs = performance.now()
    for (const id of ids) {
      await commitTrades(test.log, [['AAPL', id]])
      await delay(5)
    }
    expect(idsOf(await client.until(50))).toEqual(ids)
    expect(performance.now() - startedMs).toBeGreaterThan(290)
  })

  it('announces a shutdown and ends the connections that were open', async () => {
    const test = await started()
    const old = await VenueClient.open(test, '/ws')
    await chaos(test, { kind: 'server-shutdown', delayMs: 200 })
    const young = await VenueClient.open(test, '/ws')
    expect(await old.until(1)).toMatchObject([{ e: 'serverShutdown' }])
    expect(await old.closed()).toBe(1001)
    expect(young.closeCode).toBeUndefined()
  })
})
