import type { WebSocket } from 'ws'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import {
  type Channel,
  CLOSE_CODES,
  type ClientMessage,
  PROTOCOL_VERSION,
  type ServerMessage,
  type SubscribeMessage,
  type SymbolFilter,
  type UnsubscribeMessage,
} from '../../protocol/live.ts'
import type { ApiMetrics, LossReason } from '../api-metrics.ts'
import type { MarketData } from '../market-data.ts'
import { parameterInvalid } from '../rest/problem.ts'
import { parseClientMessage, SUBSCRIPTIONS_MAX_COUNT } from './client-message.ts'
import { type FrameEncoder, frameFieldOf, frameText } from './frame-encoder.ts'
import type { LiveHub } from './live-hub.ts'
import { MessageAllowance } from './message-allowance.ts'
import { readSnapshot, type SnapshotRows, snapshotText } from './snapshot.ts'
import { Subscriptions } from './subscriptions.ts'

/** Above this, a session is sent nothing until its socket has drained: what it holds in memory is bounded by it. */
export const BUFFERED_MAX_BYTES = 1024 * 1024
/** A session that stays above for this long is closed. */
export const STALLED_MAX_MS = 30_000
/** Most messages of a client that wait for their turn while a snapshot is read. */
const WAITING_MESSAGES_MAX_COUNT = 100

export interface SessionContext {
  readonly hub: LiveHub
  readonly data: MarketData
  readonly encoder: FrameEncoder
  readonly metrics: ApiMetrics
  readonly logger: Logger
  /** Wall clock, ms. */
  readonly nowMs: () => number
}

/**
 * One connection. It holds what it is subscribed to and the last step that it was sent: no queue. While its socket is
 * full it is passed over; once it drains it gets the latest of everything, the changes that the hub still keeps, and
 * the number of those that it missed.
 */
export class Session {
  readonly frameIntervalMs: number
  readonly #context: SessionContext
  readonly #socket: WebSocket
  readonly #subscriptions: Subscriptions
  readonly #allowance: MessageAllowance
  /** The hub's step that this session was last brought to. */
  #since: number
  #stalledSinceMs: number | undefined
  /** Whether it was passed over since the last frame that it got. */
  #wasStalled = false
  #isAlive = true
  #isOpen = true
  #waitingCount = 0
  #turn: Promise<void> = Promise.resolve()

  constructor(context: SessionContext, socket: WebSocket, frameIntervalMs: number) {
    this.#context = context
    this.#socket = socket
    this.frameIntervalMs = frameIntervalMs
    this.#subscriptions = new Subscriptions(context.hub)
    this.#allowance = new MessageAllowance(context.nowMs())
    this.#since = context.hub.sequence
    this.send({
      type: 'welcome',
      protocolVersion: PROTOCOL_VERSION,
      epoch: context.hub.epoch,
      serverTimeMs: context.nowMs(),
      frameIntervalMs,
    })
  }

  /** Takes a message of the client; they are answered one after the other, in order. */
  receive(text: string): void {
    if (!this.#isOpen) return
    if (!this.#allowance.take(this.#context.nowMs()) || this.#waitingCount >= WAITING_MESSAGES_MAX_COUNT) {
      this.#refuse(parameterInvalid('message', undefined, 'at most 50 messages per second'))
      this.close(CLOSE_CODES.tooManyMessages, 'too many messages')
      return
    }
    this.#waitingCount += 1
    this.#turn = this.#turn.then(async () => {
      this.#waitingCount -= 1
      try {
        if (this.#isOpen) await this.#answer(parseClientMessage(text))
      } catch (error) {
        this.#refuse(error)
      }
    })
  }

  /** Subscribes as if the client had asked; used by paths that name a channel. Closes where the symbol is unknown. */
  async begin(channel: Channel, symbols: SymbolFilter): Promise<void> {
    try {
      await this.#subscribe({ type: 'subscribe', channel, symbols })
    } catch (error) {
      this.#refuse(error)
    }
    if (this.#subscriptions.count === 0) this.close(CLOSE_CODES.unknownSymbol, 'unknown symbol')
  }

  /** Sends what changed since the last time, unless the socket is still full. */
  deliver(): void {
    if (!this.#isOpen || this.#isStalled()) return
    const { hub, encoder } = this.#context
    const frame = encoder.encode(this.#subscriptions, this.#since)
    if (this.#since === hub.sequence) return
    this.#since = hub.sequence
    this.#subscriptions.markSeen()
    for (const loss of frame.losses) {
      this.#context.metrics.losses.inc({ reason: this.#lossReason() }, loss.missedCount)
      this.send(loss)
    }
    if (frame.bytes !== undefined) this.#sendFrame(frame.bytes)
    this.#wasStalled = false
  }

  /** Closes a session that has not drained for too long. */
  checkStalled(): void {
    if (!this.#isStalled()) return
    if (this.#context.nowMs() - this.#stalledSinceMs! >= STALLED_MAX_MS) {
      this.close(CLOSE_CODES.slow, 'too slow')
      // The close frame cannot get past what is buffered.
      this.#socket.terminate()
    }
  }

  /** Drops a peer that did not answer the last ping, else sends the next one. */
  checkAlive(): void {
    if (!this.#isAlive) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = false
    this.#socket.ping()
  }

  markAlive(): void {
    this.#isAlive = true
  }

  /** Tells the client to forget everything; its subscriptions stay, and what comes next is the new log's. */
  restart(epoch: string): void {
    this.#since = this.#context.hub.sequence
    this.#subscriptions.markSeen()
    this.send({ type: 'reset', epoch })
  }

  /** Records that nobody was sent: the log had dropped them before they were read. */
  reportLoss(field: ReturnType<typeof frameFieldOf>, missedCount: number): void {
    for (const { channel } of this.#subscriptions.filters()) {
      if (frameFieldOf(channel) === field) this.send({ type: 'loss', channel, missedCount })
    }
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#subscriptions.clear()
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.ended()
    this.#socket.terminate()
  }

  /** The connection is gone. */
  ended(): void {
    this.#isOpen = false
    this.#subscriptions.clear()
  }

  send(message: ServerMessage): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #lossReason(): LossReason {
    return this.#wasStalled ? 'slow-client' : 'burst'
  }

  #isStalled(): boolean {
    if (this.#socket.bufferedAmount <= BUFFERED_MAX_BYTES) {
      this.#stalledSinceMs = undefined
      return false
    }
    this.#stalledSinceMs ??= this.#context.nowMs()
    this.#wasStalled = true
    return true
  }

  #sendFrame(frame: Buffer | string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(frame, { binary: false })
    this.#context.metrics.frames.inc()
    this.#context.metrics.bytes.inc(frame.length)
  }

  async #answer(message: ClientMessage): Promise<void> {
    if (message.type === 'subscribe') await this.#subscribe(message)
    else if (message.type === 'unsubscribe') await this.#unsubscribe(message)
    else this.send(message.id === undefined ? { type: 'pong' } : { type: 'pong', id: message.id })
  }

  async #subscribe({ channel, symbols }: SubscribeMessage): Promise<void> {
    const { hub } = this.#context
    const found = symbols === '*' ? symbols : await this.#resolve(symbols)
    if (found.length === 0) return
    const added = found === '*' ? 1 : found.filter((symbol) => !this.#subscriptions.holds(channel, symbol)).length
    if (this.#subscriptions.count + added > SUBSCRIPTIONS_MAX_COUNT) {
      throw parameterInvalid('symbols', added, `at most ${SUBSCRIPTIONS_MAX_COUNT} subscriptions per connection`)
    }
    this.#requireDrained()
    hub.settle()
    const since = hub.sequence
    // Watched from here on, so that what comes while the snapshot is read is kept; this session gets it with it.
    const probe = new Subscriptions(hub)
    probe.add(channel, found)
    try {
      const rows = await this.#readSnapshot(channel, found)
      if (!this.#isOpen) return
      this.#requireDrained()
      hub.settle()
      this.deliver()
      this.#subscriptions.add(channel, found)
      this.#since = hub.sequence
      this.send({ type: 'subscribed', channel, symbols: this.#subscriptions.filter(channel) })
      const text = snapshotText(hub, channel, found, rows, since)
      this.#sendFrame(frameText(this.#context.nowMs(), { [frameFieldOf(channel)]: text }))
    } finally {
      probe.clear()
    }
  }

  /** Where the log begins anew in the meantime, what was read is worthless. */
  async #readSnapshot(channel: Channel, symbols: SymbolFilter): Promise<SnapshotRows> {
    const { hub, data } = this.#context
    for (;;) {
      const { epoch } = hub
      const rows = await readSnapshot(data, channel, symbols)
      if (hub.epoch === epoch) return rows
    }
  }

  /** A snapshot comes on top of what is buffered: a client that does not read may not ask for more and more. */
  #requireDrained(): void {
    if (!this.#isStalled()) return
    throw new FinPulseError('not-ready', 'subscribe: what was sent before is still unread; read, then ask again')
  }

  async #unsubscribe({ channel, symbols = '*' }: UnsubscribeMessage): Promise<void> {
    if (symbols !== '*' && this.#subscriptions.filter(channel) === '*') {
      throw parameterInvalid('symbols', symbols, '"*", as the whole channel is subscribed to')
    }
    const found = symbols === '*' ? symbols : await this.#resolve(symbols)
    // What waits for the next step belongs to the time before.
    this.#context.hub.settle()
    this.deliver()
    this.#subscriptions.remove(channel, found)
    this.send({ type: 'subscribed', channel, symbols: this.#subscriptions.filter(channel) })
  }

  /** Stored spellings; unknown ones are named in one error, and the others still count. */
  async #resolve(symbols: readonly string[]): Promise<string[]> {
    const found = await Promise.all(symbols.map((symbol) => this.#context.data.symbols.find(symbol)))
    const unknown = symbols.filter((_symbol, index) => found[index] === undefined)
    if (unknown.length > 0) {
      const names = unknown.slice(0, 10).join(', ')
      this.#refuse(new FinPulseError('symbol-unknown', `symbols: no event of ${names} has been seen`))
    }
    return [...new Set(found.filter((symbol) => symbol !== undefined))]
  }

  #refuse(error: unknown): void {
    this.#context.metrics.rejectedMessages.inc()
    if (error instanceof FinPulseError && error.code !== 'internal' && error.code !== 'store-failed') {
      this.send({ type: 'error', code: error.code, detail: error.message })
      return
    }
    this.#context.logger.error({ err: error }, `live: a client's message failed: ${messageOf(error)}`)
    this.send({ type: 'error', code: 'internal', detail: 'the message failed inside FinPulse; the log says more' })
  }
}
