import { FinPulseError } from '../../../base/errors.ts'
import type { Delivery, PieceSink } from './sink.ts'

/** Bytes that may be unsent. */
const UNSENT_MAX_BYTES = 4 << 20
const POLL_MS = 2

/**
 * Each piece as one WebSocket message: text, or bytes where the format is columnar. The other side acknowledges nothing:
 * a piece counts as taken when it left this process.
 */
export class WebSocketSink implements PieceSink {
  readonly name: string
  readonly isGone = false
  readonly #socket: WebSocket
  readonly #isText: boolean
  #sentBytes = 0
  readonly #unsent: { readonly endBytes: number; readonly taken: () => void }[] = []

  /** @throws FinPulseError sink-failed where nobody answers */
  static async open(url: string, isText: boolean): Promise<WebSocketSink> {
    const socket = new WebSocket(url)
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve())
      socket.addEventListener('error', () => reject(new FinPulseError('sink-failed', `${url}: cannot connect`)))
    })
    return new WebSocketSink(url, socket, isText)
  }

  private constructor(url: string, socket: WebSocket, isText: boolean) {
    this.name = url
    this.#socket = socket
    this.#isText = isText
  }

  writeHeader(bytes: Uint8Array): void {
    this.#send(bytes, () => undefined)
  }

  async write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    this.#send(bytes, taken)
    await this.#drain(UNSENT_MAX_BYTES)
  }

  async close(): Promise<void> {
    await this.#drain(0)
    this.#socket.close()
  }

  #send(bytes: Uint8Array, taken: () => void): void {
    // The socket keeps what it is given until it is out.
    this.#socket.send(this.#isText ? Buffer.from(bytes).toString() : bytes.slice())
    this.#sentBytes += bytes.length
    this.#unsent.push({ endBytes: this.#sentBytes, taken })
    this.#settle()
  }

  async #drain(maxBytes: number): Promise<void> {
    this.#check()
    while (this.#socket.bufferedAmount > maxBytes) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      this.#check()
      this.#settle()
    }
    this.#settle()
  }

  #settle(): void {
    const outBytes = this.#sentBytes - this.#socket.bufferedAmount
    while (this.#unsent.length > 0 && this.#unsent[0]!.endBytes <= outBytes) this.#unsent.shift()!.taken()
  }

  #check(): void {
    if (this.#socket.readyState === WebSocket.OPEN) return
    throw new FinPulseError('sink-failed', `${this.name}: closed the connection`)
  }
}
