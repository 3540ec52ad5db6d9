import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { BATCH_ID_MAX_LENGTH, type PushFormat, pushQuery, pushResultSchema } from '../../protocol/push.ts'
import type { PushControl, PushRequest } from '../engine-view.ts'
import { pathOf, sendProblem } from '../http-app.ts'
import { parameterInvalid, problem, problemFrom } from './problem.ts'
import { API_PREFIX, PROBLEMS_WITH_404, problemResponse, type RouteContext } from './route-context.ts'

const PATH = `${API_PREFIX}/events`
const BODY_MAX_BYTES = 8 * 1024 * 1024
/** Of a body that came compressed. */
const UNPACKED_MAX_BYTES = 32 * 1024 * 1024
const RETRY_AFTER_SECONDS = 1

const FORMATS: Readonly<Record<string, PushFormat>> = {
  'application/x-ndjson': 'ndjson',
  'text/csv': 'csv',
  'application/json': 'json',
}
const MEDIA_TYPES = Object.keys(FORMATS)

const EXAMPLE =
  '{"type":"trade","venue":"acme","symbol":"BTC-EUR","id":1,"price":"61837.63","quantity":"0.5","eventTimeMs":1767225600000}\n' +
  '{"type":"quote","venue":"acme","symbol":"BTC-EUR","bidPrice":"61837.6","bidQuantity":"1","askPrice":"61837.7",' +
  '"askQuantity":"2","eventTimeMs":1767225600001,"sequence":7}\n'

const schema = {
  summary: 'Take events from another system; answered when all of them are durable',
  description:
    'NDJSON (trade, quote, payment, payment-label, market-label, watermark), CSV of trades or payments with a header, or JSON: one ' +
    'event or an array. A body may be compressed (`content-encoding: gzip`). An event that has an id is taken once, ' +
    'however often it comes; a batch with an `Idempotency-Key` (at most 255 characters) that was taken before gets the ' +
    'same answer again. A bad line never keeps the good ones out, unless `strict=true`.',
  tags: ['events'],
  consumes: MEDIA_TYPES,
  querystring: pushQuery,
  body: z.unknown().meta({ description: 'Events, at most 8 MiB, and 32 MiB unpacked', example: EXAMPLE }),
  response: {
    200: pushResultSchema,
    ...PROBLEMS_WITH_404,
    413: problemResponse('The body is larger than 8 MiB'),
    415: problemResponse('The body is of another type, or packed in another way'),
    429: problemResponse('The queue is full: send the same again after `Retry-After` seconds'),
    503: problemResponse('The engine is starting or stopping: send the same again later'),
  },
}

/** Bodies of this route are larger than others and are not parsed here, so it has a scope of its own. */
export function addEventRoutes({ app, engine }: RouteContext): void {
  const push = (): PushControl => {
    if (engine.push !== undefined) return engine.push
    throw new FinPulseError('not-found', 'events: a replay takes none; push to an engine started with finpulse up')
  }
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    const options = { parseAs: 'buffer', bodyLimit: BODY_MAX_BYTES } as const
    scope.addContentTypeParser(MEDIA_TYPES, options, async (_request: unknown, body: Buffer) => body)
    scope.setErrorHandler<FinPulseError>((error, request, reply) => {
      const instance = pathOf(request)
      const answer = bodyProblem(error, instance) ?? problemFrom(error, instance)
      if (error.retryable) reply.header('retry-after', RETRY_AFTER_SECONDS)
      return sendProblem(reply, answer)
    })
    scope
      .withTypeProvider<ZodTypeProvider>()
      .post(PATH, { schema, bodyLimit: BODY_MAX_BYTES }, async ({ query, headers, body }) => {
        const control = push()
        const { strict, venue, source } = query
        const batchId = batchIdOf(headers['idempotency-key'])
        const request: PushRequest = {
          bytes: await unpacked(body, headers['content-encoding']),
          format: formatOf(headers['content-type']),
          ...(batchId === undefined ? {} : { batchId }),
          ...(strict === undefined ? {} : { isStrict: strict }),
          ...(venue === undefined ? {} : { venue }),
          ...(source === undefined ? {} : { source }),
        }
        return control.offer(request)
      })
  })
}

/** What fastify refuses, in the terms of this route. */
function bodyProblem({ code }: { readonly code: string }, instance: string) {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return problem(413, 'request-invalid', 'body: expected at most 8 MiB; send it in several', instance)
  }
  if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return undefined
  return problem(415, 'request-invalid', `content-type: expected one of ${MEDIA_TYPES.join(', ')}`, instance)
}

function formatOf(contentType = ''): PushFormat {
  const [mediaType = ''] = contentType.split(';')
  return FORMATS[mediaType.trim().toLowerCase()] ?? 'ndjson'
}

function batchIdOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && header !== '' && header.length <= BATCH_ID_MAX_LENGTH) return header
  throw parameterInvalid('idempotency-key', header, `1 to ${BATCH_ID_MAX_LENGTH} characters`)
}

const gunzipBytes = promisify(gunzip)

/** @throws FinPulseError request-invalid for a body that is none, too large, or packed in another way */
async function unpacked(body: unknown, encoding = 'identity'): Promise<Uint8Array> {
  if (!(body instanceof Uint8Array) || body.length === 0) throw parameterInvalid('body', undefined, 'events')
  if (encoding === 'identity') return body
  if (encoding !== 'gzip') throw parameterInvalid('content-encoding', encoding, 'gzip or identity')
  try {
    return await gunzipBytes(body, { maxOutputLength: UNPACKED_MAX_BYTES })
  } catch (error) {
    const allowed = `expected gzip of at most ${UNPACKED_MAX_BYTES / 1024 / 1024} MiB`
    throw new FinPulseError('request-invalid', `body: ${allowed}: ${messageOf(error)}`, { cause: error })
  }
}
