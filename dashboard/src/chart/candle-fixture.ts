import type { Candle } from '../../../src/events/candle.ts'

/** A 1m candle for tests. @param minute its open time */
export function candleAt(minute: number, part: Partial<Candle> = {}): Candle {
  return {
    type: 'candle',
    venue: 'sim',
    symbol: 'V',
    interval: '1m',
    openTimeMs: minute * 60_000,
    closeTimeMs: (minute + 1) * 60_000,
    open: '10',
    high: '12',
    low: '9',
    close: '11',
    volume: '5',
    quoteVolume: '52',
    tradeCount: 4,
    takerBuyVolume: '2',
    takerBuyQuoteVolume: '21',
    vwap: '10.4',
    isFinal: false,
    revision: 0,
    completeness: 'complete',
    ...part,
  }
}
