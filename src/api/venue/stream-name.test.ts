import { describe, expect, it } from 'vitest'
import { isControlError, parseControl } from './control-message.ts'
import { parseStreamName } from './stream-name.ts'
import { VenueSymbols, wireSymbolOf } from './venue-symbols.ts'

describe('names of streams', () => {
  it.each([
    ['btcusdt@trade', { wireSymbol: 'BTCUSDT', kind: 'trade' }],
    ['btcusdt@aggTrade', { kind: 'aggTrade' }],
    ['btc-usd@bookTicker', { wireSymbol: 'BTC-USD', kind: 'bookTicker' }],
    ['brk.b@kline_15m', { wireSymbol: 'BRK.B', kind: 'kline', interval: '15m', everyMs: 2000 }],
    ['aapl@kline_1M', { kind: 'kline', interval: '1M', everyMs: 2000 }],
    ['aapl@kline_3m', { kind: 'kline', interval: '3m', everyMs: 2000 }],
    ['aapl@kline_1s', { kind: 'kline', interval: '1s', everyMs: 1000 }],
    ['aapl@miniTicker', { kind: 'miniTicker', everyMs: 1000 }],
    ['aapl@ticker', { kind: 'ticker', everyMs: 1000 }],
    ['aapl@depth', { kind: 'depth', everyMs: 1000 }],
    ['aapl@depth@100ms', { kind: 'depth', everyMs: 100 }],
    ['aapl@depth5', { kind: 'partialDepth', everyMs: 1000 }],
    ['aapl@depth20@100ms', { kind: 'partialDepth', everyMs: 100 }],
  ])('%s is a stream', (name, expected) => {
    expect(parseStreamName(name)).toMatchObject({ name, ...expected })
  })

  it.each([
    '',
    'btcusdt',
    'BTCUSDT@trade',
    'btcusdt@Trade',
    'btcusdt@trade@100ms',
    'btcusdt@trade5',
    'btcusdt@trade_1m',
    'btcusdt@kline',
    'btcusdt@kline_2m',
    'btcusdt@kline_1H',
    'btcusdt@kline_1m@+08:00',
    'btcusdt@depth7',
    'btcusdt@depth5@250ms',
    'btcusdt@ticker_1h',
    'btcusdt@avgPrice',
    '!ticker@arr',
    'btc/usdt@trade',
  ])('"%s" is none', (name) => {
    expect(parseStreamName(name)).toBeUndefined()
  })
})

describe('control messages', () => {
  it.each([
    [
      { method: 'SUBSCRIBE', params: ['a@trade'], id: 1 },
      { method: 'SUBSCRIBE', streams: ['a@trade'], id: 1 },
    ],
    [
      { method: 'UNSUBSCRIBE', params: [], id: 'a1' },
      { method: 'UNSUBSCRIBE', streams: [], id: 'a1' },
    ],
    [
      { method: 'LIST_SUBSCRIPTIONS', id: null },
      { method: 'LIST_SUBSCRIPTIONS', id: null },
    ],
    [
      { method: 'SET_PROPERTY', params: ['combined', true], id: 5 },
      { method: 'SET_PROPERTY', isCombined: true, id: 5 },
    ],
    [
      { method: 'GET_PROPERTY', params: ['combined'], id: -2 },
      { method: 'GET_PROPERTY', id: -2 },
    ],
  ])('%j is taken', (message, expected) => {
    expect(parseControl(JSON.stringify(message))).toEqual(expected)
  })

  it.each([
    ['{"method"', 3, 'Invalid JSON'],
    ['[]', 2, 'Invalid request'],
    ['{"method":"SUBSCRIBE","params":[]}', 2, 'request ID must be an unsigned integer'],
    ['{"method":"LIST_SUBSCRIPTIONS","id":12345678901234567890}', 2, 'request ID must be an unsigned integer'],
    ['{"method":"SUBSCRIBE","params":[],"id":1.5}', 2, 'request ID'],
    ['{"id":1}', 2, 'missing field `method`'],
    ['{"method":"subscribe","id":1}', 2, 'unknown variant `subscribe`, expected one of `SUBSCRIBE`'],
    ['{"method":"SUBSCRIBE","params":"a@trade","id":1}', 2, 'Invalid request'],
    ['{"method":"SUBSCRIBE","params":[1],"id":1}', 2, 'Invalid request'],
    ['{"method":"LIST_SUBSCRIPTIONS","params":[],"id":1}', 2, 'too many parameters'],
    ['{"method":"SET_PROPERTY","params":[true],"id":1}', 2, 'property name must be a string'],
    ['{"method":"SET_PROPERTY","params":["combined",1],"id":1}', 1, 'Invalid value type: expected Boolean'],
    ['{"method":"SET_PROPERTY","params":["other",true],"id":1}', 0, 'Unknown property'],
    ['{"method":"GET_PROPERTY","params":["combined",true],"id":1}', 2, 'too many parameters'],
  ])('%s is refused with code %s', (text, code, msg) => {
    const answer = parseControl(text)
    expect(isControlError(answer)).toBe(true)
    expect(answer).toMatchObject({ code, msg: expect.stringContaining(msg) as string })
  })
})

describe('symbols on the wire', () => {
  const instrument = (venue: string, symbol: string, priceDecimals = 2) => ({
    ...{ venue, symbol, priceDecimals, quantityDecimals: 3 },
  })

  it('are upper case, without what the venue does not allow', () => {
    expect(['aapl', 'BTC-USD', 'BRK.B', 'BTC/USD', 'X:Y_1'].map(wireSymbolOf)).toEqual([
      ...['AAPL', 'BTC-USD', 'BRK.B', 'BTCUSD', 'XY_1'],
    ])
  })

  it('mean the instrument that was seen first, whose decimals grow', async () => {
    const symbols = new VenueSymbols(async () => [instrument('a', 'BTC/USD'), instrument('b', 'BTCUSD', 8)])
    expect(await symbols.all()).toEqual([{ ...instrument('a', 'BTC/USD'), wireSymbol: 'BTCUSD' }])
    expect(symbols.learn(instrument('b', 'BTCUSD'))).toBeUndefined()
    expect(symbols.learn(instrument('a', 'BTC/USD', 4))).toMatchObject({ priceDecimals: 4 })
    expect(await symbols.find('BTCUSD')).toMatchObject({ venue: 'a', priceDecimals: 4 })
    expect(await symbols.find('NOPE')).toBeUndefined()
  })
})
