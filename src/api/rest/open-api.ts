import swagger from '@fastify/swagger'
import fastify from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { API_PREFIX, type App } from './route-context.ts'

const DOCS_PATH = '/docs'

/** Collects the routes that are added after it; the document is made from their schemas when it is first asked for. */
export async function addOpenApi(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'FinPulse',
        version,
        description:
          'Market events, candles and alerts. Decimals are exact texts; times are milliseconds since the Unix epoch. ' +
          'Live updates come over the WebSocket at `/ws`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'market' },
        { name: 'prices' },
        { name: 'alerts' },
        { name: 'replay' },
        { name: 'simulator' },
        { name: 'events' },
        { name: 'operation' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutUnused(jsonSchemaTransformObject(document)),
  })
  let document: string | undefined
  app.get(`${API_PREFIX}/openapi.json`, { schema: { hide: true } }, async (_request, reply) => {
    document ??= JSON.stringify(app.swagger())
    return reply.type('application/json; charset=utf-8').send(document)
  })
  addDocsPage(app)
}

/** The browsable page is a small app of its own, made when somebody first looks: the start does not wait for it. */
function addDocsPage(app: App): void {
  let page: ReturnType<typeof createDocsPage> | undefined
  const options = { schema: { hide: true } }
  for (const path of [DOCS_PATH, `${DOCS_PATH}/*`]) {
    app.get(path, options, async (request, reply) => {
      page ??= createDocsPage(app)
      const docs = await page
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      docs.routing(request.raw, reply.raw)
    })
  }
}

async function createDocsPage(app: App) {
  const { default: swaggerUi } = await import('@fastify/swagger-ui')
  const docs = fastify({ logger: false })
  // The types of the document are those of another copy of the OpenAPI types; it is the same JSON.
  const document = JSON.parse(JSON.stringify(app.swagger()))
  await docs.register(swagger, { mode: 'static', specification: { document } })
  await docs.register(swaggerUi, { routePrefix: DOCS_PATH, uiConfig: { url: `${API_PREFIX}/openapi.json` } })
  await docs.ready()
  return docs
}

/** Every shape is listed twice, as it comes in and as it goes out; the ones that no route names are left out. */
function withoutUnused<T extends object>(document: T): T {
  const components = 'components' in document ? (document.components as { schemas?: Record<string, unknown> }) : {}
  const schemas = components.schemas ?? {}
  const text = JSON.stringify(document)
  const used = Object.entries(schemas).filter(([name]) => text.includes(`"#/components/schemas/${name}"`))
  return { ...document, components: { ...components, schemas: Object.fromEntries(used) } }
}
