import { z } from 'zod'
import { alphaVantageSchema } from './alpha-vantage-settings.ts'
import { baseUrl, duration, symbol } from './fields.ts'

/** Thresholds of which the feed says what they may be. Absent ones are never met. */
const thresholdsSchema = z.strictObject({
  /** Of the price over `window`, in either direction. */
  changePercent: z.number().optional(),
  window: duration('window').optional(),
  /** Levels of the price. */
  above: z.number().optional(),
  below: z.number().optional(),
  /** Volume of a poll interval as a multiple of its mean. */
  volumeFactor: z.number().optional(),
  /** Share of a threshold that keeps a symbol streamed. */
  hysteresis: z.number().optional(),
  levelBandPercent: z.number().optional(),
  /** Without any threshold met for this long a symbol is polled again. */
  calm: duration('calm').optional(),
  minimumStay: duration('minimumStay').optional(),
})

export const thresholdSchema = z.strictObject({
  type: z.literal('threshold'),
  /** As the polled source names them. */
  symbols: z.array(symbol).min(1).max(500).default(['btcusdt', 'ethusdt']),
  poll: z.enum(['binance', 'alpha-vantage']).default('binance'),
  stream: z.enum(['binance', 'kraken']).default('binance'),
  /** Of Binance. */
  market: z.enum(['spot', 'usdm']).default('spot'),
  pollEvery: duration('feed.pollEvery').prefault('10s'),
  streamedMaxCount: z.int().min(1).max(200).default(20),
  /** Of all symbols. */
  thresholds: thresholdsSchema.prefault({ changePercent: 1 }),
  /** By symbol, instead of those above. */
  bySymbol: z.record(symbol, thresholdsSchema).default({}),
  /** By symbol, its name at the streamed source where that is another: `{ btcusdt: BTC/USD }`. */
  streamAs: z.record(symbol, symbol).default({}),
  /** Quota, hours and address of Alpha Vantage where that is polled. */
  alphaVantage: alphaVantageSchema.omit({ type: true, symbols: true, pollEvery: true }).prefault({}),
  /** Base of the WebSocket addresses, and with `http` for `ws` of the REST ones, instead of the venue's own. */
  url: baseUrl.optional(),
  restUrl: baseUrl.optional(),
})
