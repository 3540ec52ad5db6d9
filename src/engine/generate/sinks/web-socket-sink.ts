import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { FinPulseError, messageOf } from '../../../base/errors.ts'
import { Outbox } from './outbox.ts'
import { type Delivery, PATIENCE_MS, type PieceSink } from './sink.ts'

/** Bytes that may be unsent. */
const WAITING_MAX_BYTES = 4 << 20
const CONNECT_MAX_MS = 10_000
/** What the other side may say, which nobody reads. */
const HEARD_MAX_BYTES = 1 << 16

/**
 * Each piece as one WebSocket message: text, or bytes where the format is columnar. The other side acknowledges nothing:
 * a piece counts as taken when it left this process.
 */
export class WebSocketSink implements PieceSink {
  readonly name: string
  readonly patienceMs = PATIENCE_MS
  readonly #socket: WebSocket
  readonly #isText: boolean
  readonly #outbox: Outbox

  /** @throws FinPulseError sink-failed where nobody answers */
  static async open(url: string, isText: boolean): Promise<WebSocketSink> {
    const options = { handshakeTimeout: CONNECT_MAX_MS, maxPayload: HEARD_MAX_BYTES, perMessageDeflate: false }
    const socket = new WebSocket(url, options)
    await once(socket, 'open').catch((error: unknown) => {
      throw new FinPulseError('sink-failed', `${url}: cannot connect: ${messageOf(error)}`, { cause: error })
    })
    return new WebSocketSink(url, socket, isText)
  }

  private constructor(url: string, socket: WebSocket, isText: boolean) {
    this.name = url
    this.#socket = socket
    this.#isText = isText
    // What breaks a connection is seen by the next message.
    socket.on('error', () => undefined)
    this.#outbox = new Outbox({
      name: url,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: 0,
      send: (bytes) => this.#send(bytes),
    })
  }

  get isGone(): boolean {
    return this.#outbox.isGone
  }

  writeHeader(bytes: Uint8Array): Promise<void> {
    return this.#outbox.push(bytes, () => undefined)
  }

  write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    return this.#outbox.push(bytes, taken)
  }

  /** Says goodbye, and waits a while for the answer: by then the other side has read everything. */
  async close(): Promise<void> {
    await this.#outbox.drain()
    if (this.#outbox.isGone) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await Promise.race([closed, sleep(PATIENCE_MS, undefined, { ref: false })])
    this.#socket.terminate()
  }

  async giveUp(): Promise<void> {
    // Whatever is being sent fails with it.
    this.#socket.terminate()
    await this.#outbox.giveUp()
  }

  #send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, { binary: !this.#isText }, (error) => {
        if (error === undefined || error === null) resolve()
        else reject(new FinPulseError('sink-failed', `${this.name}: closed the connection`, { cause: error }))
      })
    })
  }
}
