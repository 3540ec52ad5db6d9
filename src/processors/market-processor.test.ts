import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bruteForceCandles } from '../../tests/support/brute-force-candles.ts'
import { CollectedOutputs } from '../../tests/support/collected-outputs.ts'
import { batchOf, type TestTrade } from '../../tests/support/trades.ts'
import { MarketProcessor } from './market-processor.ts'

const START_MS = 1_700_000_000_000 - (1_700_000_000_000 % 86_400_000)

function run(trades: readonly TestTrade[], cuts: readonly number[] = [], restarts = false): CollectedOutputs {
  const outputs = new CollectedOutputs()
  let processor = new MarketProcessor({}, outputs)
  const edges = [0, ...[...cuts].sort((a, b) => a - b), trades.length]
  for (let edge = 1; edge < edges.length; edge++) {
    processor.onTrades(batchOf(processor.instruments, trades.slice(edges[edge - 1], edges[edge])))
    if (!restarts) continue
    const snapshot = processor.snapshot()
    processor = new MarketProcessor({}, outputs)
    processor.restore(snapshot)
  }
  processor.finish()
  return outputs
}

const side = fc.constantFrom('buy' as const, 'sell' as const, 'unknown' as const)
const decimal = (integerMax: bigint, decimals: number) =>
  fc.bigInt(1n, integerMax * 10n ** BigInt(decimals)).map((digits) => {
    const padded = digits.toString().padStart(decimals + 1, '0')
    return decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`
  })

/** Trades with gapless ids, in order of time, and how far each is moved back in arrival order. */
const stream = (priceMax: bigint, priceDecimals: number, quantityMax: bigint, quantityDecimals: number) =>
  fc
    .array(
      fc.record({
        stepMs: fc.integer({ min: 0, max: 40_000 }),
        price: decimal(priceMax, priceDecimals),
        quantity: decimal(quantityMax, quantityDecimals),
        side,
      }),
      { minLength: 1, maxLength: 120 },
    )
    .map((rows) => {
      let timeMs = START_MS
      return rows.map((row, id): TestTrade => {
        timeMs += row.stepMs
        return { timeMs, price: row.price, quantity: row.quantity, side: row.side, id }
      })
    })

function expectBruteForce(outputs: CollectedOutputs, trades: readonly TestTrade[], decimals: [number, number]): void {
  const expected = bruteForceCandles(trades, ...decimals)
  const actual = outputs.finalCandles()
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [key, candle] of expected) expect(actual.get(key), key).toMatchObject(candle)
}

describe('MarketProcessor', () => {
  it('builds the candles of the brute-force definition for ordinary prices', () => {
    fc.assert(
      fc.property(stream(100_000n, 2, 1000n, 3), (trades) => {
        // Ids are given to every trade, so that all decimals are known from the first one on.
        const padded = trades.map((trade) => ({ ...trade }))
        expectBruteForce(run(padded), padded, [2, 3])
      }),
      { numRuns: 60 },
    )
  })

  it('stays exact for prices of 1e-8, quantities of 1e12 with eight decimals and prices of twenty digits', () => {
    fc.assert(
      fc.property(stream(1n, 8, 1_000_000_000_000n, 8), (trades) => {
        expectBruteForce(run(trades), trades, [8, 8])
      }),
      { numRuns: 40 },
    )
    fc.assert(
      fc.property(stream(10n ** 14n, 6, 1000n, 4), (trades) => {
        expectBruteForce(run(trades), trades, [6, 4])
      }),
      { numRuns: 40 },
    )
  })

  it('gives the same outputs however the input is cut into batches and restarted from snapshots', () => {
    fc.assert(
      fc.property(
        stream(300n, 2, 1000n, 0),
        fc.array(fc.nat(120), { maxLength: 8 }),
        fc.boolean(),
        (trades, cuts, restarts) => {
          const bounded = cuts.map((cut) => Math.min(cut, trades.length))
          expect(run(trades, bounded, restarts).all).toEqual(run(trades).all)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('gives the same final candles for trades shuffled within the allowed lateness and repeated', () => {
    fc.assert(
      fc.property(stream(300n, 2, 1000n, 0), fc.infiniteStream(fc.nat(1_999)), (trades, delays) => {
        const arrivals = trades.flatMap((trade) => {
          const delay = delays.next().value ?? 0
          const arrival = { trade, atMs: trade.timeMs + delay }
          return delay % 10 === 0 ? [arrival, { trade, atMs: trade.timeMs + 1_999 }] : [arrival]
        })
        const shuffled = arrivals.sort((a, b) => a.atMs - b.atMs).map((arrival) => arrival.trade)
        const outputs = run(shuffled)
        expectBruteForce(outputs, trades, [2, 0])
        expect(outputs.gaps).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

describe('the end of a candle', () => {
  it('lets a trade at the close time belong to the next candle', () => {
    const outputs = run([
      { timeMs: START_MS, price: '1', quantity: '1' },
      { timeMs: START_MS + 59_999.999, price: '2', quantity: '1' },
      { timeMs: START_MS + 60_000, price: '3', quantity: '1' },
    ])
    const minutes = outputs.candles.filter((candle) => candle.interval === '1m')
    expect(minutes.map((candle) => [candle.open, candle.close])).toEqual([
      ['1', '2'],
      ['3', '3'],
    ])
  })

  it('closes a candle once the watermark reaches its close time, not before', () => {
    const outputs = new CollectedOutputs()
    const processor = new MarketProcessor({ allowedLatenessUs: 2_000_000 }, outputs)
    const add = (timeMs: number) =>
      processor.onTrades(batchOf(processor.instruments, [{ timeMs, price: '1', quantity: '1' }]))
    add(START_MS)
    add(START_MS + 61_999)
    expect(outputs.candles).toEqual([])
    add(START_MS + 62_000)
    expect(outputs.candles.map((candle) => candle.openTimeMs)).toEqual([START_MS])
  })

  it('closes candles by a promised watermark although nothing trades', () => {
    const outputs = new CollectedOutputs()
    const processor = new MarketProcessor({}, outputs)
    processor.onTrades(batchOf(processor.instruments, [{ timeMs: START_MS, price: '1', quantity: '1' }]))
    const idle = batchOf(processor.instruments, [])
    idle.watermarkUs = (START_MS + 60_000) * 1000
    processor.onTrades(idle)
    expect(outputs.candles).toHaveLength(1)
  })

  it('revises every candle over a trade that comes after they closed', () => {
    const late = { timeMs: START_MS + 30_000, price: '9', quantity: '5', id: 2 }
    const outputs = run([
      { timeMs: START_MS, price: '1', quantity: '1', id: 1 },
      { timeMs: START_MS + 400_000, price: '2', quantity: '1', id: 3 },
      late,
    ])
    const revised = outputs.candles.filter((candle) => candle.openTimeMs === START_MS && candle.high === '9')
    expect(revised.map((candle) => [candle.interval, candle.revision, candle.volume])).toEqual([
      ['1m', 1, '6'],
      ['5m', 1, '6'],
      ['15m', 0, '7'],
      ['1h', 0, '7'],
      ['4h', 0, '7'],
      ['1d', 0, '7'],
    ])
  })

  it('refuses a trade older than every kept candle with a dead letter', () => {
    const minutes = Array.from({ length: 10 }, (_, minute) => ({
      timeMs: START_MS + minute * 600_000,
      price: '1',
      quantity: '1',
    }))
    const outputs = run([...minutes, { timeMs: START_MS + 1000, price: '1', quantity: '1' }])
    expect(outputs.deadLetters.map((letter) => letter.reason)).toEqual(['too-late'])
  })
})

describe('what the venue numbers', () => {
  it('declares a gap after the allowed lateness and marks the candles over it', () => {
    const outputs = run([
      { timeMs: START_MS, price: '1', quantity: '1', id: 10 },
      { timeMs: START_MS + 61_000, price: '1', quantity: '1', id: 15 },
      { timeMs: START_MS + 180_000, price: '1', quantity: '1', id: 16 },
      { timeMs: START_MS + 240_000, price: '1', quantity: '1', id: 17 },
    ])
    expect(outputs.gaps).toEqual([
      {
        type: 'gap',
        venue: 'test',
        symbol: 'ABC',
        fromId: 11,
        toId: 14,
        missingCount: 4,
        previousEventTimeMs: START_MS,
        eventTimeMs: START_MS + 61_000,
        foundBy: 'processor',
      },
    ])
    const minutes = outputs.candles.filter((candle) => candle.interval === '1m')
    expect(minutes.map((candle) => candle.completeness)).toEqual(['gapped', 'gapped', 'complete', 'partial'])
    expect(outputs.candles.find((candle) => candle.interval === '5m')?.completeness).toBe('gapped')
  })

  it('counts the venue trades of an aggregate and finds the gap behind it', () => {
    const outputs = run([
      { timeMs: START_MS, price: '1', quantity: '1', id: 10, tradeCount: 5 },
      { timeMs: START_MS + 10, price: '1', quantity: '1', id: 16, tradeCount: 2 },
    ])
    expect(outputs.gaps.map((gap) => [gap.fromId, gap.toId])).toEqual([[15, 15]])
    expect(outputs.candles[0]?.tradeCount).toBe(7)
  })

  it('sees no gap before the first number where trades without one come first', () => {
    const outputs = run([
      { timeMs: START_MS, price: '1', quantity: '1', id: -1 },
      { timeMs: START_MS + 10, price: '1', quantity: '1', id: 5_000_000_000 },
      { timeMs: START_MS + 90_000, price: '1', quantity: '1', id: 5_000_000_001 },
    ])
    expect(outputs.gaps).toEqual([])
    expect(outputs.candles[0]).toMatchObject({ tradeCount: 2, completeness: 'complete' })
  })

  it('leaves off-market trades out of candles without seeing a gap', () => {
    const outputs = run([
      { timeMs: START_MS, price: '100', quantity: '1', id: 1 },
      { timeMs: START_MS + 1, price: '1', quantity: '9', id: 2, isOffMarket: true },
      { timeMs: START_MS + 2, price: '101', quantity: '1', id: 3 },
    ])
    expect(outputs.gaps).toEqual([])
    expect(outputs.candles[0]).toMatchObject({ low: '100', volume: '2', tradeCount: 2 })
  })

  it('takes a smaller id at a later time for a venue that numbers anew, not for a duplicate', () => {
    const outputs = run([
      { timeMs: START_MS, price: '1', quantity: '1', id: 500 },
      { timeMs: START_MS, price: '1', quantity: '1', id: 500 },
      { timeMs: START_MS + 5, price: '1', quantity: '1', id: 1 },
    ])
    expect(outputs.candles[0]?.tradeCount).toBe(2)
  })
})

describe('candles under way', () => {
  it('keeps candles exact when an instrument starts to print more decimals', () => {
    const trades = [
      { timeMs: START_MS, price: '100', quantity: '1', side: 'buy' as const },
      { timeMs: START_MS + 1, price: '100.5', quantity: '0.25', side: 'sell' as const },
      { timeMs: START_MS + 2, price: '99.125', quantity: '3', side: 'buy' as const },
    ]
    const outputs = run(trades, [1, 2])
    expect(outputs.candles[0]).toMatchObject({
      open: '100.000',
      high: '100.500',
      low: '99.125',
      close: '99.125',
      volume: '4.25',
      quoteVolume: '422.50000',
      takerBuyQuoteVolume: '397.37500',
      vwap: '99.4117647',
    })
  })

  it('gives provisional candles every two seconds of event time, and ends', () => {
    const outputs = new CollectedOutputs()
    const processor = new MarketProcessor({ provisionalEveryUs: 2_000_000 }, outputs)
    const trades = Array.from({ length: 10 }, (_, second) => ({
      timeMs: START_MS + second * 1000,
      price: '1',
      quantity: '1',
    }))
    processor.onTrades(batchOf(processor.instruments, trades))
    const provisional = outputs.candles.filter((candle) => candle.interval === '1m')
    expect(provisional.map((candle) => [candle.isFinal, candle.tradeCount])).toEqual([
      [false, 4],
      [false, 6],
      [false, 8],
    ])
    processor.finish()
    expect(outputs.candles.filter((candle) => candle.isFinal)).toHaveLength(6)
  })

  it('shows what is open so far, per interval', () => {
    const processor = new MarketProcessor({}, new CollectedOutputs())
    processor.onTrades(
      batchOf(processor.instruments, [
        { timeMs: START_MS, price: '1', quantity: '1' },
        { timeMs: START_MS + 59_000, price: '2', quantity: '1' },
        { timeMs: START_MS + 60_500, price: '3', quantity: '1' },
      ]),
    )
    const open = processor.openCandles(0)
    expect(open.map((candle) => [candle.interval, candle.open, candle.close, candle.isFinal])).toEqual([
      ['1m', '1', '2', false],
      ['1m', '3', '3', false],
      ...['5m', '15m', '1h', '4h', '1d'].map((interval) => [interval, '1', '3', false]),
    ])
  })
})

describe('alerts', () => {
  const calm = (count: number) =>
    Array.from({ length: count }, (_, second) => ({
      timeMs: START_MS + second * 1000,
      price: second % 2 === 0 ? '100.0' : '100.2',
      quantity: '1',
    }))

  it('fires HIGH SPIKE when a price lies more than 3.5 deviations above the last 30', () => {
    const outputs = run([...calm(30), { timeMs: START_MS + 30_000, price: '100.6', quantity: '1' }])
    expect(outputs.alerts).toMatchObject([{ kind: 'z-score', severity: 'HIGH', direction: 'SPIKE', threshold: 3.5 }])
    expect(outputs.alerts[0]?.value).toBeCloseTo(5, 6)
  })

  it('fires MEDIUM DROP between 2.5 and 3.5 deviations', () => {
    const outputs = run([...calm(30), { timeMs: START_MS + 30_000, price: '99.8', quantity: '1' }])
    expect(outputs.alerts).toMatchObject([{ severity: 'MEDIUM', direction: 'DROP', value: -3, threshold: 2.5 }])
  })

  it('is silent at exactly the threshold and before 30 prices are known', () => {
    expect(run([...calm(30), { timeMs: START_MS + 30_000, price: '100.35', quantity: '1' }]).alerts).toEqual([])
    expect(run([...calm(29), { timeMs: START_MS + 29_000, price: '104', quantity: '1' }]).alerts).toEqual([])
  })

  it('reports a move of more than 5 % within a minute once, and exactly 5 % not at all', () => {
    const at = (second: number, price: string) => ({ timeMs: START_MS + second * 1000, price, quantity: '1' })
    expect(run([at(0, '100'), at(60, '105')]).alerts).toEqual([])
    expect(run([at(0, '100'), at(61, '106')]).alerts).toEqual([])
    const outputs = run([at(0, '100'), at(30, '105.1'), at(31, '105.2'), at(40, '99')])
    expect(outputs.alerts.map((alert) => [alert.kind, alert.direction, alert.value])).toEqual([
      ['price-move', 'SPIKE', 5.1],
      ['price-move', 'DROP', -5.893536],
    ])
  })

  it('reports a minute whose volume lies more than 3 deviations from the minutes before', () => {
    const minutes = Array.from({ length: 24 }, (_, minute) => ({
      timeMs: START_MS + minute * 60_000,
      price: '100',
      quantity: minute === 22 ? '50' : minute % 2 === 0 ? '10' : '12',
    }))
    const outputs = run(minutes)
    expect(outputs.alerts).toMatchObject([{ kind: 'volume', direction: 'SPIKE', severity: 'HIGH' }])
    expect(outputs.alerts[0]?.evidence.openTimeMs).toBe(START_MS + 22 * 60_000)
  })
})
