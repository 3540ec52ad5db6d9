import type { WebSocket } from 'ws'
import { type ControlError, type ControlRequest, isControlError, parseControl } from './control-message.ts'
import { MessageRate } from './message-rate.ts'
import { parseStreamName, type StreamName } from './stream-name.ts'
import type { CloseReason, VenueMetrics } from './venue-metrics.ts'
import type { VenueSettings } from './venue-settings.ts'
import type { StreamReader, VenueStreams } from './venue-streams.ts'

export interface ConnectionContext {
  readonly settings: VenueSettings
  readonly streams: VenueStreams
  readonly metrics: VenueMetrics
  /** Any clock that never goes back, ms. */
  readonly elapsedMs: () => number
  /** Market time, whole ms: of the events about the connection itself. */
  readonly nowMs: () => number
  /** How much later everything is sent on purpose, ms. */
  readonly delayMs: () => number
}

interface Delayed {
  readonly dueMs: number
  readonly text: string
}

/** WebSocket close codes: policy violation and going away. */
const TOO_MUCH = 1008
const GOING_AWAY = 1001
/** Unanswered pings that are remembered; a pong that answers none of them is one that nobody asked for. */
const PINGS_KEPT_COUNT = 8

/** One client: its streams, its limits, its heart-beat, and what is done to it on purpose. */
export class VenueConnection implements StreamReader {
  isCombined: boolean
  readonly #socket: WebSocket
  readonly #context: ConnectionContext
  readonly #streams = new Map<string, StreamName>()
  readonly #rate: MessageRate
  readonly #openedMs: number
  #pings: { readonly payload: string; readonly sentMs: number }[] = []
  #nextPingMs: number
  #silentUntilMs = 0
  /** When it is to be ended, on purpose. */
  #endsMs = Number.POSITIVE_INFINITY
  /** Messages that are sent later on purpose; together with the socket's own they take at most `backlogMaxBytes`. */
  #delayed: Delayed[] = []
  #delayedBytes = 0
  #closeReason: CloseReason | undefined

  constructor(context: ConnectionContext, socket: WebSocket, isCombined: boolean) {
    this.#context = context
    this.#socket = socket
    this.isCombined = isCombined
    this.#openedMs = context.elapsedMs()
    this.#nextPingMs = this.#openedMs + context.settings.pingEveryMs
    this.#rate = new MessageRate(context.settings.messagesPerSecond)
  }

  /** Why it was ended; `client` where it was not by us. */
  get closeReason(): CloseReason {
    return this.#closeReason ?? 'client'
  }

  /** @returns false where that would be too many streams, and none is joined then */
  subscribe(names: readonly StreamName[]): boolean {
    const added = new Map(names.filter(({ name }) => !this.#streams.has(name)).map((name) => [name.name, name]))
    if (this.#streams.size + added.size > this.#context.settings.streamsPerConnectionMaxCount) return false
    for (const name of added.values()) {
      this.#streams.set(name.name, name)
      this.#context.streams.join(name, this)
    }
    return true
  }

  send(text: string): void {
    const nowMs = this.#context.elapsedMs()
    if (nowMs < this.#silentUntilMs) {
      this.#context.metrics.losses.inc({ reason: 'silence' })
      return
    }
    const delayMs = this.#context.delayMs()
    if (delayMs === 0 && this.#delayed.length === 0) this.#write(text)
    else this.#delay(text, nowMs + delayMs)
  }

  receive(text: string): void {
    if (!this.#isAllowed()) return
    const request = parseControl(text)
    this.send(JSON.stringify(isControlError(request) ? request : this.#answer(request)))
  }

  receivePing(payload: Buffer): void {
    if (this.#isAllowed() && !this.#isSilent) this.#socket.pong(payload)
  }

  receivePong(payload: Buffer): void {
    if (!this.#isAllowed()) return
    const text = payload.toString()
    if (this.#pings.some((ping) => ping.payload === text)) this.#pings = []
  }

  /** Does what is due. To be called often. */
  check(): void {
    const { settings, elapsedMs } = this.#context
    const nowMs = elapsedMs()
    this.#sendDue(nowMs)
    if (nowMs >= this.#endsMs) this.end('chaos', 'server is shutting down')
    else if (nowMs - this.#openedMs >= settings.connectionLifeMs) this.end('old-age', 'connection is too old')
    else if (this.#pings.length > 0 && nowMs - this.#pings[0]!.sentMs >= settings.pongWithinMs) this.cut('no-pong')
    else if (nowMs >= this.#nextPingMs) this.#ping(nowMs)
  }

  /** Nothing is sent from now on for a while, not even pongs. */
  silence(durationMs: number): void {
    this.#silentUntilMs = this.#context.elapsedMs() + durationMs
  }

  /** Tells the client that the server stops, and ends the connection later. */
  announceShutdown(endsInMs: number): void {
    const data = JSON.stringify({ e: 'serverShutdown', E: this.#context.nowMs() })
    this.send(this.isCombined ? `{"stream":"!serverShutdown","data":${data}}` : data)
    this.#endsMs = this.#context.elapsedMs() + endsInMs
  }

  /** Ends with a close frame. */
  end(reason: CloseReason, text: string, code = GOING_AWAY): void {
    this.#closeReason ??= reason
    this.#socket.close(code, text)
  }

  /** Ends at once, without a word. */
  cut(reason: CloseReason): void {
    this.#closeReason ??= reason
    this.#socket.terminate()
  }

  /** To be called when the socket is closed. */
  ended(): void {
    for (const name of this.#streams.values()) this.#context.streams.leave(name, this)
    this.#streams.clear()
    this.#delayed = []
  }

  get #isSilent(): boolean {
    return this.#context.elapsedMs() < this.#silentUntilMs
  }

  #isAllowed(): boolean {
    if (this.#closeReason !== undefined) return false
    if (this.#rate.take(this.#context.elapsedMs())) return true
    this.end('too-many-messages', 'Too many requests', TOO_MUCH)
    return false
  }

  #answer(request: ControlRequest): object {
    const { id } = request
    switch (request.method) {
      case 'SUBSCRIBE':
        return this.#subscribeAll(request.streams, id)
      case 'UNSUBSCRIBE':
        for (const name of request.streams) this.#unsubscribe(name)
        return { result: null, id }
      case 'LIST_SUBSCRIPTIONS':
        return { result: [...this.#streams.keys()], id }
      case 'SET_PROPERTY':
        this.isCombined = request.isCombined
        return { result: null, id }
      case 'GET_PROPERTY':
        return { result: this.isCombined, id }
    }
  }

  #subscribeAll(names: readonly string[], id: ControlRequest['id']): object {
    const invalid = (what: string): ControlError => ({ code: 2, msg: `Invalid request: ${what}`, id })
    const parsed: StreamName[] = []
    for (const name of names) {
      const stream = parseStreamName(name)
      if (stream === undefined) return invalid(`there is no stream ${JSON.stringify(name.slice(0, 64))} here`)
      parsed.push(stream)
    }
    if (this.subscribe(parsed)) return { result: null, id }
    return invalid(`more than ${this.#context.settings.streamsPerConnectionMaxCount} streams on one connection`)
  }

  #unsubscribe(text: string): void {
    const name = this.#streams.get(text)
    if (name === undefined) return
    this.#streams.delete(text)
    this.#context.streams.leave(name, this)
  }

  #ping(nowMs: number): void {
    this.#nextPingMs = nowMs + this.#context.settings.pingEveryMs
    if (this.#isSilent) return
    const payload = String(this.#context.nowMs())
    this.#pings = [...this.#pings.slice(0, PINGS_KEPT_COUNT - 1), { payload, sentMs: nowMs }]
    this.#socket.ping(payload)
  }

  #delay(text: string, dueMs: number): void {
    this.#delayed.push({ dueMs, text })
    this.#delayedBytes += text.length
    this.#checkBacklog()
  }

  #sendDue(nowMs: number): void {
    let count = 0
    while (count < this.#delayed.length && this.#delayed[count]!.dueMs <= nowMs) {
      const { text } = this.#delayed[count]!
      this.#delayedBytes -= text.length
      this.#write(text)
      count += 1
    }
    if (count > 0) this.#delayed = this.#delayed.slice(count)
  }

  #write(text: string): void {
    if (this.#closeReason !== undefined) return
    this.#socket.send(text)
    this.#checkBacklog()
  }

  /** The venue does not wait for a client that does not read. */
  #checkBacklog(): void {
    if (this.#socket.bufferedAmount + this.#delayedBytes > this.#context.settings.backlogMaxBytes) {
      this.cut('slow-client')
    }
  }
}
