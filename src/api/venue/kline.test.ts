import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { candleOf } from '../testing/sample-events.ts'
import { rollUp } from './kline.ts'
import {
  baseOf,
  isRolled,
  isVenueInterval,
  nextOpenTime,
  openTimeAfter,
  openTimeOf,
  VENUE_INTERVALS,
  type VenueInterval,
} from './kline-interval.ts'
import { klineRow } from './rest-rows.ts'
import { secondsOf } from './second-klines.ts'
import { baseCandles, bruteRows, spanOf, tradesArbitrary } from './testing/brute-klines.ts'

const END_MS = Date.UTC(2026, 10, 20, 12)
const ROLLED = VENUE_INTERVALS.filter(isRolled)

describe('intervals', () => {
  it('are the sixteen of the venue, by case', () => {
    expect(VENUE_INTERVALS.join(' ')).toBe('1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M')
    expect(VENUE_INTERVALS.every(isVenueInterval)).toBe(true)
    expect(['2m', '1H', '1W', '', 'toString'].some(isVenueInterval)).toBe(false)
  })

  it.each([
    // The example of the venue's documentation: 1499040000000 to 1499644799999.
    ['1w', '2017-07-07T00:00:00Z', '2017-07-03', '2017-07-10'],
    ['1w', '2024-02-29T12:00:00Z', '2024-02-26', '2024-03-04'],
    ['1w', '2024-01-01T00:00:00Z', '2024-01-01', '2024-01-08'],
    ['1w', '2023-12-31T23:59:59.999Z', '2023-12-25', '2024-01-01'],
    ['1M', '2024-02-29T12:00:00Z', '2024-02-01', '2024-03-01'],
    ['1M', '2023-12-31T23:59:59.999Z', '2023-12-01', '2024-01-01'],
    ['3d', '1970-01-03T23:00:00Z', '1970-01-01', '1970-01-04'],
    ['3d', '2017-08-17T04:00:00Z', '2017-08-16', '2017-08-19'],
    ['12h', '2024-02-29T12:00:00Z', '2024-02-29T12:00:00Z', '2024-03-01'],
  ] as const)('%s at %s opens at %s and ends at %s', (interval, at, open, close) => {
    const openTimeMs = openTimeOf(interval, Date.parse(at))
    expect([openTimeMs, openTimeAfter(interval, openTimeMs, 1)]).toEqual([Date.parse(open), Date.parse(close)])
  })

  it.each(VENUE_INTERVALS)('%s: every time is in exactly one span, which is that of the calendar', (interval) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0) }), (timeMs) => {
        const openTimeMs = openTimeOf(interval, timeMs)
        const closeTimeMs = openTimeAfter(interval, openTimeMs, 1)
        expect([openTimeMs, closeTimeMs]).toEqual(spanOf(interval, timeMs))
        expect(nextOpenTime(interval, openTimeMs)).toBe(openTimeMs)
        expect(nextOpenTime(interval, openTimeMs + 1)).toBe(closeTimeMs)
        expect(openTimeAfter(interval, openTimeMs, 25)).toBe(
          Array.from({ length: 25 }).reduce<number>((open) => openTimeAfter(interval, open, 1), openTimeMs),
        )
      }),
    )
  })
})

describe('a roll-up', () => {
  /** Trades spread over a few klines. */
  const tradesOver = (interval: VenueInterval) => {
    const [openTimeMs, closeTimeMs] = spanOf(interval, END_MS)
    return tradesArbitrary(END_MS, (closeTimeMs - openTimeMs) / 8)
  }

  it.each(ROLLED)('of %s is what the trades themselves give, to the digit', (interval) => {
    fc.assert(
      fc.property(tradesOver(interval), (trades) => {
        const parts = baseCandles(trades, baseOf(interval).base)
        expect(rollUp(parts, interval).map(klineRow)).toEqual(bruteRows(trades, interval))
      }),
    )
  })

  it('of seconds is what the trades give, in any order', () => {
    fc.assert(
      fc.property(tradesOver('1s'), fc.boolean(), (trades, isReversed) => {
        const rows = secondsOf(isReversed ? trades.toReversed() : trades).map(klineRow)
        expect(rows).toEqual(bruteRows(trades, '1s'))
      }),
    )
  })

  it('has the decimals of the part that has most, and no zeros of quote volumes that the engine leaves out', () => {
    const parts = [
      candleOf('X', 0, {
        open: '1.5',
        low: '1.5',
        high: '2.0',
        close: '2.0',
        volume: '1',
        quoteVolume: '2.0000000010',
      }),
      candleOf('X', 60_000, { open: '2.00', low: '1.75', high: '2.00', close: '1.75', quoteVolume: '3.0000000090' }),
    ]
    expect(rollUp(parts, '3m')).toMatchObject([
      { ...{ open: '1.50', high: '2.00', low: '1.50', close: '1.75' }, volume: '11.000', quoteVolume: '5.00000001' },
    ])
  })
})
