import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../protocol/live.ts'
import { connect, missedBy, start, test, tradesOf } from '../testing/live-test.ts'
import { commitTrades, tradeOf } from '../testing/sample-events.ts'

describe('a burst', () => {
  it('beyond what is kept is stated as a loss, and what comes is in order', async () => {
    await start()
    const client = await connect('/ws/trades/AAPL?frameIntervalMs=200')
    await client.until(() => client.frames[0])
    const total = 5000
    await commitTrades(
      test.log,
      Array.from({ length: total }, (_, price) => ['AAPL', price + 1] as const),
    )
    await client.until(() => tradesOf(client).at(-1)?.id === total)
    const live = tradesOf(client).slice(1)
    expect(live.length + missedBy(client)).toBe(total)
    expect(missedBy(client)).toBe(total - 1000)
    expect(live.map((trade) => trade.id)).toEqual(live.map((_, index) => total - live.length + index + 1))
  })

  it('is stated to those who read everything too', async () => {
    await start()
    const client = await connect('/ws?frameIntervalMs=200')
    client.send({ type: 'subscribe', channel: 'trades', symbols: '*' })
    await client.until(() => client.frames[0])
    const before = tradesOf(client).length
    const rows = Array.from({ length: 3000 }, (_, i) => [i % 2 === 0 ? 'AAPL' : 'MSFT', i + 1] as const)
    await commitTrades(test.log, rows)
    await client.until(() => tradesOf(client).some((trade) => trade.id === 3000))
    expect(tradesOf(client).length - before + missedBy(client)).toBe(3000)
  })
})

describe('bad input', () => {
  const cases: [string, RegExp][] = [
    ['', /expected JSON/],
    ['{', /expected JSON/],
    ['null', /type: expected one of subscribe/],
    ['{"type":"order"}', /got "order"/],
    ['{"type":"subscribe","channel":"trades"}', /symbols: expected "\*" or a list/],
    ['{"type":"subscribe","channel":"candles:2m","symbols":"*"}', /channel: expected one of quotes/],
    ['{"type":"subscribe","channel":"quotes","symbols":[]}', /symbols/],
    ['{"type":"subscribe","channel":"quotes","symbols":[5]}', /symbols/],
    ['{"type":"subscribe","channel":"quotes","symbols":"AAPL"}', /symbols/],
    ['{"type":"subscribe","channel":"quotes","symbols":"*","rate":5}', /rate: expected one of the parameters/],
    ['{"type":"ping","id":"x"}', /id: expected a number/],
    ['{"__proto__":{"type":"ping"}}', /type/],
  ]
  it.each(cases)('%s is answered with an error, and the session goes on', async (text, detail) => {
    await start()
    const client = await connect()
    client.socket.send(text)
    expect(await client.first('error')).toMatchObject({
      code: 'request-invalid',
      detail: expect.stringMatching(detail),
    })
    client.send({ type: 'ping' })
    await client.first('pong')
  })

  it('binary messages are no JSON', async () => {
    await start()
    const client = await connect()
    client.socket.send(Buffer.from([0xff, 0x00]))
    await client.first('error')
  })
})

describe('a symbol, a path or a rate that is not to be had', () => {
  it('unknown symbols are named, and the others subscribed', async () => {
    await start()
    const client = await connect()
    client.send({ type: 'subscribe', channel: 'trades', symbols: ['NOPE', 'AAPL'] })
    expect(await client.first('error')).toMatchObject({
      code: 'symbol-unknown',
      detail: expect.stringContaining('NOPE'),
    })
    expect(await client.first('subscribed')).toMatchObject({ symbols: ['AAPL'] })
  })

  it('more than 1,000 subscriptions are refused', async () => {
    await start()
    for (let n = 0; n < 1001; n++) test.store.rows.trades.push(tradeOf(`S${n}`, 1, '1.00'))
    const client = await connect()
    const names = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `S${from + n}`)
    client.send({ type: 'subscribe', channel: 'quotes', symbols: names(0, 600) })
    client.send({ type: 'subscribe', channel: 'trades', symbols: names(600, 1001) })
    expect(await client.first('error')).toMatchObject({ detail: expect.stringContaining('at most 1000') })
  })

  it('a path for an unknown symbol closes with its code', async () => {
    await start()
    const client = await connect('/ws/quotes/NOPE')
    expect(await client.closed()).toBe(CLOSE_CODES.unknownSymbol)
    expect(await client.first('error')).toMatchObject({ code: 'symbol-unknown' })
  })

  it.each([
    '/ws/candles/AAPL',
    '/ws/quotes',
    '/ws/quotes/%E0',
    '/ws?frameIntervalMs=-1',
    '/ws?frameIntervalMs=1001',
    '/ws?x=1',
  ])('the path %s closes as a bad request', async (path) => {
    await start()
    const client = await connect(path)
    expect(await client.closed()).toBe(CLOSE_CODES.badRequest)
    expect(await client.first('error')).toMatchObject({ code: 'request-invalid' })
  })

  it('too many messages close the connection', async () => {
    await start()
    const client = await connect()
    for (let n = 0; n < 300; n++) client.send({ type: 'ping' })
    expect(await client.closed()).toBe(CLOSE_CODES.tooManyMessages)
    await client.first('error')
  })

  it('a message that is too large closes only its own connection', async () => {
    await start()
    const [large, other] = [await connect(), await connect()]
    large.socket.send('x'.repeat(70_000))
    expect(await large.closed()).toBe(1009)
    other.send({ type: 'ping' })
    await other.first('pong')
  })
})

describe('a client that stops reading', () => {
  /** Holds the socket itself, so that nothing is read any more, and the server's buffers fill. */
  function stopReading(socket: WebSocket): () => void {
    socket.pause()
    return () => socket.resume()
  }

  it('delays nobody else, and is told what it missed when it reads again', async () => {
    await start()
    const path = '/ws/trades/AAPL?frameIntervalMs=0'
    const [slow, quick] = [await connect(path), await connect(path)]
    for (const client of [slow, quick]) await client.until(() => client.frames[0])
    const goOn = stopReading(slow.socket)
    const batches = 60
    for (let batch = 0; batch < batches; batch++) {
      const rows = Array.from({ length: 1000 }, (_, row) => ['AAPL', batch * 1000 + row + 1] as const)
      await commitTrades(test.log, rows)
      await quick.until(() => tradesOf(quick).at(-1)?.id === (batch + 1) * 1000)
    }
    expect(missedBy(quick)).toBe(0)
    goOn()
    await slow.until(() => tradesOf(slow).at(-1)?.id === batches * 1000)
    expect(missedBy(slow)).toBeGreaterThan(0)
    expect(tradesOf(slow).length - 1 + missedBy(slow)).toBe(batches * 1000)
    expect(await test.engine.metrics()).toMatch(/finpulse_api_losses_total\{reason="slow-client"\} [1-9]/)
  }, 20_000)
})
