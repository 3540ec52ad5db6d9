import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../base/logger.ts'
import type { AccessPolicy } from '../access-policy.ts'
import { parseStreamName, type StreamName } from './stream-name.ts'
import { type ConnectionContext, VenueConnection } from './venue-connection.ts'
import type { CloseReason } from './venue-metrics.ts'
import { VENUE_PREFIX } from './venue-settings.ts'
import { WindowBudget } from './window-budget.ts'

const FIVE_MINUTES_MS = 5 * 60_000
/** Largest message that a client may send: 1,024 names of streams are far below it. */
const MESSAGE_MAX_BYTES = 256 * 1024
const CLOSE_GRACE_MS = 300

export interface SocketsOptions extends ConnectionContext {
  readonly policy: AccessPolicy
  readonly logger: Logger
  /** An attempt that is refused on purpose. */
  readonly chaosRefusal: () => Refusal | undefined
}

export interface Refusal {
  readonly status: number
  readonly text?: string
  readonly retryAfterSeconds?: number
}

/** What the address of a connection asks for. */
interface Path {
  readonly isCombined: boolean
  readonly streams: readonly StreamName[]
}

/** Takes in the facade's WebSocket connections: access, limits, farewell. */
export class VenueSockets {
  readonly connections = new Set<VenueConnection>()
  readonly #options: SocketsOptions
  readonly #attempts: WindowBudget
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    autoPong: false,
    maxPayload: MESSAGE_MAX_BYTES,
  })
  #isClosing = false

  constructor(options: SocketsOptions) {
    this.#options = options
    this.#attempts = new WindowBudget(options.settings.connectionsPerFiveMinutes, FIVE_MINUTES_MS)
  }

  /** For the `upgrade` event of an HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', (error) =>
      this.#options.logger.debug({ err: error }, 'venue: connection failed before its start'),
    )
    const refusal = this.#refusalOf(request)
    const path = refusal === undefined ? pathFrom(request.url ?? '', this.#options) : refusal
    if ('status' in path) {
      this.#options.metrics.refused.inc({ status: path.status })
      refuse(socket, path)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, path))
  }

  endAll(reason: CloseReason, text: string): void {
    for (const connection of this.connections) connection.end(reason, text)
  }

  /** Resolves when all clients are gone, within half a second. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const connection of this.connections) {
      connection.announceShutdown(Number.POSITIVE_INFINITY)
      connection.end('shutdown', 'server is stopping')
    }
    const endMs = this.#options.elapsedMs() + CLOSE_GRACE_MS
    while (this.connections.size > 0 && this.#options.elapsedMs() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const connection of this.connections) connection.cut('shutdown')
    this.#server.close()
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    const { policy, settings, chaosRefusal, elapsedMs } = this.#options
    const { host, origin } = request.headers
    const denied = policy.check(host, origin, true)
    if (denied !== undefined) return { status: denied.status, text: denied.detail }
    const nowMs = elapsedMs()
    const attempts = this.#attempts.spend(request.socket.remoteAddress ?? '', 1, nowMs)
    if (attempts > settings.connectionsPerFiveMinutes) {
      return { status: 429, retryAfterSeconds: this.#attempts.secondsLeft(nowMs) }
    }
    if (this.#isClosing || this.connections.size >= settings.connectionsMaxCount) {
      return { status: 503, text: `connections: all ${settings.connectionsMaxCount} are taken` }
    }
    return chaosRefusal()
  }

  #open(webSocket: WebSocket, { isCombined, streams }: Path): void {
    const { metrics, logger } = this.#options
    const connection = new VenueConnection(this.#options, webSocket, isCombined)
    this.connections.add(connection)
    metrics.opened.inc()
    connection.subscribe(streams)
    webSocket.on('message', (data, isBinary) => connection.receive(isBinary ? '' : data.toString()))
    webSocket.on('ping', (payload) => connection.receivePing(payload))
    webSocket.on('pong', (payload) => connection.receivePong(payload))
    // Broken frames and lost connections end in a close event; there is nobody left to tell.
    webSocket.on('error', (error) => logger.debug({ err: error }, 'venue: connection failed'))
    webSocket.on('close', () => {
      connection.ended()
      this.connections.delete(connection)
      metrics.closed.inc({ reason: connection.closeReason })
    })
  }
}

/** `/ws`, `/ws/<stream>`, and `/stream?streams=<stream>/<stream>`; several streams may be named after `/ws/` too. */
function pathFrom(url: string, { settings }: SocketsOptions): Path | Refusal {
  const { pathname, searchParams } = new URL(url, 'ws://localhost')
  const path = pathname.slice(VENUE_PREFIX.length)
  const isCombined = path === '/stream'
  const timeUnit = searchParams.get('timeUnit')?.toUpperCase() ?? 'MILLISECOND'
  if (timeUnit !== 'MILLISECOND') return { status: 400, text: 'timeUnit: only MILLISECOND is offered here' }
  if (!isCombined && path !== '/ws' && !path.startsWith('/ws/')) {
    return { status: 404, text: `path: WebSockets are at ${VENUE_PREFIX}/ws and ${VENUE_PREFIX}/stream` }
  }
  const names = (isCombined ? (searchParams.get('streams') ?? '') : unescaped(path.slice('/ws/'.length))).split('/')
  const wanted = names.filter((name) => name !== '')
  if (new Set(wanted).size > settings.streamsPerConnectionMaxCount) {
    return { status: 400, text: `streams: at most ${settings.streamsPerConnectionMaxCount} on one connection` }
  }
  const streams: StreamName[] = []
  for (const name of wanted) {
    const stream = parseStreamName(name)
    if (stream === undefined) return { status: 400, text: `streams: there is no stream ${name.slice(0, 64)} here` }
    streams.push(stream)
  }
  return { isCombined, streams }
}

/** Some clients write `@` as `%40`. */
function unescaped(text: string): string {
  return text.replaceAll(/%40/gi, '@')
}

function refuse(socket: Duplex, { status, text = STATUS_CODES[status] ?? '', retryAfterSeconds }: Refusal): void {
  const retryAfter = retryAfterSeconds === undefined ? '' : `retry-after: ${retryAfterSeconds}\r\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${retryAfter}content-type: text/plain\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}
