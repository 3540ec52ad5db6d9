import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { EVENT_TIME_MAX_US } from '../../events/limits.ts'
import { InputDirectory, replay } from './replay-test-kit.ts'

const inputs = new InputDirectory()
afterAll(() => inputs.remove())

const replayLines = (...lines: string[]) => replay([inputs.writeLines(...lines)])

describe('CSV', () => {
  it('takes columns in any order and case, quotes, CRLF and a byte order mark', async () => {
    const path = inputs.write(
      '\uFEFFId,"Side",QUANTITY,Price,note,Symbol,Time\r\n' +
        '5,BUY,0.5,"10.25","a, ""b""",AAPL,2024-08-08T23:54:15.088176Z\r\n' +
        ',s,1,10.5,,AAPL,1723161255.5\r\n',
    )
    const { trades, counts } = await replay([path])
    expect(counts.bad).toBe(0)
    expect(trades).toEqual([
      {
        type: 'trade',
        venue: 'file',
        symbol: 'AAPL',
        id: 5,
        price: '10.25',
        quantity: '0.5',
        takerSide: 'buy',
        eventTimeMs: 1723161255088.176,
        receivedTimeMs: 1723161255088.176,
      },
      {
        type: 'trade',
        venue: 'file',
        symbol: 'AAPL',
        price: '10.50',
        quantity: '1.0',
        takerSide: 'sell',
        eventTimeMs: 1723161255500,
        receivedTimeMs: 1723161255500,
      },
    ])
  })

  it('knows other names of the columns, and a venue per row', async () => {
    const { trades } = await replayLines(
      'timestamp,venue,symbol,price,qty',
      '1723161255088,nyse,JPM,1,2',
      '1723161255088,,JPM,1,2',
    )
    expect(trades.map((row) => row.venue)).toEqual(['nyse', 'file'])
    for (const header of ['ts,symbol,price,size', 'Event_Time,Ticker,Price,Amount']) {
      expect((await replayLines(header, '1723161255,JPM,1,2')).trades).toHaveLength(1)
    }
  })

  it('counts bad rows by reason', async () => {
    const { counts, trades } = await replayLines(
      'time,symbol,price,quantity,side,id',
      '1723161255,AAPL,1,2,buy,1',
      '1723161255,AAPL,1,2,buy',
      '1723161255,AAPL,"1,2,buy,1',
      '9999-12-31,AAPL,1,2,buy,1',
      '0001-01-01T00:00:00Z,AAPL,1,2,buy,1',
      '1723161255,__proto__,1,2,buy,1',
      '1723161255,AAPL,NaN,2,buy,1',
      '1723161255,AAPL,1,-2,buy,1',
      '1723161255,AAPL,1,2,long,1',
      '1723161255,AAPL,1,2,buy,1.5',
      '1723161255,AAPL,1,2,buy,99999999999999999',
      'time,symbol,price,quantity,side,id',
      ',,,,,',
    )
    expect(trades).toHaveLength(1)
    expect(counts.badByReason).toEqual({
      malformed: 2,
      'invalid-time': 2,
      'invalid-symbol': 2,
      'invalid-price': 1,
      'invalid-quantity': 1,
      'invalid-side': 1,
      'invalid-id': 2,
    })
    expect(counts.passedOverByKind).toEqual({ 'CSV header': 2 })
  })

  it('without a needed column is refused with the column named', async () => {
    const { errors } = await replay([inputs.writeLines('time,symbol,price', '1,2,3')], { format: 'csv' })
    expect(errors[0]).toMatchObject({ code: 'format-unknown', message: expect.stringContaining('quantity') })
  })
})

describe('FinPulse NDJSON', () => {
  const aDecimal = fc
    .tuple(fc.bigInt({ min: 1n, max: 10n ** 14n }), fc.integer({ min: 0, max: 8 }))
    .map(([digits, decimals]) => {
      const text = digits.toString().padStart(decimals + 1, '0')
      return decimals === 0 ? text : `${text.slice(0, -decimals)}.${text.slice(-decimals)}`
    })
  const aTime = fc.integer({ min: 0, max: EVENT_TIME_MAX_US - 1 }).map((timeUs) => timeUs / 1000)
  const aName = { venue: fc.constantFrom('simulator', 'x-1'), symbol: fc.constantFrom('AAPL', 'BTC/USDT', 'ÄÖ') }
  const aTrade = fc.record(
    {
      type: fc.constant('trade'),
      ...aName,
      id: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      price: aDecimal,
      quantity: aDecimal,
      takerSide: fc.constantFrom('buy', 'sell', 'unknown'),
      eventTimeMs: aTime,
      receivedTimeMs: aTime,
      isOffMarket: fc.constant(true),
    },
    { requiredKeys: ['type', 'venue', 'symbol', 'price', 'quantity', 'takerSide', 'eventTimeMs', 'receivedTimeMs'] },
  )
  const aQuote = fc.record(
    {
      type: fc.constant('quote'),
      ...aName,
      bidPrice: aDecimal,
      bidQuantity: aDecimal,
      askPrice: aDecimal,
      askQuantity: aDecimal,
      eventTimeMs: aTime,
      receivedTimeMs: aTime,
      sequence: fc.nat(),
    },
    {
      requiredKeys: [
        'type',
        'venue',
        'symbol',
        'bidPrice',
        'bidQuantity',
        'askPrice',
        'askQuantity',
        'eventTimeMs',
        'receivedTimeMs',
      ],
    },
  )

  it('that was written from events reads back as the same events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(aTrade, aQuote), { minLength: 1, maxLength: 30 }), async (events) => {
        const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row))
        const first = await replayLines(...lines(events))
        // A row may be refused where its digits do not fit beside those of another: what is left must come back whole.
        expect(first.counts.trades + first.counts.quotes + (first.counts.badByReason.overflow ?? 0)).toBe(events.length)
        const written = [...lines(first.trades), ...lines(first.quotes)]
        if (written.length === 0) return
        const second = await replayLines(...written)
        expect(second.trades).toEqual(first.trades)
        expect(second.quotes).toEqual(first.quotes)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a line of FinPulse NDJSON', () => {
  it('keeps off-market trades, aggregates and missing ids', async () => {
    const base = {
      type: 'trade',
      venue: 'v',
      symbol: 'A',
      price: '1.0',
      quantity: '2',
      takerSide: 'sell',
      eventTimeMs: 5.001,
      receivedTimeMs: 6,
    }
    const rows = [{ ...base, id: 3, lastId: 9, isOffMarket: true }, base]
    const { trades } = await replayLines(...rows.map((row) => JSON.stringify(row)))
    expect(trades).toEqual(rows)
  })

  it('may begin with any type', async () => {
    const others = ['payment', 'payment-label', 'market-label', 'candle', 'alert', 'gap', 'dead-letter']
    const trade = '{"type":"trade","symbol":"AAPL","price":"10","quantity":"1","eventTimeMs":1723161255500}'
    for (const type of others) {
      const { trades, counts } = await replayLines(JSON.stringify({ type }), trade)
      expect(trades, type).toHaveLength(1)
      expect(counts.bad, type).toBe(0)
    }
  })

  it('passes over other types and refuses what is wrong', async () => {
    const good = { type: 'trade', venue: 'v', symbol: 'A', price: '1', quantity: '2', eventTimeMs: 1 }
    const { counts, trades } = await replayLines(
      ...[
        good,
        { type: 'candle' },
        { type: 'alert' },
        { type: 'gap' },
        { ...good, price: 1.25 },
        { ...good, price: 'x' },
        { ...good, quantity: null },
        { ...good, takerSide: 'long' },
        { ...good, eventTimeMs: 253402300799000 },
        { ...good, eventTimeMs: '1' },
        { ...good, receivedTimeMs: -1 },
        { ...good, id: 2 ** 53 },
        { ...good, id: 5, lastId: 4 },
        { ...good, symbol: '__proto__' },
        { ...good, isOffMarket: 'yes' },
        { type: 5 },
        [],
        7,
      ].map((row) => JSON.stringify(row)),
      '{"type":"trade","symbol"',
    )
    expect(trades.map((row) => row.price)).toEqual(['1.00', '1.25'])
    expect(counts.passedOverByKind).toEqual({ candle: 1, alert: 1, gap: 1 })
    expect(counts.badByReason).toEqual({
      'invalid-price': 1,
      'invalid-quantity': 1,
      'invalid-side': 1,
      'invalid-time': 3,
      'invalid-id': 2,
      'invalid-symbol': 1,
      'unknown-shape': 4,
      malformed: 1,
    })
  })
})
