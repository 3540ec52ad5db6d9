import { gapsQuery, gapsResponse } from '../../protocol/rest.ts'
import { afterCursor, encodeCursor } from './cursor.ts'
import { API_PREFIX, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

export function addGapRoutes({ app, data }: RouteContext): void {
  app.get(
    `${API_PREFIX}/gaps`,
    {
      schema: {
        summary: 'Gaps in the trade ids of venues, newest first',
        tags: ['market'],
        querystring: gapsQuery,
        response: { 200: gapsResponse, ...PROBLEMS_WITH_404 },
      },
    },
    async (request) => {
      const { symbol, limit, cursor } = request.query
      const page = await data.store.gaps({
        limit,
        ...afterCursor('gaps', cursor),
        ...(symbol === undefined ? {} : { symbol: await data.symbols.resolve(symbol) }),
      })
      return { data: [...page.rows], nextCursor: encodeCursor('gaps', page.next) }
    },
  )
}
