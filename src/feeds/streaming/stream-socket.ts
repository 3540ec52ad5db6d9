import { type RawData, WebSocket } from 'ws'
import { messageOf } from '../../base/errors.ts'

/** Why a socket ended or never opened. */
export interface SocketFailure {
  readonly reason: string
  /** Present where the venue said when to come back (HTTP 429 and 418). */
  readonly retryAfterMs?: number
}

/** Told what happens to a socket. After `closed` nothing more comes from it. */
export interface SocketListener {
  opened(socket: StreamSocket): void
  frame(socket: StreamSocket, bytes: Uint8Array): void
  /** The venue's answer to our ping. */
  heard(socket: StreamSocket): void
  closed(socket: StreamSocket, failure: SocketFailure): void
}

export interface StreamSocketOptions {
  readonly url: string
  readonly frameMaxBytes: number
  readonly connectTimeoutMs: number
}

/** One WebSocket of the venue: I/O only. Pings are answered with their payload by `ws`. */
export class StreamSocket {
  readonly #socket: WebSocket
  readonly #listener: SocketListener
  #lastError = ''
  #isClosed = false

  constructor(options: StreamSocketOptions, listener: SocketListener) {
    this.#listener = listener
    const socket = new WebSocket(options.url, {
      maxPayload: options.frameMaxBytes,
      handshakeTimeout: options.connectTimeoutMs,
      perMessageDeflate: false,
    })
    this.#socket = socket
    socket.binaryType = 'nodebuffer'
    socket.on('open', () => !this.#isClosed && listener.opened(this))
    socket.on('message', (data: RawData) => !this.#isClosed && listener.frame(this, data as Buffer))
    socket.on('pong', () => !this.#isClosed && listener.heard(this))
    socket.on('error', (error) => {
      this.#lastError = messageOf(error)
    })
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      this.#end(failureOfAnswer(response.statusCode ?? 0, response.headers['retry-after']))
    })
    socket.on('close', (code, reason) => {
      const closed = `closed with ${code}${reason.length === 0 ? '' : ` ${reason.toString()}`}`
      this.#end({ reason: this.#lastError === '' ? closed : this.#lastError })
    })
  }

  #end(failure: SocketFailure): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#listener.closed(this, failure)
  }

  /** Asks the other side for a sign of life. */
  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping()
  }

  /** For venues that are told over the socket what to send. */
  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text)
  }

  /** Stops reading: the venue's data waits in the connection. */
  pause(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause()
  }

  resume(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.resume()
  }

  /** Ends the socket at once. The listener hears no more of it. */
  cut(): void {
    this.#isClosed = true
    // A socket that has not opened reports its end as an error.
    this.#socket.terminate()
  }
}

/** The venue answers HTTP 429 (too much) or 418 (banned) with `Retry-After` in seconds. */
export function failureOfAnswer(status: number, retryAfter: string | null | undefined): SocketFailure {
  const reason = `HTTP ${status}`
  const seconds = Number(retryAfter ?? Number.NaN)
  if (Number.isFinite(seconds) && seconds >= 0) return { reason, retryAfterMs: seconds * 1000 }
  // Two minutes is the shortest ban; a 429 counts by the minute.
  if (status === 418) return { reason, retryAfterMs: 120_000 }
  return status === 429 ? { reason, retryAfterMs: 60_000 } : { reason }
}
