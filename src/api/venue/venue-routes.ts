import type { FastifyReply, FastifyRequest } from 'fastify'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { pathOf } from '../http-app.ts'
import type { App } from '../rest/route-context.ts'
import { RequestParameters } from './request-parameters.ts'
import { RequestWeight } from './request-weight.ts'
import type { VenueChaos } from './venue-chaos.ts'
import { ENDPOINTS, type Endpoint, type EndpointContext } from './venue-endpoints.ts'
import type { VenueMetrics } from './venue-metrics.ts'
import { refusalAnswer, venueRefusal } from './venue-refusal.ts'
import { VENUE_PREFIX } from './venue-settings.ts'

export interface VenueRoutesContext extends EndpointContext {
  readonly chaos: VenueChaos
  readonly metrics: VenueMetrics
  readonly logger: Logger
  /** Wall clock, ms: budgets are by its minutes. */
  readonly wallMs: () => number
}

type Query = Readonly<Record<string, unknown>>

/** The REST half of the facade. It is no part of the OpenAPI document: the venue's own documentation describes it. */
export function addVenueRoutes(app: App, context: VenueRoutesContext): void {
  const weight = new RequestWeight(context.settings.requestWeightPerMinute)
  for (const endpoint of ENDPOINTS) {
    app.get(`${VENUE_PREFIX}/api/v3/${endpoint.path}`, { schema: { hide: true } }, async (request, reply) => {
      try {
        const delayMs = context.chaos.delayMs
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
        const used = weight.spend(request.ip, endpoint.weight(request.query as Query), context.wallMs())
        return await answer(endpoint, request, withWeight(reply, used), context)
      } catch (error) {
        return refuse(error, request, reply, context)
      }
    })
  }
  // With no route of its own, a GET here would be answered by whatever else the server has, such as the page.
  for (const path of [VENUE_PREFIX, `${VENUE_PREFIX}/*`]) {
    app.all(path, { schema: { hide: true } }, (request, reply) => refuse(notOffered(request), request, reply, context))
  }
}

/** The venue itself answers 404 without a body, or with a page: here it is in the form of its other refusals. */
function notOffered(request: FastifyRequest) {
  const text = `This operation is not supported: there is no ${request.method} ${pathOf(request)} here.`
  return venueRefusal(-1020, text, { status: 404 })
}

async function answer(
  { answer: prepare }: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  context: VenueRoutesContext,
): Promise<FastifyReply> {
  const refusal = context.chaos.refusal()
  if (refusal !== undefined) throw venueRefusal(-1003, 'Too many requests: chaos was asked for.', refusal)
  const parameters = new RequestParameters(request.query as Query)
  const give = prepare(parameters, context)
  parameters.checkAllRead()
  return sendJson(reply, await give())
}

function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { metrics, logger }: VenueRoutesContext,
): FastifyReply {
  const { status, body, retryAfterSeconds, usedWeight } = refusalAnswer(error)
  if (status >= 500) logger.error({ err: error, url: request.url }, `venue: request failed: ${messageOf(error)}`)
  metrics.refused.inc({ status })
  if (retryAfterSeconds !== undefined) void reply.header('Retry-After', retryAfterSeconds)
  if (usedWeight !== undefined) withWeight(reply, usedWeight)
  return sendJson(reply.code(status), body)
}

function withWeight(reply: FastifyReply, used: number): FastifyReply {
  return reply.header('X-MBX-USED-WEIGHT', used).header('X-MBX-USED-WEIGHT-1M', used)
}

function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply.type('application/json;charset=UTF-8').send(JSON.stringify(body))
}
