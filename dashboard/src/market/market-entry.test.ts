import { expect, it } from 'vitest'
import type { MarketRow } from '../../../src/protocol/rest.ts'
import { candleAt } from '../chart/candle-fixture.ts'
import { entryFromRow, entryWithCandle, spreadBasisPoints } from './market-entry.ts'

const ROW: MarketRow = {
  symbol: 'V',
  venue: 'sim',
  last: '101.00',
  change24h: '1.00',
  changePercent24h: 1,
  high24h: '102.00',
  low24h: '99.00',
  volume24h: '1000',
  quoteVolume24h: '100500',
  vwap24h: '100.500000',
  tradeCount24h: 10,
  bid: null,
  ask: null,
  spreadBasisPoints: null,
  lastTradeTimeMs: 60_000,
  alertCount24h: 0,
  sparkline: [100, 101],
}

it('measures a live price from the same base as the summary, exactly', () => {
  const entry = entryWithCandle(entryFromRow(ROW, undefined, 0), candleAt(2, { close: '100.10' }), 125_000, 0)
  expect(entry).toMatchObject({ last: '100.10', change: '0.10', lastTradeTimeMs: 125_000 })
  expect(entry.changePercent).toBeCloseTo(0.1, 10)
  expect(entry.sparkline).toEqual([100, 100.1])
})

it('does not let the correction of an older minute move the price', () => {
  const entry = entryWithCandle(entryFromRow(ROW, undefined, 0), candleAt(5, { close: '100.10' }), 0, 0)
  expect(entryWithCandle(entry, candleAt(4, { close: '90.00' }), 0, 0)).toBe(entry)
})

it('keeps a fresh live price over a summary, and takes the summary once nothing came for a while', () => {
  const live = entryWithCandle(entryFromRow(ROW, undefined, 1000), candleAt(2, { close: '100.10' }), 0, 1000)
  expect(entryFromRow(ROW, live, 2000).last).toBe('100.10')
  expect(entryFromRow(ROW, live, 5000).last).toBe('101.00')
})

it('gives the spread in hundredths of a percent of the middle', () => {
  expect(spreadBasisPoints('99.99', '100.01')).toBeCloseTo(2, 10)
  expect(spreadBasisPoints('0', '0')).toBeNull()
})
