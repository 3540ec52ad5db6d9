import { describe, expect, it } from 'vitest'
import { CLOSE_CODES, PROTOCOL_VERSION } from '../../protocol/live.ts'
import { connect, missedBy, start, test, tradesOf } from '../testing/live-test.ts'
import { alertOf, candleOf, commitAlerts, commitCandles, commitQuotes, commitTrades } from '../testing/sample-events.ts'
import { NOW_MS } from '../testing/test-server.ts'

describe('a connection', () => {
  it('is welcomed with protocol, epoch and frame interval', async () => {
    await start()
    const welcome = await (await connect()).first('welcome')
    expect(welcome).toMatchObject({
      protocolVersion: PROTOCOL_VERSION,
      epoch: await test.log.epoch(),
      frameIntervalMs: 100,
    })
  })

  it('is answered a ping with its id', async () => {
    await start()
    const client = await connect()
    client.send({ type: 'ping', id: 7 })
    expect(await client.first('pong')).toEqual({ type: 'pong', id: 7 })
  })

  it('is told to come back when the server stops', async () => {
    await start()
    const client = await connect()
    await client.first('welcome')
    await test.server.close()
    expect(await client.closed()).toBe(CLOSE_CODES.shutdown)
  })

  it('is counted', async () => {
    await start()
    const client = await connect()
    await client.first('welcome')
    expect(test.server.stats()).toEqual({ clientCount: 1 })
    client.close()
    await expect.poll(() => test.server.stats().clientCount).toBe(0)
  })

  it('is refused from a page of another site, and beyond the maximum', async () => {
    await start({ sessionsMaxCount: 1 })
    await expect(connect('/ws', { origin: 'https://evil.example' })).rejects.toThrow('403')
    await expect(connect('/elsewhere')).rejects.toThrow('404')
    await (await connect('/ws', { origin: test.server.url })).first('welcome')
    await expect(connect()).rejects.toThrow('503')
  })
})

describe('a subscription', () => {
  it('begins with a snapshot and goes on with what changes', async () => {
    await start()
    const client = await connect()
    client.send({ type: 'subscribe', channel: 'trades', symbols: ['aapl'] })
    expect(await client.first('subscribed')).toEqual({ type: 'subscribed', channel: 'trades', symbols: ['AAPL'] })
    await client.until(() => client.frames.length === 1)
    expect(tradesOf(client)).toEqual(test.store.rows.trades.slice(0, 1))
    await commitTrades(test.log, [
      ['AAPL', 10_100],
      ['MSFT', 20_100],
      ['AAPL', 10_200],
    ])
    await client.until(() => tradesOf(client).length === 3)
    expect(tradesOf(client).map((trade) => trade.price)).toEqual(['100.00', '101.00', '102.00'])
  })

  it('gets only the latest quote of each symbol in a frame', async () => {
    await start()
    const client = await connect('/ws?frameIntervalMs=1000')
    client.send({ type: 'subscribe', channel: 'quotes', symbols: ['AAPL', 'MSFT'] })
    await client.until(() => client.frames[0])
    expect(client.frames[0]?.quotes).toEqual(test.store.rows.quotes)
    for (let bid = 1; bid <= 20; bid++) await commitQuotes(test.log, [['AAPL', bid]])
    await client.until(() => client.frames.some((frame) => frame.quotes?.[0]?.bidPrice === '0.20'))
    expect(client.frames.length).toBeLessThanOrEqual(3)
  })
})

describe('a snapshot', () => {
  it('has a quote that the log has but the store has not', async () => {
    await start()
    await commitQuotes(test.log, [['AAPL', 55_500]])
    const client = await connect()
    await expect
      .poll(async () => {
        client.send({ type: 'subscribe', channel: 'quotes', symbols: ['AAPL'] })
        const before = client.frames.length
        await client.until(() => client.frames.length > before)
        return client.frames.at(-1)?.quotes?.[0]?.bidPrice
      })
      .toBe('555.00')
  })

  it('has the trades that the log has but the store has not, each once', async () => {
    await start()
    await commitTrades(test.log, [
      ['AAPL', 10_100],
      ['MSFT', 20_100],
      ['AAPL', 10_200],
    ])
    const other = await connect()
    other.send({ type: 'subscribe', channel: 'quotes', symbols: '*' })
    const client = await connect('/ws/trades/AAPL')
    await client.until(() => tradesOf(client).length >= 3)
    await commitTrades(test.log, [['AAPL', 10_300]])
    await client.until(() => tradesOf(client).length >= 4)
    expect(tradesOf(client).map((trade) => trade.price)).toEqual(['100.00', '101.00', '102.00', '103.00'])
  })

  it('has the alerts that the log has but the store has not, each once', async () => {
    await start()
    const quotes = await connect('/ws/quotes/AAPL')
    const alerts = [alertOf('AAPL', NOW_MS + 1), alertOf('MSFT', NOW_MS + 2)]
    await commitAlerts(test.log, alerts)
    await commitQuotes(test.log, [['AAPL', 77_700]])
    await quotes.until(() => quotes.frames.at(-1)?.quotes?.[0]?.bidPrice === '777.00')
    const client = await connect('/ws/alerts')
    await client.until(() => client.frames[0])
    const ids = client.frames.flatMap((frame) => frame.alerts ?? []).map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(alerts.map(({ id }) => id)))
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('the extent of a subscription', () => {
  it('with * covers symbols that appear later', async () => {
    await start()
    const client = await connect()
    client.send({ type: 'subscribe', channel: 'trades', symbols: '*' })
    expect(await client.first('subscribed')).toMatchObject({ symbols: '*' })
    await client.until(() => client.frames[0])
    await commitTrades(test.log, [['NEWCO', 500]], 1)
    await client.until(() => tradesOf(client).some((trade) => trade.symbol === 'NEWCO'))
  })

  it('ends with unsubscribe, for some symbols or the whole channel', async () => {
    await start()
    const client = await connect('/ws?frameIntervalMs=0')
    client.send({ type: 'subscribe', channel: 'trades', symbols: ['AAPL', 'MSFT'] })
    await client.until(() => client.frames[0])
    client.send({ type: 'unsubscribe', channel: 'trades', symbols: ['AAPL'] })
    await client.until(({ messages }) => messages.filter((m) => m.type === 'subscribed').length === 2)
    await commitTrades(test.log, [
      ['AAPL', 1],
      ['MSFT', 2],
    ])
    await client.until(() => client.frames[1])
    expect(client.frames[1]?.trades).toMatchObject([{ symbol: 'MSFT' }])
    client.send({ type: 'unsubscribe', channel: 'trades' })
    await client.until(({ messages }) => messages.filter((m) => m.type === 'subscribed').length === 3)
    expect(client.messages.at(-1)).toEqual({ type: 'subscribed', channel: 'trades', symbols: [] })
  })

  it('with the frame interval 0 gets every commit in a frame of its own', async () => {
    await start()
    const client = await connect('/ws/trades/AAPL?frameIntervalMs=0')
    await client.until(() => client.frames[0])
    for (let price = 1; price <= 3; price++) {
      await commitTrades(test.log, [['AAPL', price]])
      await client.until(() => client.frames.length === price + 1)
    }
  })
})

describe('a subscription to what is derived', () => {
  it('to candles shows the open one as it grows, then the final one', async () => {
    await start()
    test.engine.open = [candleOf('AAPL', NOW_MS, { isFinal: false, tradeCount: 1 })]
    const client = await connect()
    client.send({ type: 'subscribe', channel: 'candles:1m', symbols: ['AAPL'] })
    await client.until(() => client.frames[0])
    expect(client.frames[0]?.candles).toMatchObject([{ tradeCount: 1, isFinal: false }])
    test.engine.open = [candleOf('AAPL', NOW_MS, { isFinal: false, tradeCount: 2 })]
    await client.until(() => client.frames.some((frame) => frame.candles?.[0]?.tradeCount === 2))
    await commitCandles(test.log, [candleOf('AAPL', NOW_MS), candleOf('AAPL', NOW_MS, { interval: '5m' })])
    await client.until(() => client.frames.some((frame) => frame.candles?.[0]?.isFinal))
    const [count] = [client.frames.length]
    expect(client.frames.flatMap((frame) => frame.candles ?? []).every(({ interval }) => interval === '1m')).toBe(true)
    // What the builder still calls open is final by now, and must not come back.
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(client.frames).toHaveLength(count)
  })

  it('to alerts begins with the stored ones and gets every new one', async () => {
    await start()
    test.store.rows.alerts.push(alertOf('AAPL', NOW_MS - 2), alertOf('MSFT', NOW_MS - 1))
    const client = await connect('/ws/alerts')
    await client.until(() => client.frames[0])
    expect(client.frames[0]?.alerts).toEqual(test.store.rows.alerts)
    await commitAlerts(test.log, [alertOf('AAPL', NOW_MS), alertOf('MSFT', NOW_MS)])
    await client.until(() => client.frames.flatMap((frame) => frame.alerts ?? []).length === 4)
  })

  it('keeps digits exact when an instrument gains decimals', async () => {
    await start()
    const client = await connect('/ws/quotes/AAPL?frameIntervalMs=0')
    await client.until(() => client.frames[0])
    await commitQuotes(test.log, [['AAPL', 10_012]], 2)
    await commitQuotes(test.log, [['MSFT', 1]], 2)
    await commitQuotes(test.log, [['AAPL', 1_001_234]], 4)
    await client.until(() => client.frames.some((frame) => frame.quotes?.[0]?.bidPrice === '100.1234'))
    const bids = client.frames.slice(1).flatMap((frame) => frame.quotes?.map((quote) => quote.bidPrice) ?? [])
    expect(bids.every((bid) => bid === '100.12' || bid === '100.1234')).toBe(true)
  })
})

describe('a new epoch', () => {
  it('resets the client, which goes on with the new log', async () => {
    await start()
    const client = await connect('/ws/trades/AAPL?frameIntervalMs=0')
    await commitTrades(test.log, [['AAPL', 1]])
    await client.until(() => tradesOf(client).length === 2)
    await test.log.reset()
    expect((await client.first('reset')).epoch).toBe(await test.log.epoch())
    await commitTrades(test.log, [['AAPL', 77]])
    await client.until(() => tradesOf(client).some((trade) => trade.price === '0.77'))
    expect(missedBy(client)).toBe(0)
  })
})
