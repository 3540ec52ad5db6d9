import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../base/logger.ts'
import { CLOSE_CODES } from '../../protocol/live.ts'
import { pushQuery } from '../../protocol/push.ts'
import type { Problem } from '../../protocol/rest.ts'
import type { AccessPolicy } from '../access-policy.ts'
import type { EngineView, PushRequest } from '../engine-view.ts'
import { refuseUpgrade } from '../refuse-upgrade.ts'
import { problem, requestInvalid } from '../rest/problem.ts'
import { PushSession } from './push-session.ts'

const PATH = '/ws/push'
/** Largest message; a larger one closes the connection with code 1009. */
const MESSAGE_MAX_BYTES = 4 * 1024 * 1024
const SESSIONS_MAX_COUNT = 32
const PING_INTERVAL_MS = 20_000
/** How long clients are given to answer the close frame of a stopping server. */
const CLOSE_GRACE_MS = 300

/** Whether a connection to this URL is for the push server. */
export function isPushPath(url: string): boolean {
  return url === PATH || url.startsWith(`${PATH}?`)
}

/** The WebSocket by which other systems push events, at `/ws/push?strict=&venue=&source=`. */
export class PushServer {
  readonly #engine: EngineView
  readonly #policy: AccessPolicy
  readonly #logger: Logger
  readonly #sessions = new Set<PushSession>()
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: MESSAGE_MAX_BYTES,
  })
  #timer: NodeJS.Timeout | undefined
  #isClosing = false

  constructor(engine: EngineView, policy: AccessPolicy, logger: Logger) {
    this.#engine = engine
    this.#policy = policy
    this.#logger = logger
  }

  start(): void {
    this.#timer = setInterval(() => {
      for (const session of this.#sessions) session.checkAlive()
    }, PING_INTERVAL_MS)
  }

  /** For the `upgrade` event of an HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', (error) => this.#logger.debug({ err: error }, 'push: connection failed before its start'))
    const settings = this.#settingsOf(request)
    if ('status' in settings) refuseUpgrade(socket, settings)
    else this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, settings))
  }

  /** What each message of the connection has in common, or why it is refused. */
  #settingsOf(request: IncomingMessage): Omit<PushRequest, 'bytes'> | Problem {
    const { host, origin } = request.headers
    const refusal = this.#policy.check(host, origin, true)
    if (refusal !== undefined) return problem(refusal.status, 'request-invalid', refusal.detail, PATH)
    if (this.#engine.push === undefined) {
      const detail = 'events: a replay takes none; push to an engine started with finpulse up'
      return problem(404, 'not-found', detail, PATH)
    }
    if (this.#isClosing || this.#sessions.size >= SESSIONS_MAX_COUNT) {
      const detail = `connections: all ${SESSIONS_MAX_COUNT} are taken; try again later`
      return problem(503, 'not-ready', detail, PATH)
    }
    const query = Object.fromEntries(new URL(request.url ?? PATH, 'ws://localhost').searchParams)
    const parsed = pushQuery.safeParse(query)
    if (!parsed.success) {
      return problem(400, 'request-invalid', requestInvalid(pushQuery, query, parsed.error).message, PATH)
    }
    const { strict, venue, source } = parsed.data
    return {
      format: 'ndjson',
      mayWait: true,
      ...(strict === undefined ? {} : { isStrict: strict }),
      ...(venue === undefined ? {} : { venue }),
      ...(source === undefined ? {} : { source }),
    }
  }

  #open(webSocket: WebSocket, settings: Omit<PushRequest, 'bytes'>): void {
    const session = new PushSession(webSocket, this.#engine.push!, settings, this.#logger)
    this.#sessions.add(session)
    webSocket.on('pong', () => session.markAlive())
    webSocket.on('message', (data: Buffer) => session.receive(data))
    // Broken frames and lost connections end in a close event; there is nobody left to tell.
    webSocket.on('error', (error) => this.#logger.debug({ err: error }, 'push: connection failed'))
    webSocket.on('close', () => this.#sessions.delete(session))
  }

  /** Tells every client that the server stops; resolves when all are gone, within half a second. */
  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#timer)
    for (const session of this.#sessions) session.close(CLOSE_CODES.shutdown, 'server is stopping')
    const endMs = performance.now() + CLOSE_GRACE_MS
    while (this.#sessions.size > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const session of this.#sessions) session.terminate()
    this.#server.close()
  }
}
