import type {
  Channel,
  ClientMessage,
  PROTOCOL_VERSION,
  ServerMessage,
  SymbolFilter,
} from '../../../src/protocol/live.ts'
import { backoffMs } from './backoff.ts'
import type { ConnectionState } from './connection-state.ts'
import type { LiveSocket, OpenSocket } from './live-socket.ts'
import { SubscriptionSet } from './subscription-set.ts'

const SPOKEN_VERSION: typeof PROTOCOL_VERSION = 1
/** From this close code on the server does not want us back (see CLOSE_CODES of the protocol). */
const FINAL_CLOSE_CODE = 3500
const FINAL_CLOSE_CODE_END = 4000

/** Between two rounds of subscriptions: the server takes 50 messages a second, and a round has a few per channel. */
const SEND_INTERVAL_MS = 200
const WATCH_INTERVAL_MS = 500
/** A refused subscription is asked for again after this long, twice as long each time … */
const REFUSED_RETRY_FIRST_MS = 1000
/** … at most after this long. */
const REFUSED_RETRY_MAX_MS = 30_000
/** A silent connection is asked for a sign of life after this long … */
const PING_AFTER_MS = 1000
/** … what it shows counts as stale after this long … */
export const STALE_AFTER_MS = 3000
/** … and it is given up after this long without any. */
export const DEAD_AFTER_MS = 10_000

export interface LiveClientOptions {
  readonly open: OpenSocket
  /** Every understood message of the server, in order. */
  readonly onMessage: (message: ServerMessage) => void
  readonly nowMs?: () => number
  readonly random?: () => number
}

/**
 * One connection for the whole page. It comes back by itself and then asks again for all that is subscribed to; what was
 * missed meanwhile is not resent: each subscription begins with a snapshot.
 */
export class LiveClient {
  readonly #options: LiveClientOptions
  readonly #nowMs: () => number
  readonly #subscriptions = new SubscriptionSet()
  readonly #stateListeners = new Set<() => void>()
  #state: ConnectionState = { kind: 'connecting' }
  #socket: LiveSocket | undefined
  #isOpen = false
  #attempt = 0
  #lastMessageMs = 0
  #lastFrameMs = 0
  #isPingPending = false
  #sendTimer: ReturnType<typeof setTimeout> | undefined
  #lastSendMs = Number.NEGATIVE_INFINITY
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #refusedTimer: ReturnType<typeof setTimeout> | undefined
  #refusedRetryMs = REFUSED_RETRY_FIRST_MS
  #watchTimer: ReturnType<typeof setInterval> | undefined

  constructor(options: LiveClientOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? Date.now
  }

  readonly state = (): ConnectionState => this.#state

  /** Calls on every change of `state`. @returns ends it */
  readonly onState = (listener: () => void): (() => void) => {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  start(): void {
    if (this.#watchTimer !== undefined) return
    this.#watchTimer = setInterval(() => this.#watch(), WATCH_INTERVAL_MS)
    this.#connect()
  }

  stop(): void {
    clearInterval(this.#watchTimer)
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#sendTimer)
    clearTimeout(this.#refusedTimer)
    this.#refusedTimer = undefined
    this.#watchTimer = undefined
    this.#sendTimer = undefined
    this.#dropSocket()
  }

  /** Tries at once instead of waiting for the back-off to end. */
  retryNow(): void {
    if (this.#state.kind !== 'reconnecting' || this.#socket !== undefined) return
    clearTimeout(this.#retryTimer)
    this.#connect()
  }

  /** @returns gives the subscription back; calling it twice does no harm */
  subscribe(channel: Channel, symbols: SymbolFilter): () => void {
    this.#subscriptions.add(channel, symbols)
    this.#sendSoon()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#subscriptions.remove(channel, symbols)
      this.#sendSoon()
    }
  }

  #connect(): void {
    if (this.#state.kind === 'reconnecting') this.#setState({ ...this.#state, retryAtMs: this.#nowMs() })
    this.#lastMessageMs = this.#nowMs()
    // Events of a socket that was given up must not touch its successor.
    const isCurrent = () => this.#socket === socket
    const socket = this.#options.open({
      onOpen: () => isCurrent() && this.#onOpen(),
      onText: (text) => isCurrent() && this.#onText(text),
      onClose: (code, reason) => isCurrent() && this.#onClose(code, reason),
    })
    this.#socket = socket
  }

  #onOpen(): void {
    const nowMs = this.#nowMs()
    this.#isOpen = true
    this.#isPingPending = false
    this.#lastMessageMs = nowMs
    this.#lastFrameMs = nowMs
    this.#subscriptions.forgetSent()
    this.#sendChanges()
  }

  #onText(text: string): void {
    const nowMs = this.#nowMs()
    this.#lastMessageMs = nowMs
    this.#isPingPending = false
    let message: ServerMessage
    try {
      message = JSON.parse(text) as ServerMessage
    } catch {
      // A torn message means that nothing after it can be trusted; the reconnect's snapshot can.
      this.#retryLater()
      return
    }
    if (message.type === 'welcome') {
      this.#attempt = 0
      if (message.protocolVersion !== SPOKEN_VERSION) {
        this.#refuse(`The server speaks protocol ${message.protocolVersion}, this page ${SPOKEN_VERSION}. Reload it.`)
        return
      }
      this.#setState({ kind: 'live' })
    }
    if (message.type === 'frame') {
      this.#lastFrameMs = nowMs
      if (this.#state.kind === 'stale') this.#setState({ kind: 'live' })
    }
    if (message.type === 'reset' || message.type === 'welcome') this.#refusedRetryMs = REFUSED_RETRY_FIRST_MS
    if (message.type === 'error' && message.code === 'symbol-unknown') this.#askAgainLater()
    this.#options.onMessage(message)
  }

  /**
   * A symbol that is unknown now is known with its first trade: just after a log begins anew all of them are unknown.
   * The server does not say which subscriptions it lacks, so all are made again; each begins with a snapshot.
   */
  #askAgainLater(): void {
    if (this.#refusedTimer !== undefined) return
    this.#refusedTimer = setTimeout(() => {
      this.#refusedTimer = undefined
      this.#subscriptions.forgetSent()
      if (this.#isOpen) this.#sendChanges()
    }, this.#refusedRetryMs)
    this.#refusedRetryMs = Math.min(REFUSED_RETRY_MAX_MS, 2 * this.#refusedRetryMs)
  }

  #onClose(code: number, reason: string): void {
    if (code >= FINAL_CLOSE_CODE && code < FINAL_CLOSE_CODE_END) this.#refuse(reason || `closed with code ${code}`)
    else this.#retryLater()
  }

  #refuse(reason: string): void {
    this.#dropSocket()
    this.#setState({ kind: 'refused', reason })
  }

  #retryLater(): void {
    this.#dropSocket()
    this.#attempt += 1
    const delayMs = backoffMs(this.#attempt, (this.#options.random ?? Math.random)())
    this.#setState({ kind: 'reconnecting', attempt: this.#attempt, retryAtMs: this.#nowMs() + delayMs })
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs)
  }

  #dropSocket(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#isOpen = false
    socket?.close()
  }

  /** Tells quiet from dead. */
  #watch(): void {
    if (this.#socket === undefined) return
    const nowMs = this.#nowMs()
    const silentMs = nowMs - this.#lastMessageMs
    if (silentMs >= DEAD_AFTER_MS) {
      this.#retryLater()
      return
    }
    if (!this.#isOpen) return
    if (silentMs >= PING_AFTER_MS && !this.#isPingPending) {
      this.#isPingPending = true
      this.#send({ type: 'ping' })
    }
    const freshMs = this.#subscriptions.expectsData ? this.#lastFrameMs : this.#lastMessageMs
    const isStale = nowMs - freshMs >= STALE_AFTER_MS
    if (isStale && this.#state.kind === 'live') this.#setState({ kind: 'stale', sinceMs: freshMs })
    if (!isStale && this.#state.kind === 'stale') this.#setState({ kind: 'live' })
  }

  /** One round of messages for all that one render mounts and unmounts, and few rounds however fast one scrolls. */
  #sendSoon(): void {
    if (this.#sendTimer !== undefined) return
    const delayMs = Math.max(0, this.#lastSendMs + SEND_INTERVAL_MS - this.#nowMs())
    this.#sendTimer = setTimeout(() => {
      this.#sendTimer = undefined
      if (this.#isOpen) this.#sendChanges()
    }, delayMs)
  }

  #sendChanges(): void {
    this.#lastSendMs = this.#nowMs()
    for (const message of this.#subscriptions.changes()) this.#send(message)
    // Time without a subscription is no silence of the data.
    this.#lastFrameMs = this.#nowMs()
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message))
  }

  #setState(state: ConnectionState): void {
    this.#state = state
    for (const listener of this.#stateListeners) listener()
  }
}
