import type { z } from 'zod'
import type { Candle } from '../../events/candle.ts'
import { candlesQuery, candlesResponse, symbolParams } from '../../protocol/rest.ts'
import type { PageKey } from '../../stores/market-store.ts'
import type { MarketData } from '../market-data.ts'
import { afterCursor, encodeCursor } from './cursor.ts'
import { parameterInvalid } from './problem.ts'
import { API_PREFIX, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

const HOUR_MS = 3_600_000
const TIME_MAX_MS = 4_102_444_800_000

export function addCandleRoutes({ app, data, engine }: RouteContext): void {
  app.get(
    `${API_PREFIX}/candles/:symbol`,
    {
      schema: {
        summary: 'Candles of one interval',
        description:
          'A page holds the newest candles of the span that the cursor has not passed, oldest first, as charts want ' +
          'them; `nextCursor` leads further into the past. The first page ends with the candle that is still open ' +
          '(`isFinal` false). The span is `[from, to)` by open time. Without `from` it begins `hours` before `to`, or ' +
          'before now where `to` is absent too.',
        tags: ['market'],
        params: symbolParams,
        querystring: candlesQuery,
        response: { 200: candlesResponse, ...PROBLEMS_WITH_404 },
      },
    },
    async (request) => {
      const span = spanOf(request.query, engine.nowMs())
      const after = afterCursor('candles', request.query.cursor)
      const symbol = await data.symbols.resolve(request.params.symbol)
      const page = await readCandles(data, symbol, request.query, span, after.after)
      return { data: page.candles.reverse(), nextCursor: encodeCursor('candles', page.next) }
    },
  )
}

type CandlesQuery = z.infer<typeof candlesQuery>

interface Span {
  readonly fromMs: number
  readonly toMs: number
}

function spanOf(query: CandlesQuery, nowMs: number): Span {
  const toMs = query.to ?? TIME_MAX_MS
  const fromMs = query.from ?? Math.max(0, (query.to ?? nowMs) - query.hours * HOUR_MS)
  if (fromMs >= toMs) throw parameterInvalid('from', query.from ?? fromMs, `a time before to (${toMs})`)
  return { fromMs, toMs }
}

/** Newest first. The open candles count within the limit. */
async function readCandles(
  data: MarketData,
  symbol: string,
  { interval, limit }: CandlesQuery,
  span: Span,
  after: PageKey | undefined,
): Promise<{ candles: Candle[]; next: PageKey | undefined }> {
  const storedPage = (storedLimit: number) =>
    data.store.candles({ symbol, interval, ...span, limit: storedLimit, ...(after === undefined ? {} : { after }) })
  const open = after === undefined ? await openCandles(data, symbol, interval, span) : []
  const page = await storedPage(Math.max(1, limit - open.length))
  // A candle may have become final, and been stored, between the two questions: the final one counts.
  const stored = new Set(page.rows.map(candleKey))
  const stillOpen = open.filter((candle) => !stored.has(candleKey(candle)))
  if (stillOpen.length + page.rows.length <= limit) return { candles: [...stillOpen, ...page.rows], next: page.next }
  const candles = stillOpen.slice(0, limit)
  // The stored ones all come later: the next page begins behind the oldest open candle given.
  return { candles, next: { timeUs: candles.at(-1)!.openTimeMs * 1000, tieBreak: 0 } }
}

async function openCandles(
  data: MarketData,
  symbol: string,
  interval: CandlesQuery['interval'],
  span: Span,
): Promise<Candle[]> {
  const candles = await data.engine.openCandles([symbol], interval)
  return candles
    .filter((candle) => candle.openTimeMs >= span.fromMs && candle.openTimeMs < span.toMs)
    .sort((a, b) => b.openTimeMs - a.openTimeMs)
}

function candleKey(candle: Candle): string {
  return `${candle.venue} ${candle.openTimeMs}`
}
