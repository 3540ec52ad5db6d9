import { once } from 'node:events'
import { WebSocket } from 'ws'
import { FinPulseError, messageOf } from '../../../base/errors.ts'
import { OutboxSink } from './outbox-sink.ts'
import { PATIENCE_MS } from './sink.ts'

/** Bytes that may be unsent. */
const WAITING_MAX_BYTES = 4 << 20
const CONNECT_MAX_MS = 10_000
/** What the other side may say, which nobody reads. */
const HEARD_MAX_BYTES = 1 << 16

/**
 * Each piece as one WebSocket message: text, or bytes where the format is columnar. The other side acknowledges nothing:
 * a piece counts as taken when it left this process.
 */
export class WebSocketSink extends OutboxSink {
  readonly patienceMs = PATIENCE_MS
  readonly #socket: WebSocket

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
    super({
      name: url,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: 0,
      send: (bytes) => this.#send(bytes, isText),
    })
    this.#socket = socket
    // What breaks a connection is seen by the next message.
    socket.on('error', () => undefined)
  }

  /** Says goodbye, and waits a while for the answer: by then the other side has read everything. */
  override async close(): Promise<void> {
    await super.close()
    if (this.isGone || this.#socket.readyState === WebSocket.CLOSED) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#socket.close()
    })
    this.#socket.terminate()
  }

  override async giveUp(): Promise<void> {
    // Whatever is being sent fails with it.
    this.#socket.terminate()
    await super.giveUp()
  }

  #send(bytes: Uint8Array, isText: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, { binary: !isText }, (error) => {
        if (error === undefined || error === null) resolve()
        else reject(new FinPulseError('sink-failed', `${this.name}: closed the connection`, { cause: error }))
      })
    })
  }
}
