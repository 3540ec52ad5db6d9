import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { problemSchema } from '../../protocol/rest.ts'
import type { EngineView } from '../engine-view.ts'
import type { MarketData } from '../market-data.ts'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

/** What every group of routes is given. */
export interface RouteContext {
  readonly app: App
  readonly data: MarketData
  readonly engine: EngineView
}

export const API_PREFIX = '/api/v1'

export const problemResponse = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

/** The refusals that any route may answer with, for the OpenAPI document. */
export const PROBLEMS = {
  400: problemResponse('A parameter is missing, malformed, unknown or out of range'),
  500: problemResponse('A defect in FinPulse'),
}

/** As `PROBLEMS`, for routes that name a resource. */
export const PROBLEMS_WITH_404 = { ...PROBLEMS, 404: problemResponse('There is no such resource') }

/** A text in OpenAPI. */
export const textResponse = (contentType: string, description: string) => ({
  description,
  content: { [contentType]: { schema: z.string() } },
})
