import { alertsQuery, alertsResponse, anomaliesQuery } from '../../protocol/rest.ts'
import { afterCursor, encodeCursor } from './cursor.ts'
import { API_PREFIX, PROBLEMS, PROBLEMS_WITH_404, type RouteContext } from './route-context.ts'

const tags = ['alerts']

export function addAlertRoutes({ app, data }: RouteContext): void {
  app.get(
    `${API_PREFIX}/alerts`,
    {
      schema: {
        summary: 'Alerts, newest first',
        tags,
        querystring: alertsQuery,
        response: { 200: alertsResponse, ...PROBLEMS_WITH_404 },
      },
    },
    async (request) => {
      const { symbol, severity, kind, limit, cursor } = request.query
      const after = afterCursor('alerts', cursor)
      const page = await data.store.alerts({
        limit,
        ...after,
        ...(symbol === undefined ? {} : { symbol: await data.symbols.resolve(symbol) }),
        ...(severity === undefined ? {} : { severity }),
        ...(kind === undefined ? {} : { kind }),
      })
      return { data: [...page.rows], nextCursor: encodeCursor('alerts', page.next) }
    },
  )

  app.get(
    `${API_PREFIX}/anomalies`,
    {
      schema: {
        summary: 'Alerts of the z-score detector, newest first',
        tags,
        querystring: anomaliesQuery,
        response: { 200: alertsResponse, ...PROBLEMS },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const page = await data.store.alerts({ kind: 'z-score', limit, ...afterCursor('alerts', cursor) })
      return { data: [...page.rows], nextCursor: encodeCursor('alerts', page.next) }
    },
  )
}
