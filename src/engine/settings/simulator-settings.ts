import { z } from 'zod'
import { anomaliesSchema } from './anomaly-settings.ts'
import { duration, symbol } from './fields.ts'
import { modelsSchema } from './model-settings.ts'

export const simulatorSchema = z.strictObject({
  type: z.literal('simulator'),
  /** Where left out, ten well-known ones of the market. */
  symbols: z.array(symbol).min(1).max(10_000).optional(),
  ratePerSecond: z.number().positive().max(1e7).default(100),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
  /** History that a new market lives through first. */
  backfill: duration('feed.backfill').prefault('24h'),
  /** Event time of the first trade, ISO 8601, instead of now less the back-fill. */
  startTime: z.iso.datetime().optional(),
  market: z.enum(['equity', 'crypto']).default('equity'),
  /** Around the clock, or the trading hours of New York. */
  hours: z.enum(['always', 'nyse']).default('always'),
  /** Days without trading beside those of the exchange. */
  holidays: z.array(z.iso.date()).max(1000).default([]),
  /** What is different about some symbols; those of others than `symbols` do nothing. */
  models: modelsSchema.default({}),
  anomalies: anomaliesSchema.prefault({}),
  /** The feed ends after this many trades. */
  maxCount: z.int().positive().optional(),
})
