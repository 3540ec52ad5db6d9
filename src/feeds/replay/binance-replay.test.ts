import { afterAll, describe, expect, it } from 'vitest'
import { InstrumentTable } from '../../events/instrument.ts'
import { InputDirectory, replay } from './replay-test-kit.ts'

const inputs = new InputDirectory()
afterAll(() => inputs.remove())

interface Message {
  readonly [field: string]: unknown
}

const TRADE = {
  e: 'trade',
  E: 1723161256322,
  T: 1723161256320,
  s: 'BTCUSDT',
  t: 7,
  p: '61800.30',
  q: '0.006',
  m: false,
}
const AGG = {
  e: 'aggTrade',
  E: 1723161256322,
  s: 'BTCUSDT',
  a: 3,
  p: '1.5',
  q: '2',
  f: 10,
  l: 14,
  T: 1723161256320,
  m: true,
}
const SPOT_TICKER = { u: 9, s: 'BTCUSDT', b: '61800.20', B: '2.507', a: '61800.30', A: '2.510' }
const FUTURES_TICKER = { e: 'bookTicker', ...SPOT_TICKER, T: 1723161256313, E: 1723161256319 }
const RECEIVED = '1723161255088176367'

const trade = (change: Message = {}) => JSON.stringify({ ...TRADE, ...change })
const combined = (message: object) => JSON.stringify({ stream: 'btcusdt@x', data: message })
const replayLines = (...lines: string[]) => replay([inputs.writeLines(...lines)])

describe('a Binance trade', () => {
  it('is dated by its trade time, not by E or arrival', async () => {
    const { trades } = await replayLines(`${RECEIVED} ${combined({ ...TRADE, X: 'MARKET' })}`)
    expect(trades).toEqual([
      {
        type: 'trade',
        venue: 'binance-usdm',
        symbol: 'BTCUSDT',
        id: 7,
        price: '61800.30',
        quantity: '0.006',
        takerSide: 'buy',
        eventTimeMs: 1723161256320,
        receivedTimeMs: 1723161255088.176,
      },
    ])
  })

  it('is a sell when the buyer was the maker', async () => {
    const { trades } = await replayLines(trade({ m: true }))
    expect(trades[0]?.takerSide).toBe('sell')
  })

  it('counts as off market on futures unless X is MARKET', async () => {
    const { trades } = await replayLines(
      trade({ X: 'MARKET' }),
      trade({ X: 'INSURANCE_FUND' }),
      trade({ X: 'ADL' }),
      trade(),
    )
    expect(trades.map((row) => row.isOffMarket)).toEqual([undefined, true, true, undefined])
  })

  it('of type NA with price and quantity 0 is passed over', async () => {
    const { counts } = await replayLines(trade({ X: 'MARKET' }), trade({ X: 'NA', p: '0', q: '0' }))
    expect(counts).toMatchObject({ trades: 1, bad: 0, passedOverByKind: { 'trade without quantity': 1 } })
  })

  it('that stands for several carries their first and last id', async () => {
    const { trades } = await replayLines(JSON.stringify(AGG))
    expect(trades[0]).toMatchObject({ id: 10, lastId: 14, takerSide: 'sell', price: '1.5' })
  })

  it('is taken from one stream per symbol: the first that comes', async () => {
    const { trades, counts } = await replayLines(
      trade(),
      JSON.stringify(AGG),
      JSON.stringify({ ...AGG, s: 'ETHUSDT' }),
      trade({ s: 'ETHUSDT' }),
    )
    expect(trades.map((row) => [row.symbol, row.id])).toEqual([
      ['BTCUSDT', 7],
      ['ETHUSDT', 10],
    ])
    expect(counts.passedOverByKind).toEqual({ 'aggTrade besides trade': 1, 'trade besides aggTrade': 1 })
  })
})

describe('a Binance trade line', () => {
  it('may have its time in µs', async () => {
    const { trades } = await replayLines(trade({ T: 1723161256320123 }))
    expect(trades[0]?.eventTimeMs).toBe(1723161256320.123)
  })

  it('without receive time counts as received at its event time', async () => {
    const { trades } = await replayLines(trade())
    expect(trades[0]?.receivedTimeMs).toBe(1723161256320)
  })

  it('reads the same with spaces, escapes, other key order and numbers in place of texts', async () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(TRADE).reverse()))
    const { trades, counts } = await replayLines(
      trade(),
      reversed,
      JSON.stringify(TRADE, null, 1).replaceAll('\n', ' '),
      trade().replace('BTCUSDT', '\\u0042TC\\u0055SDT'),
      trade().replace('"61800.30"', '61800.30'),
      JSON.stringify({ data: TRADE, stream: 'x' }),
      `  ${trade()}\r`,
      trade({ t: '7' }),
    )
    expect(counts.bad).toBe(0)
    expect(trades).toHaveLength(8)
    expect(new Set(trades.map((row) => JSON.stringify(row))).size).toBe(1)
  })
})

describe('the receive time', () => {
  it('may be in s, ms, µs or ns, with or without a colon', async () => {
    const { trades } = await replayLines(
      ...['1723161255', '1723161255.25:', '1723161255088', '1723161255088176', RECEIVED].map(
        (time) => `${time} ${trade()}`,
      ),
    )
    expect(trades.map((row) => row.receivedTimeMs)).toEqual([
      1723161255000, 1723161255250, 1723161255088, 1723161255088.176, 1723161255088.176,
    ])
  })

  it('outside 1970 to 2099 makes a bad line', async () => {
    const { counts } = await replayLines(trade(), `253402300799000 ${trade()}`, `12 ${trade()}`)
    expect(counts).toMatchObject({ trades: 2, badByReason: { 'invalid-time': 1 } })
  })
})

describe('a Binance quote', () => {
  it('of futures is dated by T', async () => {
    const { quotes } = await replayLines(`${RECEIVED} ${combined(FUTURES_TICKER)}`)
    expect(quotes).toEqual([
      {
        type: 'quote',
        venue: 'binance-usdm',
        symbol: 'BTCUSDT',
        bidPrice: '61800.20',
        bidQuantity: '2.507',
        askPrice: '61800.30',
        askQuantity: '2.510',
        eventTimeMs: 1723161256313,
        receivedTimeMs: 1723161255088.176,
        sequence: 9,
      },
    ])
  })

  it('of spot has no e and no time: it is dated by its arrival', async () => {
    const { quotes } = await replayLines(`${RECEIVED} ${combined(SPOT_TICKER)}`)
    expect(quotes[0]).toMatchObject({ venue: 'binance-spot', eventTimeMs: 1723161255088.176, sequence: 9 })
  })

  it('of spot without arrival is dated by the last trade, and passed over before there is one', async () => {
    const { quotes, counts } = await replayLines(JSON.stringify(SPOT_TICKER), trade(), JSON.stringify(SPOT_TICKER))
    expect(quotes.map((row) => row.eventTimeMs)).toEqual([1723161256320])
    expect(counts.passedOverByKind).toEqual({ 'bookTicker before any time': 1 })
  })

  it('with one empty side is passed over', async () => {
    const { counts } = await replayLines(`${RECEIVED} ${JSON.stringify({ ...SPOT_TICKER, b: '0.00', B: '0.000' })}`)
    expect(counts).toMatchObject({ quotes: 0, bad: 0, passedOverByKind: { 'one-sided bookTicker': 1 } })
  })
})

describe('the venue of a capture', () => {
  const depth = { e: 'depthUpdate', E: 1, s: 'BTCUSDT', U: 1, u: 2, b: [], a: [] }

  it('is told from marks that only futures have, before the first row', async () => {
    for (const mark of [{ ...TRADE, X: 'MARKET' }, FUTURES_TICKER, { ...depth, pu: 0 }]) {
      const { trades } = await replayLines(trade(), combined(mark))
      expect(trades[0]?.venue).toBe('binance-usdm')
    }
    const coin = { ...FUTURES_TICKER, s: 'BTCUSD_PERP', ps: 'BTCUSD' }
    expect((await replayLines(combined(coin))).quotes[0]?.venue).toBe('binance-coinm')
    expect((await replayLines(trade(), combined(depth))).trades[0]?.venue).toBe('binance-spot')
  })

  it('is what the caller says, where he says', async () => {
    const { trades } = await replay([inputs.writeLines(trade({ X: 'MARKET' }))], { venue: 'elsewhere' })
    expect(trades[0]?.venue).toBe('elsewhere')
  })
})

describe('what is no trade and no quote', () => {
  it('is counted by kind and passed over', async () => {
    const { counts } = await replayLines(
      trade(),
      combined({ e: 'depthUpdate', E: 1, s: 'X', b: [['1', '2']], a: [] }),
      combined({ E: 1, s: 'X', b: [['1', '2']], a: [], e: 'depthUpdate' }),
      combined({ e: 'kline', k: { t: 1 } }),
      combined({ e: 'markPriceUpdate' }),
      `${RECEIVED} {"lastUpdateId":5,"bids":[["1","2"]],"asks":[]}`,
      '{"result":null,"id":1}',
      'wss://stream.binance.com:9443/stream?streams=a/b <-> 1633998511.159679',
      'wss://stream.binance.com:9443/stream <- 1633998511.16: {"method":"SUBSCRIBE"}',
      'https://api.binance.com/api/v3/depth?symbol=X -> 1633998512.320639: {"lastUpdateId":1}',
      '',
    )
    expect(counts.bad).toBe(0)
    expect(counts.passedOverByKind).toEqual({
      depthUpdate: 2,
      kline: 1,
      markPriceUpdate: 1,
      'depth snapshot': 1,
      'subscription answer': 1,
      'recorder note': 2,
      'HTTP answer': 1,
    })
  })

  it('is told apart by a bounded number of kinds', async () => {
    const { counts } = await replayLines(
      trade(),
      ...Array.from({ length: 500 }, (_, n) => `{"e":"kind${n}"}`),
      '{"e":"__proto__"}',
    )
    expect(Object.keys(counts.passedOverByKind).length).toBeLessThan(80)
    expect(counts.passedOver).toBe(501)
  })
})

describe('a bad line', () => {
  const bad: readonly [string, string | Buffer][] = [
    ['malformed', trade().slice(0, 40)],
    ['malformed', `${combined({ e: 'depthUpdate', b: [['1', '2']] }).slice(0, -4)}`],
    ['malformed', 'garbage'],
    ['malformed', '\0\0\0'],
    ['malformed', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['malformed', `${RECEIVED}`],
    ['unknown-shape', '{"foo":1}'],
    ['unknown-shape', '{}'],
    ['invalid-price', trade({ p: 'NaN' })],
    ['invalid-price', trade({ p: '-1' })],
    ['invalid-price', trade({ p: '0.00' })],
    ['invalid-price', trade({ p: null })],
    ['invalid-price', trade({ p: [1] })],
    ['invalid-price', trade({ p: undefined })],
    ['invalid-price', trade({ p: '' })],
    ['invalid-price', trade({ p: 'Infinity' })],
    ['invalid-quantity', trade({ q: '0' })],
    ['invalid-quantity', trade({ q: '-0.006' })],
    ['invalid-quantity', trade({ q: true })],
    ['overflow', trade({ p: `1${'0'.repeat(40)}` })],
    ['overflow', trade({ p: `0.${'0'.repeat(20)}1` })],
    ['overflow', trade({ p: '999999999999999999', q: '99999999999999999' })],
    ['invalid-time', trade({ T: 253402300799000 })],
    ['invalid-time', trade({ T: -62135596800000 })],
    ['invalid-time', trade({ T: 0 })],
    ['invalid-time', trade({ T: undefined })],
    ['invalid-time', trade({ T: 'yesterday' })],
    ['invalid-id', trade({ t: -1 })],
    ['invalid-id', trade({ t: 1.5 })],
    ['invalid-id', trade({ t: undefined })],
    ['invalid-id', trade().replace('"t":7', '"t":9007199254740993')],
    ['invalid-id', JSON.stringify({ ...AGG, s: 'ETHUSDT', l: 9 })],
    ['invalid-id', JSON.stringify({ ...AGG, s: 'ETHUSDT', l: 9e12 })],
    ['invalid-side', trade({ m: 'yes' })],
    ['invalid-side', trade({ m: undefined })],
    ['invalid-symbol', trade({ s: '__proto__' })],
    ['invalid-symbol', trade({ s: '' })],
    ['invalid-symbol', trade({ s: 'A'.repeat(65) })],
    ['invalid-symbol', trade({ s: undefined })],
    ['invalid-symbol', trade({ s: 5 })],
    ['invalid-price', JSON.stringify({ ...FUTURES_TICKER, b: '-1' })],
    ['invalid-quantity', JSON.stringify({ ...FUTURES_TICKER, A: 'x' })],
    ['too-long', `{"e":"trade","p":"${'9'.repeat(1_100_000)}"}`],
  ]

  it.each(bad)('is a dead letter with the reason %s', async (reason, line) => {
    const path = inputs.write(
      Buffer.concat([Buffer.from(`${trade()}\n`), Buffer.from(line), Buffer.from(`\n${trade()}\n`)]),
    )
    const { counts, deadLetters, trades, errors } = await replay([path])
    expect(errors).toEqual([])
    expect(counts.badByReason).toEqual({ [reason]: 1 })
    expect(trades).toHaveLength(2)
    expect(deadLetters).toHaveLength(1)
    expect(deadLetters[0]).toMatchObject({ type: 'dead-letter', reason, source: `${path}:2`, receivedTimeMs: TRADE.T })
    expect(deadLetters[0]!.sample.length).toBeLessThanOrEqual(512)
  })

  it('is kept as a sample only while it is one of the first of its reason', async () => {
    const { counts, deadLetters } = await replayLines(
      trade(),
      ...Array.from({ length: 100 }, () => 'x'),
      trade({ m: 1 }),
    )
    expect(counts).toMatchObject({ bad: 101, badByReason: { malformed: 100, 'invalid-side': 1 } })
    expect(deadLetters.map((letter) => letter.reason)).toEqual([...Array(5).fill('malformed'), 'invalid-side'])
  })

  it('does not make names of the language special', async () => {
    const { trades } = await replayLines(trade({ s: 'constructor' }), trade({ s: 'toString' }))
    expect(trades.map((row) => row.symbol)).toEqual(['constructor', 'toString'])
  })
})

describe('decimals', () => {
  it('start with those of the first row and widen, rows before included', async () => {
    const { trades } = await replayLines(
      trade({ p: '1.5', q: '1' }),
      trade({ p: '2.125', q: '0.1' }),
      trade({ p: '3', q: '1e-3' }),
    )
    expect(trades.map((row) => [row.price, row.quantity])).toEqual([
      ['1.500', '1.000'],
      ['2.125', '0.100'],
      ['3.000', '0.001'],
    ])
  })

  it('stay exact for prices of 1e-8 with quantities of 1e12, and for 20 digits', async () => {
    const { trades } = await replayLines(
      trade({ s: 'TINY', p: '1e-8', q: '1000000000000.12345678' }),
      trade({ s: 'WIDE', p: '12345678901234567890.1', q: '1' }),
    )
    expect(trades.map((row) => [row.price, row.quantity])).toEqual([
      ['0.00000001', '1000000000000.12345678'],
      ['12345678901234567890.1', '1'],
    ])
  })

  it('are not widened by an odd row that would make the others overflow', async () => {
    const { trades, counts } = await replayLines(
      trade({ p: '61800.30', q: '1000000000000.00000001' }),
      trade({ p: '61800.300000000000000001' }),
      trade({ p: '61800.40' }),
    )
    expect(counts.badByReason).toEqual({ overflow: 1 })
    expect(trades.map((row) => row.price)).toEqual(['61800.30', '61800.40'])
  })

  it('follow a table that knows more of them already', async () => {
    const instruments = new InstrumentTable()
    instruments.register('binance-spot', 'BTCUSDT', 4, 5)
    const { trades } = await replay([inputs.writeLines(trade())], { instruments })
    expect(trades.map((row) => [row.price, row.quantity])).toEqual([['61800.3000', '0.00600']])
  })
})
