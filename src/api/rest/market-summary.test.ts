import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divideRounded, formatDecimal } from '../../base/decimal.ts'
import { candleOf, quoteOf, tradeOf } from '../testing/sample-events.ts'
import { NOW_MS } from '../testing/test-server.ts'
import { type MarketSources, marketRowsFrom } from './market-summary.ts'

const EMPTY: MarketSources = {
  summaries: [],
  openCandles: [],
  latestTrades: [],
  latestQuotes: [],
  alertCounts: new Map(),
  recentCloses: new Map(),
}

describe('market rows', () => {
  it('exist as soon as the first minute is open', () => {
    const [row] = marketRowsFrom({ ...EMPTY, openCandles: [candleOf('A', NOW_MS, { isFinal: false })] })
    expect(row).toMatchObject({ symbol: 'A', last: '100.50', change24h: '0.50', bid: null, spreadBasisPoints: null })
  })

  it('sums of any size are exact, and the VWAP is theirs', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 30n })
    fc.assert(
      fc.property(digits, digits, digits, digits, (volumeA, volumeB, quoteA, quoteB) => {
        const candle = (openTimeMs: number, volume: bigint, quote: bigint) =>
          candleOf('A', openTimeMs, {
            volume: formatDecimal(volume, 3),
            quoteVolume: formatDecimal(quote, 5),
            isFinal: false,
          })
        const openCandles = [candle(0, volumeA, quoteA), candle(60_000, volumeB, quoteB)]
        const [row] = marketRowsFrom({ ...EMPTY, openCandles })
        expect(row?.volume24h).toBe(formatDecimal(volumeA + volumeB, 3))
        expect(row?.quoteVolume24h).toBe(formatDecimal(quoteA + quoteB, 5))
        const volume = volumeA + volumeB
        const vwap = volume === 0n ? 0n : divideRounded((quoteA + quoteB) * 10n ** 4n, volume)
        expect(row?.vwap24h).toBe(formatDecimal(vwap, 6))
      }),
    )
  })

  it('a fall is a negative change, and a newer trade widens the range', () => {
    const openCandles = [candleOf('A', NOW_MS - 60_000, { isFinal: false })]
    const [row] = marketRowsFrom({
      ...EMPTY,
      openCandles,
      latestTrades: [tradeOf('A', 1, '98.7')],
      latestQuotes: [quoteOf('A', '98.60', '98.80')],
    })
    expect(row).toMatchObject({ last: '98.7', low24h: '98.7', high24h: '101.00', change24h: '-1.30' })
    expect(row?.changePercent24h).toBeCloseTo(-1.3, 4)
    expect(row?.spreadBasisPoints).toBeCloseTo(20.2634, 4)
  })

  it('a trade that its venue leaves out of candles is not the last price', () => {
    const openCandles = [candleOf('A', NOW_MS - 60_000, { isFinal: false })]
    const latestTrades = [{ ...tradeOf('A', 1, '5.00'), isOffMarket: true as const }]
    expect(marketRowsFrom({ ...EMPTY, openCandles, latestTrades })[0]?.last).toBe('100.50')
  })
})
