import { existsSync } from 'node:fs'
import path from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { pathOf, sendProblem } from './http-app.ts'
import { problem } from './rest/problem.ts'
import type { App } from './rest/route-context.ts'

/** Paths that never belong to the page, whatever its router knows: `/binance` neither, with the venue facade or without. */
const SERVER_PATHS = /^\/(api|binance|ws|docs|health|ready|metrics|assets)(\/|$)/
/** What looks like a file is one; a symbol may have a point in it, so any other extension is a route of the page. */
const FILE_PATH = /\.(css|html|ico|js|json|map|png|svg|txt|webmanifest|woff2?)$/

/**
 * Serves the built page, and its `index.html` for every path that the page's own router may know. Everything else
 * that no route answers is a 404 problem.
 */
export async function addDashboardFiles(app: App, directory: string | undefined): Promise<void> {
  const isBuilt = directory !== undefined && existsSync(path.join(directory, 'index.html'))
  if (isBuilt) {
    const { default: fastifyStatic } = await import('@fastify/static')
    await app.register(fastifyStatic, {
      root: path.resolve(directory),
      cacheControl: false,
      // Files below assets/ are named by their content.
      setHeaders: (reply, file) =>
        reply.header(
          'cache-control',
          file.includes(`${path.sep}assets${path.sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
    })
  }
  app.setNotFoundHandler((request, reply) => {
    const requestPath = pathOf(request)
    if (isBuilt && isPageRoute(request, requestPath)) return reply.sendFile('index.html')
    return sendNotFound(reply, request.method, requestPath, isBuilt)
  })
}

function isPageRoute(request: FastifyRequest, requestPath: string): boolean {
  return request.method === 'GET' && !SERVER_PATHS.test(requestPath) && !FILE_PATH.test(requestPath)
}

function sendNotFound(reply: FastifyReply, method: string, requestPath: string, isBuilt: boolean): FastifyReply {
  const hint = isBuilt || SERVER_PATHS.test(requestPath) ? '/docs lists all' : 'the dashboard is not built'
  return sendProblem(
    reply,
    problem(404, 'not-found', `${method} ${requestPath}: no such resource; ${hint}`, requestPath),
  )
}
