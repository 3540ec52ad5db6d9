import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { type FinPulseError, messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Problem } from '../protocol/rest.ts'
import { type AccessPolicy, SECURITY_HEADERS } from './access-policy.ts'
import type { ApiMetrics } from './api-metrics.ts'
import { problem, problemFrom, requestInvalid } from './rest/problem.ts'
import type { App } from './rest/route-context.ts'

const BODY_MAX_BYTES = 64 * 1024
const HEADERS_MAX_BYTES = 16 * 1024
const URL_MAX_LENGTH = 2048
/**
 * A client gets this long to send its headers, and its whole request: slower ones only hold a socket. The largest body,
 * of 8 MiB, takes a minute at 1.1 Mbit/s.
 */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_TIMEOUT_MS = 30_000
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The HTTP side without any route: limits, refusals, errors as problem details, counting. */
export function createHttpApp(policy: AccessPolicy, metrics: ApiMetrics, logger: Logger): App {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: HEADERS_MAX_BYTES, connectionsCheckingInterval: 2000 },
    forceCloseConnections: true,
    routerOptions: {
      // The hook below refuses longer URLs with a better text.
      maxParamLength: HEADERS_MAX_BYTES,
      onBadUrl: (path, _request, response) =>
        refuseRaw(response, problem(400, 'request-invalid', 'path: malformed', path)),
    },
    clientErrorHandler: refuseBrokenClient,
  }).withTypeProvider<ZodTypeProvider>()

  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const result = schema.safeParse(data)
    return result.success ? { value: result.data } : { error: requestInvalid(schema, data, result.error) }
  })
  // Answers are typed by their schemas; a test holds each against its own, so that requests need not pay for it.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    const { host, origin } = request.headers
    const refusal = policy.check(host, origin, !SAFE_METHODS.has(request.method))
    if (refusal !== undefined) {
      return sendProblem(reply, problem(refusal.status, 'request-invalid', refusal.detail, pathOf(request)))
    }
    if (request.url.length > URL_MAX_LENGTH) {
      const detail = `url: expected at most ${URL_MAX_LENGTH} characters, got ${request.url.length}`
      return sendProblem(reply, problem(414, 'request-invalid', detail, pathOf(request)))
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.requests.inc({ method: request.method, route, status: reply.statusCode })
    metrics.requestSeconds.observe({ route }, reply.elapsedTime / 1000)
  })
  app.setErrorHandler<FinPulseError>((error, request, reply) => {
    const answer = problemFrom(error, pathOf(request))
    if (answer.status >= 500) {
      logger.error({ err: error, method: request.method, path: pathOf(request) }, `request failed: ${messageOf(error)}`)
    }
    return sendProblem(reply, answer)
  })
  return app
}

export function sendProblem(reply: FastifyReply, answer: Problem): FastifyReply {
  // As bytes, to which fastify adds neither a serializer nor a charset, which this media type does not have.
  return reply
    .code(answer.status)
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(answer)))
}

export function pathOf(request: FastifyRequest): string {
  const end = request.url.indexOf('?')
  return (end < 0 ? request.url : request.url.slice(0, end)).slice(0, URL_MAX_LENGTH)
}

function refuseRaw(response: ServerResponse, answer: Problem): void {
  response.writeHead(answer.status, { ...SECURITY_HEADERS, 'content-type': 'application/problem+json' })
  response.end(JSON.stringify(answer))
}

/** What could not be parsed as HTTP has no request: it is answered on the bare socket, then closed. */
function refuseBrokenClient(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, reason, detail] = brokenClientStatus(error.code)
  const body = JSON.stringify(problem(status, 'request-invalid', detail, ''))
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function brokenClientStatus(code: string | undefined): [number, string, string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request Timeout', 'the request took too long to arrive']
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, 'Request Header Fields Too Large', `headers: expected at most ${HEADERS_MAX_BYTES} bytes`]
  }
  return [400, 'Bad Request', 'the request is not valid HTTP']
}
