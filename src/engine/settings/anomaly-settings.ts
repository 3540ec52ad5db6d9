import { z } from 'zod'
import { MARKET_ANOMALY_KINDS, type MarketAnomalyKind } from '../../events/label.ts'
import { type MarketAnomalies, SCHEDULE_MAX_COUNT } from '../../feeds/simulator/anomalies/anomaly-options.ts'
import { duration, symbol } from './fields.ts'

const rate = z.number().min(0).max(96).optional()
const rates = Object.fromEntries(MARKET_ANOMALY_KINDS.map((kind) => [kind, rate])) as Record<
  MarketAnomalyKind,
  typeof rate
>

const scheduledSchema = z
  .strictObject({
    kind: z.enum(MARKET_ANOMALY_KINDS),
    symbol,
    /** Event time, ISO 8601. */
    at: z.iso.datetime().optional(),
    /** From the first event of the market, instead of `at`. */
    after: duration('feed.anomalies.schedule.after').optional(),
    /** In the unit of its kind; drawn where it is left out, like the duration. */
    magnitude: z.number().optional(),
    duration: duration('feed.anomalies.schedule.duration').optional(),
  })
  .refine(({ at, after }) => (at === undefined) !== (after === undefined), 'expected either at or after')

/** What goes wrong on purpose; ranges by kind are in `docs/market-anomalies.md`. */
export const anomaliesSchema = z.strictObject({
  /** Stretches per symbol and day, by kind; none of those left out, at most 96 in all. */
  ratesPerDay: z.strictObject(rates).default({}),
  schedule: z.array(scheduledSchema).max(SCHEDULE_MAX_COUNT).default([]),
  /** From the end of a stretch to its label. */
  labelDelay: duration('feed.anomalies.labelDelay').prefault('0s'),
})

/** The settings as the simulator takes them. */
export function anomaliesOf(settings: z.output<typeof anomaliesSchema>): MarketAnomalies {
  const rateEntries = Object.entries(settings.ratesPerDay).filter(([, perDay]) => perDay !== undefined)
  return {
    ratesPerDay: Object.fromEntries(rateEntries),
    schedule: settings.schedule.map(({ at, after, duration: durationMs, ...entry }) => ({
      ...entry,
      atMs: at === undefined ? undefined : Date.parse(at),
      afterMs: after,
      durationMs,
    })),
    labelDelayMs: settings.labelDelay,
  }
}
