import { FinPulseError } from '../../base/errors.ts'
import {
  marketSummaryResponse,
  noQuery,
  quoteResponse,
  symbolParams,
  symbolsResponse,
  tradesQuery,
  tradesResponse,
} from '../../protocol/rest.ts'
import { afterCursor, encodeCursor } from './cursor.ts'
import { API_PREFIX, PROBLEMS, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

const tags = ['market']

export function addMarketRoutes({ app, data, engine }: RouteContext): void {
  app.get(
    `${API_PREFIX}/symbols`,
    {
      schema: {
        summary: 'Every symbol seen',
        tags,
        querystring: noQuery,
        response: { 200: symbolsResponse, ...PROBLEMS },
      },
    },
    async () => {
      const rows = await data.symbols.instruments()
      return {
        data: rows.map((row) => ({
          ...row,
          firstTradeTimeMs: row.firstTradeTimeMs ?? null,
          lastTradeTimeMs: row.lastTradeTimeMs ?? null,
        })),
      }
    },
  )

  app.get(
    `${API_PREFIX}/quotes/:symbol`,
    {
      schema: {
        summary: 'Best bid and ask; where a symbol has several venues, the newest quote of them',
        tags,
        params: symbolParams,
        querystring: noQuery,
        response: { 200: quoteResponse, ...PROBLEMS_WITH_404 },
      },
    },
    async (request) => {
      const symbol = await data.symbols.resolve(request.params.symbol)
      const quotes = await data.latestQuotes(symbol)
      const [newest] = quotes.sort((a, b) => b.eventTimeMs - a.eventTimeMs)
      if (newest === undefined) throw new FinPulseError('not-found', `quotes: ${symbol} has trades, but no quote yet`)
      return newest
    },
  )

  app.get(
    `${API_PREFIX}/trades/:symbol`,
    {
      schema: {
        summary: 'Trades, newest first',
        tags,
        params: symbolParams,
        querystring: tradesQuery,
        response: { 200: tradesResponse, ...PROBLEMS_WITH_404 },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const after = afterCursor('trades', cursor)
      const symbol = await data.symbols.resolve(request.params.symbol)
      const page = await data.store.trades({ symbol, limit, ...after })
      return { data: [...page.rows], nextCursor: encodeCursor('trades', page.next) }
    },
  )

  app.get(
    `${API_PREFIX}/market-summary`,
    {
      schema: {
        summary: 'Each symbol over the last 24 hours, the running minute included; at most a second old',
        tags,
        querystring: noQuery,
        response: { 200: marketSummaryResponse, ...PROBLEMS },
      },
    },
    async () => ({ data: await data.marketSummary(), serverTimeMs: engine.nowMs() }),
  )
}
