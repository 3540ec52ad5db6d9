import { z } from 'zod'
import { ALERT_KINDS, DIRECTIONS, SEVERITIES } from '../events/alert.ts'
import { COMPLETENESS } from '../events/candle.ts'
import { GAP_FINDERS } from '../events/gap.ts'
import { INTERVALS } from '../events/interval.ts'
import { MARKET_ANOMALY_KINDS } from '../events/label.ts'

/*
 * The shapes of the REST interface: each schema checks requests or describes answers, gives the TypeScript type and is
 * what the OpenAPI document is made of.
 */

const decimal = z.string().meta({ description: 'Exact decimal in plain notation', example: '61837.63' })
const timeMs = z.number().meta({ description: 'Milliseconds since the Unix epoch, UTC', example: 1723161300000 })
const cursor = z.string().max(128).meta({ description: 'Opaque position of the next page' })

export const candleSchema = z
  .object({
    type: z.literal('candle'),
    venue: z.string(),
    symbol: z.string(),
    interval: z.enum(INTERVALS),
    openTimeMs: timeMs,
    closeTimeMs: timeMs.meta({ description: 'Exclusive end of the interval' }),
    open: decimal,
    high: decimal,
    low: decimal,
    close: decimal,
    volume: decimal,
    quoteVolume: decimal,
    tradeCount: z.int(),
    takerBuyVolume: decimal,
    takerBuyQuoteVolume: decimal,
    vwap: decimal,
    isFinal: z.boolean(),
    revision: z.int(),
    completeness: z.enum(COMPLETENESS),
  })
  .meta({ id: 'Candle' })

export const tradeSchema = z
  .object({
    type: z.literal('trade'),
    venue: z.string(),
    symbol: z.string(),
    id: z.number().optional(),
    lastId: z.number().optional(),
    price: decimal,
    quantity: decimal,
    takerSide: z.enum(['buy', 'sell', 'unknown']),
    eventTimeMs: timeMs,
    receivedTimeMs: timeMs,
    isOffMarket: z.literal(true).optional(),
  })
  .meta({ id: 'Trade' })

export const quoteSchema = z
  .object({
    type: z.literal('quote'),
    venue: z.string(),
    symbol: z.string(),
    bidPrice: decimal,
    bidQuantity: decimal,
    askPrice: decimal,
    askQuantity: decimal,
    eventTimeMs: timeMs,
    receivedTimeMs: timeMs,
    sequence: z.number().optional(),
  })
  .meta({ id: 'Quote' })

export const alertSchema = z
  .object({
    type: z.literal('alert'),
    id: z.string(),
    kind: z.enum(ALERT_KINDS),
    venue: z.string(),
    symbol: z.string(),
    severity: z.enum(SEVERITIES),
    direction: z.enum(DIRECTIONS),
    eventTimeMs: timeMs,
    value: z.number(),
    threshold: z.number(),
    evidence: z.record(z.string(), z.union([z.string(), z.number()])),
  })
  .meta({ id: 'Alert' })

export const gapSchema = z
  .object({
    type: z.literal('gap'),
    venue: z.string(),
    symbol: z.string(),
    fromId: z
      .number()
      .meta({ description: 'First missing id: of a trade, or of an aggregate where the feed follows these' }),
    toId: z.number().meta({ description: 'Last missing id' }),
    missingCount: z.int(),
    previousEventTimeMs: timeMs.meta({ description: 'Time of the last trade before the gap' }),
    eventTimeMs: timeMs.meta({ description: 'Time of the first trade after the gap, or of the last missing one' }),
    foundBy: z.enum(GAP_FINDERS).meta({
      description:
        'feed: found as it came, back-filled or not; processor: not filled when its candles were due, which are gapped',
    }),
  })
  .meta({ id: 'Gap' })

export const symbolSchema = z
  .object({
    symbol: z.string(),
    venue: z.string(),
    priceDecimals: z.int(),
    quantityDecimals: z.int(),
    firstTradeTimeMs: timeMs.nullable(),
    lastTradeTimeMs: timeMs.nullable(),
  })
  .meta({ id: 'Symbol' })

export const marketRowSchema = z
  .object({
    symbol: z.string(),
    venue: z.string(),
    last: decimal,
    change24h: decimal.meta({
      description: 'Last minus the price 24 hours ago (or the oldest known); may be negative',
    }),
    changePercent24h: z.number(),
    high24h: decimal,
    low24h: decimal,
    volume24h: decimal,
    quoteVolume24h: decimal,
    vwap24h: decimal,
    tradeCount24h: z.int(),
    bid: decimal.nullable(),
    ask: decimal.nullable(),
    spreadBasisPoints: z.number().nullable(),
    lastTradeTimeMs: timeMs,
    alertCount24h: z.int(),
    sparkline: z.array(z.number()).meta({ description: 'Closes of the last hour by minute, oldest first' }),
  })
  .meta({ id: 'MarketRow' })

export const priceSchema = z
  .object({ symbol: z.string(), venue: z.string(), price: decimal, timeMs })
  .meta({ id: 'Price' })

export const pricePointSchema = z.object({ timeMs, price: decimal, volume: decimal }).meta({ id: 'PricePoint' })

export const statsSchema = z
  .object({
    status: z.enum(['starting', 'running', 'paused', 'stopping', 'degraded']),
    epoch: z.string(),
    uptimeSeconds: z.number(),
    feed: z.string(),
    eventsPerHour: z.int().meta({ description: 'Trades and quotes of the last hour' }),
    eventsPerSecond: z.number(),
    eventsTotal: z.int(),
    anomalies24h: z.int(),
    symbolCount: z.int(),
    clientCount: z.int(),
    lag: z.record(z.string(), z.int()).meta({ description: 'Records behind the end of the log, by role' }),
    backfill: z
      .object({ fromMs: timeMs, toMs: timeMs, atMs: timeMs, fraction: z.number(), isDone: z.boolean() })
      .nullable()
      .meta({ description: 'Progress of the history that the simulator lives through at its start' }),
    dropped: z.record(z.string(), z.int()).meta({ description: 'Refused or shed events, by reason' }),
  })
  .meta({ id: 'Stats' })

const feedSocketSchema = z.object({
  index: z.int(),
  state: z.enum(['waiting', 'connecting', 'open', 'handing-over']),
  streamCount: z.int(),
  openedTimeMs: timeMs.nullable(),
  silenceMs: z.number().meta({ description: 'For how long neither data nor an answer to a ping has come' }),
  reconnects: z.int(),
  handOvers: z.int().meta({ description: 'Planned changes to a new socket' }),
  quietSymbols: z
    .array(z.string())
    .meta({ description: 'At most 20 symbols without a message for a while although their socket lives' }),
  lastError: z.string().nullable(),
})

const feedRepairsSchema = z.object({
  gapCount: z.int(),
  missingCount: z.int().meta({ description: 'Trades that did not come in turn' }),
  repairedCount: z.int().meta({ description: 'Of those, came late or were back-filled' }),
  absentCount: z.int().meta({ description: 'Of those, left out by the source itself' }),
  givenUpCount: z.int().meta({ description: 'Of those, not asked for any more' }),
  outstandingCount: z.int().meta({ description: 'Still to be repaired' }),
  requestCount: z.int(),
  lastError: z.string().nullable(),
})

const feedQuotaSchema = z.object({
  usedCount: z.int(),
  maxCount: z.int(),
  nextTimeMs: timeMs
    .nullable()
    .meta({ description: 'When the next request may be made; null where nothing is asked for until the next start' }),
})

const feedFollowingSchema = z.object({
  polledCount: z.int(),
  streamedCount: z.int(),
  waitingCount: z.int().meta({ description: 'Polled, because as many are streamed as may be' }),
  streamedSymbols: z.array(z.string()).meta({ description: 'At most 20' }),
  waitingSymbols: z.array(z.string()).meta({ description: 'At most 20' }),
})

export const feedSchema = z
  .object({
    name: z.string(),
    state: z.enum(['connecting', 'catching-up', 'running', 'degraded', 'ended']),
    venue: z.string().optional(),
    sockets: z.array(feedSocketSchema),
    repairs: feedRepairsSchema.optional().meta({ description: 'Absent where trades cannot be missed' }),
    quota: feedQuotaSchema.optional().meta({ description: 'Requests of a day; absent where there is no such limit' }),
    following: feedFollowingSchema.optional().meta({ description: 'Absent where all symbols are followed alike' }),
    clockAheadMs: z.number().nullable().meta({ description: "How far the source's clock is ahead of ours" }),
    reconnects: z.int(),
    queueCount: z.int().meta({ description: 'Inputs received and not read yet' }),
    queueWaits: z.int().meta({ description: 'Times that sockets waited for the reader' }),
    dropped: z.record(z.string(), z.int()).meta({ description: 'Inputs that became no event, by reason' }),
    lastError: z.string().nullable(),
  })
  .meta({ id: 'Feed' })

export const replayStateSchema = z
  .object({
    status: z.enum(['playing', 'paused', 'finished']),
    fromMs: timeMs.nullable().meta({ description: 'Event time at which the recording begins, where known' }),
    toMs: timeMs.nullable().meta({ description: 'Event time at which the recording ends, where known' }),
    atMs: timeMs.nullable().meta({ description: 'Event time reached' }),
    speed: z.number().meta({ description: 'Event time per real time; 0 is as fast as it goes' }),
  })
  .meta({ id: 'ReplayState' })

export const marketLabelSchema = z
  .object({
    type: z.literal('market-label'),
    id: z.string(),
    kind: z.enum(MARKET_ANOMALY_KINDS),
    venue: z.string(),
    symbol: z.string(),
    fromMs: timeMs,
    toMs: timeMs.meta({ description: 'Exclusive end of the stretch' }),
    magnitude: z.number().meta({ description: 'In the unit of its kind, see docs/market-anomalies.md' }),
    eventTimeMs: timeMs.meta({ description: 'When the label is given out: the end of the stretch, or later' }),
  })
  .meta({ id: 'MarketLabel' })

export const healthResponse = z.object({ status: z.literal('ok') }).meta({ id: 'Health' })
export const readinessResponse = z.object({ isReady: z.boolean(), detail: z.string() }).meta({ id: 'Readiness' })

/** RFC 9457 problem details; `type` is `about:blank`, `code` is one of docs/errors.md. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    instance: z.string(),
    parameter: z.string().optional(),
    value: z.unknown().optional(),
    allowed: z.string().optional(),
  })
  .meta({ id: 'Problem' })

const page = <T extends z.ZodType>(row: T) => z.object({ data: z.array(row), nextCursor: cursor.nullable() })

export const symbolsResponse = z.object({ data: z.array(symbolSchema) })
export const feedsResponse = z.object({ data: z.array(feedSchema) })
export const quoteResponse = quoteSchema
export const tradesResponse = page(tradeSchema)
export const candlesResponse = page(candleSchema)
export const alertsResponse = page(alertSchema)
export const gapsResponse = page(gapSchema)
export const marketSummaryResponse = z.object({ data: z.array(marketRowSchema), serverTimeMs: timeMs })
export const pricesResponse = z.object({ data: z.array(priceSchema) })
export const priceHistoryResponse = page(pricePointSchema)

/** A whole number in a query string. Only digits pass: `minus`, `1e3` or `0x10` are named in the error. */
const integer = (minimum: number, maximum: number, standard: number) => {
  const description = `a whole number from ${minimum} to ${maximum} (${standard} where absent)`
  return z
    .string()
    .refine((text) => /^\d{1,16}$/.test(text))
    .transform(Number)
    .pipe(z.int().min(minimum).max(maximum))
    .default(standard)
    .meta({ type: 'integer', minimum, maximum, description })
}

const TIME_MAX_MS = 4_102_444_800_000

/** A point in time in a query string: ISO 8601 or milliseconds since the epoch. */
const time = z
  .string()
  .max(40)
  .transform((text, context) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text)
    if (Number.isFinite(value) && value >= 0 && value <= TIME_MAX_MS) return value
    context.addIssue({ code: 'custom', message: 'expected ISO 8601 or milliseconds from 1970 to 2100' })
    return z.NEVER
  })
  .meta({ description: 'ISO 8601 or milliseconds since the epoch, from 1970 to 2100' })

/** For routes without parameters: any is refused, so that a misspelt one never goes unnoticed. */
export const noQuery = z.strictObject({})

export const symbolParams = z.object({ symbol: z.string().min(1).max(64) })

export const tradesQuery = z.strictObject({ limit: integer(1, 1000, 100), cursor: cursor.optional() })

export const candlesQuery = z.strictObject({
  interval: z.enum(INTERVALS).default('1m'),
  from: time.optional(),
  to: time.optional(),
  hours: integer(1, 8760, 24),
  limit: integer(1, 1500, 500),
  cursor: cursor.optional(),
})

const upperCase = (text: string) => text.toUpperCase()
export const alertsQuery = z.strictObject({
  symbol: z.string().min(1).max(64).optional(),
  severity: z.string().transform(upperCase).pipe(z.enum(SEVERITIES)).optional(),
  kind: z.enum(ALERT_KINDS).optional(),
  limit: integer(1, 1000, 50),
  cursor: cursor.optional(),
})

export const pricesQuery = z.strictObject({
  hours: integer(1, 8760, 24),
  limit: integer(1, 1500, 500),
  cursor: cursor.optional(),
})

export const gapsQuery = z.strictObject({
  symbol: z.string().min(1).max(64).optional(),
  limit: integer(1, 1000, 50),
  cursor: cursor.optional(),
})

export const anomaliesQuery = z.strictObject({ limit: integer(1, 1000, 50), cursor: cursor.optional() })

export const seekBody = z.strictObject({
  timeMs: z.number().min(0).max(TIME_MAX_MS).meta({ description: 'an event time in ms, from 1970 to 2100' }),
})
export const speedBody = z.strictObject({
  speed: z.number().min(0).max(1_000_000).meta({ description: 'a number from 0 to 1000000; 0 is as fast as it goes' }),
})

export const injectBody = z.strictObject({
  kind: z.enum(MARKET_ANOMALY_KINDS).meta({ description: 'what goes wrong' }),
  symbol: z.string().min(1).max(64).optional().meta({ description: 'a simulated symbol; any that is well if absent' }),
  magnitude: z.number().optional().meta({ description: 'a number in the unit of its kind; drawn if absent' }),
  durationMs: z.number().optional().meta({ description: 'a number of ms of event time; drawn if absent' }),
})

export type SymbolRow = z.infer<typeof symbolSchema>
export type MarketRow = z.infer<typeof marketRowSchema>
export type PriceRow = z.infer<typeof priceSchema>
export type Stats = z.infer<typeof statsSchema>
export type FeedRow = z.infer<typeof feedSchema>
export type ReplayState = z.infer<typeof replayStateSchema>
export type PricePointRow = z.infer<typeof pricePointSchema>
export type InjectRequest = z.infer<typeof injectBody>
export type Problem = z.infer<typeof problemSchema>
export type TradesResponse = z.infer<typeof tradesResponse>
export type CandlesResponse = z.infer<typeof candlesResponse>
export type AlertsResponse = z.infer<typeof alertsResponse>
export type MarketSummaryResponse = z.infer<typeof marketSummaryResponse>
export type PricesResponse = z.infer<typeof pricesResponse>
export type PriceHistoryResponse = z.infer<typeof priceHistoryResponse>
