import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { CLOSE_CODES } from '../../protocol/live.ts'
import type { Problem } from '../../protocol/rest.ts'
import type { AccessPolicy } from '../access-policy.ts'
import { refuseUpgrade } from '../refuse-upgrade.ts'
import { problem } from '../rest/problem.ts'
import type { FrameClock } from './frame-clock.ts'
import { isLivePath, type LivePath, parseLivePath } from './live-path.ts'
import { Session, type SessionContext } from './session.ts'

/** Largest message that a client may send; a larger one closes the connection with code 1009. */
const MESSAGE_MAX_BYTES = 64 * 1024
const PING_INTERVAL_MS = 20_000
const STALL_CHECK_INTERVAL_MS = 1000
/** How long clients are given to answer the close frame of a stopping server. */
const CLOSE_GRACE_MS = 300

/** Close codes that are counted by name; whatever else a client sends is `other`. */
const KNOWN_CLOSE_CODES = new Set<number>([1000, 1001, 1005, 1006, 1009, ...Object.values(CLOSE_CODES)])

/** Takes in WebSocket connections and keeps their sessions: access, limits, heart-beat, farewell. */
export class LiveServer {
  readonly #context: SessionContext
  readonly #clock: FrameClock
  readonly #policy: AccessPolicy
  readonly #sessionsMaxCount: number
  readonly #sessions = new Set<Session>()
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: MESSAGE_MAX_BYTES,
  })
  #timers: NodeJS.Timeout[] = []
  #isClosing = false

  constructor(context: SessionContext, clock: FrameClock, policy: AccessPolicy, sessionsMaxCount: number) {
    this.#context = context
    this.#clock = clock
    this.#policy = policy
    this.#sessionsMaxCount = sessionsMaxCount
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  get sessions(): Iterable<Session> {
    return this.#sessions
  }

  start(): void {
    this.#timers = [
      setInterval(() => {
        for (const session of this.#sessions) session.checkAlive()
      }, PING_INTERVAL_MS),
      setInterval(() => {
        for (const session of this.#sessions) session.checkStalled()
      }, STALL_CHECK_INTERVAL_MS),
    ]
  }

  /** For the `upgrade` event of an HTTP server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', (error) =>
      this.#context.logger.debug({ err: error }, 'live: connection failed before its start'),
    )
    const url = request.url ?? '/'
    const refusal = this.#refusalOf(request, url)
    if (refusal !== undefined) refuseUpgrade(socket, refusal)
    else this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket, url))
  }

  /** Tells every client that the server stops; resolves when all are gone, within half a second. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const timer of this.#timers) clearInterval(timer)
    for (const session of this.#sessions) session.close(CLOSE_CODES.shutdown, 'server is stopping')
    const endMs = performance.now() + CLOSE_GRACE_MS
    while (this.#sessions.size > 0 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const session of this.#sessions) session.terminate()
    this.#server.close()
  }

  #refusalOf(request: IncomingMessage, url: string): Problem | undefined {
    const { host, origin } = request.headers
    const refusal = this.#policy.check(host, origin, true)
    if (refusal !== undefined) return problem(refusal.status, 'request-invalid', refusal.detail, '/ws')
    if (!isLivePath(url)) return problem(404, 'not-found', 'path: WebSockets are served at /ws', '/ws')
    if (!this.#isClosing && this.#sessions.size < this.#sessionsMaxCount) return undefined
    const detail = `connections: all ${this.#sessionsMaxCount} are taken; try again later`
    return problem(503, 'not-ready', detail, '/ws')
  }

  #open(webSocket: WebSocket, url: string): void {
    let path: LivePath
    try {
      path = parseLivePath(url)
    } catch (error) {
      this.#reject(webSocket, error)
      return
    }
    const session = new Session(this.#context, webSocket, path.frameIntervalMs)
    this.#sessions.add(session)
    this.#clock.add(session)
    this.#context.metrics.sessionsOpened.inc()
    webSocket.on('pong', () => session.markAlive())
    webSocket.on('message', (data, isBinary) => session.receive(isBinary ? '' : data.toString()))
    // Broken frames and lost connections end in a close event; there is nobody left to tell.
    webSocket.on('error', (error) => this.#context.logger.debug({ err: error }, 'live: connection failed'))
    webSocket.on('close', (code) => {
      session.ended()
      this.#sessions.delete(session)
      this.#clock.remove(session)
      this.#context.metrics.sessionsClosed.inc({ code: KNOWN_CLOSE_CODES.has(code) ? String(code) : 'other' })
    })
    if (path.subscription !== undefined) {
      const { channel, symbols } = path.subscription
      void session.begin(channel, symbols)
    }
  }

  /** Says what is wrong in a message, as browsers show no more of a refused upgrade than that it failed. */
  #reject(webSocket: WebSocket, error: unknown): void {
    webSocket.on('error', (cause) => this.#context.logger.debug({ err: cause }, 'live: connection failed'))
    const code = error instanceof FinPulseError ? error.code : 'internal'
    webSocket.send(JSON.stringify({ type: 'error', code, detail: messageOf(error) }))
    webSocket.close(CLOSE_CODES.badRequest, 'bad request')
  }
}
