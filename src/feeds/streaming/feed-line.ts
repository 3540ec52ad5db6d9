import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import type { SocketStatus } from '../feed.ts'
import { Backoff } from './backoff.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import { type ConnectionLimits, ConnectionState } from './connection-state.ts'
import type { Frame } from './frame-queue.ts'
import { type SocketFailure, type SocketListener, StreamSocket } from './stream-socket.ts'

/** One connection: what it carries and where to. */
export interface SocketPlan {
  readonly index: number
  readonly url: string
  /** As the venue names them. */
  readonly streams: readonly string[]
  readonly symbols: readonly string[]
}

/** What is bounded or timed about one connection. */
export interface LineLimits extends ConnectionLimits {
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  readonly frameMaxBytes: number
}

export interface FeedLineOptions {
  /** Of the feed, for the log. */
  readonly name: string
  readonly plan: SocketPlan
  readonly limits: LineLimits
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly budget: ConnectionBudget
  readonly onFrame: (frame: Frame) => void
  /** Called with each socket that opens, a successor too: for venues that are told over it what to send. */
  readonly onOpened?: (socket: StreamSocket, plan: SocketPlan) => void
  /** The socket has ended, and no other has brought what it does not bring any more. */
  readonly onLost?: (plan: SocketPlan) => void
  /** A socket brings the line's streams from now on: the first one, or one that follows a lost one. */
  readonly onFollowing?: (plan: SocketPlan) => void
  /** No frame has come for longer than usual: an answer to a ping does not tell whether some should have. */
  readonly onDoubt?: (plan: SocketPlan) => void
  /** Whether a frame shows only that the other side lives, such as a heartbeat: it may come while data does not. */
  readonly isLifeOnly?: (frame: Uint8Array) => boolean
  /** Whether the venue says by this frame that it will cut the socket soon: a successor is opened then. */
  readonly announcesEnd?: (frame: Uint8Array) => boolean
  /** True while the queue is full: sockets that open then do not read. */
  readonly isPaused: () => boolean
}

/**
 * One planned connection: keeps a socket open, replaces it before the venue cuts it, comes back after failures.
 *
 * A successor reads nothing until its predecessor, after the overlap, is closed: so frames come in order of id, first the
 * rest of the old socket, then those of the new one, whose beginning is known already and dropped by id.
 */
export class FeedLine implements SocketListener {
  readonly #options: FeedLineOptions
  readonly #state: ConnectionState
  readonly #backoff: Backoff
  #socket: StreamSocket | undefined
  #successor: StreamSocket | undefined
  #isSuccessorOpen = false
  #blockedUntilUs = 0
  #openedCount = 0
  #reconnectCount = 0
  #handOverCount = 0
  #lastError: string | null = null

  constructor(options: FeedLineOptions) {
    this.#options = options
    const { limits, random } = options
    this.#state = new ConnectionState(limits)
    this.#backoff = new Backoff({ firstMs: limits.backoffFirstMs, maxMs: limits.backoffMaxMs }, random)
  }

  get isOpen(): boolean {
    return this.#state.isOpen
  }

  /** When it was known last that all that had been sent has come, µs. */
  get heardUs(): number {
    return this.#state.heardUs
  }

  /** When the present socket brought something last, or was begun to be read from, µs. */
  get broughtUs(): number {
    return this.#state.broughtUs
  }

  get symbols(): readonly string[] {
    return this.#options.plan.symbols
  }

  get reconnectCount(): number {
    return this.#reconnectCount
  }

  /** Does what is due. To be called often. */
  check(): void {
    const nowUs = this.#options.clock.nowUs()
    switch (this.#state.verdict(nowUs)) {
      case 'stay':
        this.#askForLife(nowUs)
        break
      case 'connect':
        if (this.#mayConnect(nowUs)) {
          this.#state.connecting(nowUs)
          this.#socket = this.#open()
        }
        break
      case 'cut':
        this.#lose(this.#state.isOpen ? 'silent for too long' : 'did not open in time')
        break
      case 'successor':
        if (this.#mayConnect(nowUs)) {
          this.#state.successorConnecting(nowUs)
          this.#successor = this.#open()
        }
        break
      case 'drop-successor':
        this.#loseSuccessor({ reason: 'successor did not open in time' })
        break
      case 'switch':
        this.#handOver()
        break
    }
  }

  #mayConnect(nowUs: number): boolean {
    return nowUs >= this.#blockedUntilUs && this.#options.budget.take(nowUs)
  }

  #open(): StreamSocket {
    const { plan, limits } = this.#options
    return new StreamSocket({ url: plan.url, ...limits }, this)
  }

  #askForLife(nowUs: number): void {
    const { onDoubt, plan } = this.#options
    if (this.#state.isAskDue(nowUs)) {
      this.#state.asked(nowUs)
      this.#socket?.ping()
    }
    if (this.#state.takeDoubt(nowUs)) onDoubt?.(plan)
  }

  opened(socket: StreamSocket): void {
    const nowUs = this.#options.clock.nowUs()
    this.#options.onOpened?.(socket, this.#options.plan)
    if (socket === this.#successor) {
      this.#isSuccessorOpen = true
      socket.pause()
      this.#state.successorOpened(nowUs)
      return
    }
    this.#state.opened(nowUs)
    this.#openedCount += 1
    if (this.#openedCount > 1) this.#reconnectCount += 1
    if (this.#options.isPaused()) this.pause()
    this.#options.onFollowing?.(this.#options.plan)
  }

  frame(socket: StreamSocket, bytes: Uint8Array): void {
    const receivedTimeUs = this.#options.clock.nowUs()
    const { announcesEnd, isLifeOnly, logger, name, plan, onFrame } = this.#options
    if (isLifeOnly?.(bytes) === true) this.heard(socket)
    else if (socket === this.#socket) {
      this.#state.brought(receivedTimeUs)
      // A connection that brings something has succeeded; one that only opens may be cut again at once.
      this.#backoff.reset()
    }
    if (announcesEnd?.(bytes) === true) {
      logger.info({ socket: plan.index }, `${name} feed: the venue will cut this socket`)
      if (socket === this.#socket) this.#state.shutdownAnnounced(receivedTimeUs)
    }
    onFrame({ bytes, receivedTimeUs })
  }

  heard(socket: StreamSocket): void {
    if (socket === this.#socket) this.#state.heard(this.#options.clock.nowUs())
  }

  closed(socket: StreamSocket, failure: SocketFailure): void {
    if (socket === this.#successor) this.#loseSuccessor(failure)
    else if (socket === this.#socket) this.#lose(failure.reason, failure.retryAfterMs)
  }

  /** Gives up the present socket, which lives but is of no use, and connects anew. */
  drop(reason: string): void {
    if (this.#state.isOpen) this.#lose(reason)
  }

  #lose(reason: string, retryAfterMs?: number): void {
    const { onLost, plan } = this.#options
    this.#socket?.cut()
    this.#noteFailure(reason)
    if (this.#state.isOpen) onLost?.(plan)
    // The successor was going to take over anyway; what lay between the two is repaired.
    if (this.#isSuccessorOpen) {
      this.#promote()
      this.#options.onFollowing?.(plan)
      return
    }
    this.#successor?.cut()
    this.#successor = undefined
    this.#socket = undefined
    this.#state.lost(this.#dueAfter(retryAfterMs))
  }

  #loseSuccessor({ reason, retryAfterMs }: SocketFailure): void {
    this.#successor?.cut()
    this.#successor = undefined
    this.#isSuccessorOpen = false
    this.#noteFailure(reason)
    this.#state.successorLost(this.#dueAfter(retryAfterMs))
  }

  #handOver(): void {
    const { isPaused, onLost, onFollowing, plan } = this.#options
    // Of a socket that is not read from, what came before its successor opened may be lost with it.
    const isCovered = !isPaused()
    if (!isCovered) onLost?.(plan)
    this.#promote()
    if (!isCovered) onFollowing?.(plan)
  }

  #promote(): void {
    this.#socket?.cut()
    this.#socket = this.#successor
    this.#successor = undefined
    this.#isSuccessorOpen = false
    this.#handOverCount += 1
    this.#state.opened(this.#options.clock.nowUs())
    if (this.#options.isPaused()) this.pause()
    else this.resume()
  }

  #dueAfter(retryAfterMs: number | undefined): number {
    const nowUs = this.#options.clock.nowUs()
    const delayMs = this.#backoff.nextDelayMs()
    if (retryAfterMs !== undefined) this.#blockedUntilUs = nowUs + retryAfterMs * 1000
    return nowUs + Math.max(delayMs, retryAfterMs ?? 0) * 1000
  }

  #noteFailure(reason: string): void {
    this.#lastError = reason
    const { logger, plan, name } = this.#options
    logger.warn({ socket: plan.index, reason, attempt: this.#backoff.attemptCount }, `${name} feed: a socket was lost`)
  }

  pause(): void {
    this.#state.paused()
    this.#socket?.pause()
  }

  resume(): void {
    this.#state.resumed(this.#options.clock.nowUs())
    this.#socket?.resume()
  }

  close(): void {
    this.#socket?.cut()
    this.#successor?.cut()
    this.#socket = undefined
    this.#successor = undefined
  }

  status(quietSymbols: readonly string[]): SocketStatus {
    const { openedUs, phase } = this.#state
    return {
      index: this.#options.plan.index,
      state: phase,
      streamCount: this.#options.plan.streams.length,
      openedTimeMs: Number.isFinite(openedUs) ? openedUs / 1000 : null,
      silenceMs: Math.round(this.#state.silenceUs(this.#options.clock.nowUs()) / 1000),
      reconnects: this.#reconnectCount,
      handOvers: this.#handOverCount,
      quietSymbols,
      lastError: this.#lastError,
    }
  }
}
