import { z } from 'zod'
import { baseUrl, duration, symbol } from './fields.ts'

/** The key is none of the settings: it comes from ALPHA_VANTAGE_API_KEY alone, so that no file or status shows it. */
export const alphaVantageSchema = z.strictObject({
  type: z.literal('alpha-vantage'),
  symbols: z.array(symbol).min(1).max(10_000).default(['IBM']),
  function: z.enum(['GLOBAL_QUOTE', 'TIME_SERIES_INTRADAY']).default('GLOBAL_QUOTE'),
  /** Of intraday bars. */
  barMinutes: z.literal([1, 5, 15, 30, 60]).default(1),
  /** How often each symbol is asked for where the quota allows it. */
  pollEvery: duration('feed.pollEvery').prefault('1m'),
  requestsPerDay: z.int().min(1).max(10_000_000).default(25),
  requestsPerMinute: z.int().min(1).max(10_000).default(5),
  /** Trading hours of New York, or around the clock. */
  hours: z.enum(['nyse', 'always']).default('nyse'),
  /** Days without trading beside those of the exchange. */
  holidays: z.array(z.iso.date()).max(1000).default([]),
  /** Base address instead of the vendor's own. */
  url: baseUrl.optional(),
})
