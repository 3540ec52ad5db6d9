import { noQuery, priceHistoryResponse, pricesQuery, pricesResponse, symbolParams } from '../../protocol/rest.ts'
import { afterCursor, encodeCursor } from './cursor.ts'
import { API_PREFIX, PROBLEMS, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

const HOUR_MS = 3_600_000
const tags = ['prices']

export function addPriceRoutes({ app, data, engine }: RouteContext): void {
  app.get(
    `${API_PREFIX}/prices`,
    {
      schema: {
        summary: 'The last price of every symbol',
        tags,
        querystring: noQuery,
        response: { 200: pricesResponse, ...PROBLEMS },
      },
    },
    async () => {
      const trades = await data.latestTrades()
      const rows = trades.map(({ symbol, venue, price, eventTimeMs }) => ({
        symbol,
        venue,
        price,
        timeMs: eventTimeMs,
      }))
      return { data: rows.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0)) }
    },
  )

  app.get(
    `${API_PREFIX}/prices/:symbol`,
    {
      schema: {
        summary: 'Price history by minute, newest first',
        tags,
        params: symbolParams,
        querystring: pricesQuery,
        response: { 200: priceHistoryResponse, ...PROBLEMS_WITH_404 },
      },
    },
    async (request) => {
      const { hours, limit, cursor } = request.query
      const after = afterCursor('prices', cursor)
      const symbol = await data.symbols.resolve(request.params.symbol)
      const fromMs = Math.max(0, engine.nowMs() - hours * HOUR_MS)
      const page = await data.store.prices({ symbol, fromMs, limit, ...after })
      return { data: [...page.rows], nextCursor: encodeCursor('prices', page.next) }
    },
  )
}
