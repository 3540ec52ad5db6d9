import type { AddressInfo } from 'node:net'
import { Registry } from 'prom-client'
import { systemClock } from '../base/clock.ts'
import { FinPulseError, messageOf } from '../base/errors.ts'
import { type Logger, silentLogger } from '../base/logger.ts'
import type { EventLogReader } from '../log/event-log.ts'
import type { MarketStoreReader } from '../stores/market-store.ts'
import { AccessPolicy } from './access-policy.ts'
import { ApiMetrics } from './api-metrics.ts'
import { addDashboardFiles } from './dashboard-files.ts'
import type { EngineView } from './engine-view.ts'
import { createHttpApp } from './http-app.ts'
import { LiveDelivery } from './live/live-delivery.ts'
import { LiveHub } from './live/live-hub.ts'
import { MarketData } from './market-data.ts'
import { isPushPath, PushServer } from './push/push-server.ts'
import { addAlertRoutes } from './rest/alert-routes.ts'
import { addCandleRoutes } from './rest/candle-routes.ts'
import { addEventRoutes } from './rest/event-routes.ts'
import { addGapRoutes } from './rest/gap-routes.ts'
import { addMarketRoutes } from './rest/market-routes.ts'
import { addOpenApi } from './rest/open-api.ts'
import { addOperationRoutes } from './rest/operation-routes.ts'
import { addPriceRoutes } from './rest/price-routes.ts'
import { addReplayRoutes } from './rest/replay-routes.ts'
import type { App } from './rest/route-context.ts'
import { addSimulatorRoutes } from './rest/simulator-routes.ts'
import type { VenueFacade, VenueFacadeOptions } from './venue/venue-facade.ts'
import type { VenueSettings } from './venue/venue-settings.ts'

const SESSIONS_MAX_COUNT = 5000

export interface ServerOptions {
  readonly engine: EngineView
  readonly store: MarketStoreReader
  readonly log: EventLogReader
  /** Partitions of every topic of the log. */
  readonly partitionCount: number
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly logger?: Logger
  /** What the API counts is registered here. */
  readonly registry?: Registry
  /** Version shown in the OpenAPI document. */
  readonly version?: string
  /** The built dashboard; absent or unbuilt, only the API is served. */
  readonly dashboardDirectory?: string
  /** Origins of other sites that may read the API and open WebSockets; none by default. */
  readonly corsOrigins?: readonly string[]
  /** Most WebSocket sessions; beyond it new ones are refused with 503. */
  readonly sessionsMaxCount?: number
  /** The venue facade, where it is wanted; its log is a reader of its own. */
  readonly venue?: { readonly settings: VenueSettings; readonly log: EventLogReader }
}

export interface ServerStats {
  /** Open WebSocket sessions. */
  readonly clientCount: number
}

export interface ApiServer {
  /** Known once listening. */
  readonly url: string
  readonly port: number
  /** @throws FinPulseError port-in-use where the address is taken */
  listen(): Promise<void>
  /** Clients are told that the server stops (close code 3001); done within a second. */
  close(): Promise<void>
  stats(): ServerStats
}

/** Builds the HTTP and WebSocket server; `listen` starts it. */
export async function createServer(options: ServerOptions): Promise<ApiServer> {
  const { engine, store, log, logger = silentLogger, corsOrigins = [] } = options
  const policy = new AccessPolicy(options.host, corsOrigins)
  const registry = options.registry ?? new Registry()
  const metrics = new ApiMetrics(registry, () => live.sessionCount)
  const hub = new LiveHub()
  const data = new MarketData(store, engine, hub)
  const app = createHttpApp(policy, metrics, logger)
  const live: LiveDelivery = new LiveDelivery({
    hub,
    data,
    engine,
    log,
    partitionCount: options.partitionCount,
    policy,
    metrics,
    logger,
    sessionsMaxCount: options.sessionsMaxCount ?? SESSIONS_MAX_COUNT,
    nowMs: () => Math.floor(systemClock.nowUs() / 1000),
  })
  const venue = await createVenueFacade(options, { data, policy, registry, logger })
  await addRoutes(app, options, data, venue)
  const push = new PushServer(engine, policy, logger)
  app.server.on('upgrade', (request, socket, head) => {
    const local = isPushPath(request.url ?? '') ? push : live
    const server = venue?.handles(request.url) ? venue : local
    server.upgrade(request, socket, head)
  })
  let address = { url: '', port: 0 }
  return {
    get url() {
      return address.url
    },
    get port() {
      return address.port
    },
    async listen() {
      await live.start()
      push.start()
      await venue?.start()
      try {
        address = await listen(app, options)
      } catch (error) {
        await Promise.all([live.close(), push.close(), venue?.close()])
        throw error
      }
    },
    async close() {
      await Promise.all([live.close(), push.close(), venue?.close()])
      await app.close()
    },
    stats: () => ({ clientCount: live.sessionCount }),
  }
}

/** Not even loaded where it is not wanted. */
async function createVenueFacade(
  { venue, partitionCount }: ServerOptions,
  shared: Omit<VenueFacadeOptions, 'settings' | 'log' | 'partitionCount'>,
): Promise<VenueFacade | undefined> {
  if (venue === undefined) return undefined
  const { VenueFacade } = await import('./venue/venue-facade.ts')
  return new VenueFacade({ ...shared, ...venue, partitionCount })
}

async function addRoutes(
  app: App,
  options: ServerOptions,
  data: MarketData,
  venue: VenueFacade | undefined,
): Promise<void> {
  const { engine, corsOrigins = [] } = options
  if (corsOrigins.length > 0) {
    const { default: cors } = await import('@fastify/cors')
    await app.register(cors, { origin: [...corsOrigins] })
  }
  await addOpenApi(app, options.version ?? '0.0.0')
  const context = { app, data, engine }
  addMarketRoutes(context)
  addCandleRoutes(context)
  addAlertRoutes(context)
  addGapRoutes(context)
  addPriceRoutes(context)
  addReplayRoutes(context)
  addSimulatorRoutes(context)
  addEventRoutes(context)
  addOperationRoutes(context)
  venue?.addRoutes(app)
  await addDashboardFiles(app, options.dashboardDirectory)
  await app.ready()
}

async function listen(app: App, { host, port }: ServerOptions): Promise<{ url: string; port: number }> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      const fix = 'stop the program that has it, or choose another with --port'
      throw new FinPulseError('port-in-use', `${host}:${port}: the port is taken; ${fix}`, { cause })
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      const allowed = 'expected an address of this machine and a port from 1024 to 65535'
      throw new FinPulseError('config-invalid', `${host}:${port}: ${allowed}: ${messageOf(cause)}`, { cause })
    }
    throw cause
  }
  const bound = app.server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return { url: `http://${name}:${bound.port}`, port: bound.port }
}
