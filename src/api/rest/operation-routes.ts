import { feedsResponse, healthResponse, noQuery, readinessResponse, statsSchema } from '../../protocol/rest.ts'
import { API_PREFIX, PROBLEMS, type RouteContext, textResponse } from './route-context.ts'

/** Content type of the Prometheus text format. */
const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const tags = ['operation']

export function addOperationRoutes({ app, engine }: RouteContext): void {
  app.get(
    `${API_PREFIX}/stats`,
    {
      schema: {
        summary: 'How much flows, and how far each role is behind',
        tags,
        querystring: noQuery,
        response: { 200: statsSchema, ...PROBLEMS },
      },
    },
    async () => engine.stats(),
  )

  app.get(
    `${API_PREFIX}/feeds`,
    {
      schema: {
        summary: 'How each feed is: sockets, gaps and repairs, clock skew, reconnects',
        tags,
        querystring: noQuery,
        response: { 200: feedsResponse, ...PROBLEMS },
      },
    },
    async () => ({ data: [...(await engine.feeds())] }),
  )

  app.get(
    '/health',
    { schema: { summary: 'Whether the process answers', tags, response: { 200: healthResponse } } },
    async () => ({ status: 'ok' as const }),
  )

  app.get(
    '/ready',
    {
      schema: {
        summary: 'Whether data is served; 503 with the progress while not',
        tags,
        response: { 200: readinessResponse, 503: readinessResponse },
      },
    },
    async (_request, reply) => {
      const readiness = engine.readiness()
      return reply.code(readiness.isReady ? 200 : 503).send(readiness)
    },
  )

  app.get(
    '/metrics',
    { schema: { summary: 'Prometheus metrics', tags, response: { 200: textResponse('text/plain', 'Metrics') } } },
    async (_request, reply) => reply.type(METRICS_CONTENT_TYPE).send(await engine.metrics()),
  )
}
