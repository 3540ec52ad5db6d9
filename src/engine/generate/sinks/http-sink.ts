import { FinPulseError, messageOf } from '../../../base/errors.ts'
import type { PieceFormat } from '../source-spec.ts'
import type { Delivery, PieceSink } from './sink.ts'

/** A request takes as many of the pieces that wait as have so many bytes together, and at least one. */
const REQUEST_MAX_BYTES = 1 << 20
/** Bytes that may wait or be on their way. */
const WAITING_MAX_BYTES = 4 << 20

export const CONTENT_TYPES: Readonly<Record<PieceFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  columnar: 'application/octet-stream',
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly taken: () => void
}

/**
 * Pieces as the bodies of POST requests, one request at a time, so that they arrive in order and a failure leaves no
 * hole. What is made during a request goes together with the next one: the slower the place, the larger the bodies.
 * An answer other than 2xx ends the run.
 */
export class HttpSink implements PieceSink {
  readonly name: string
  readonly isGone = false
  readonly #contentType: string
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined
  #failure: FinPulseError | undefined
  #wake: () => void = () => undefined

  constructor(url: string, format: PieceFormat) {
    this.name = url
    this.#contentType = CONTENT_TYPES[format]
  }

  writeHeader(bytes: Uint8Array): void {
    this.#push(bytes, () => undefined)
  }

  async write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    if (bytes.length === 0) taken()
    else this.#push(bytes, taken)
    while (this.#waitingBytes > WAITING_MAX_BYTES && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    await this.#running
    if (this.#failure !== undefined) throw this.#failure
  }

  #push(bytes: Uint8Array, taken: () => void): void {
    this.#waiting.push({ bytes, taken })
    this.#waitingBytes += bytes.length
    this.#running ??= this.#send().finally(() => {
      this.#running = undefined
    })
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const sent = this.#nextRequest()
      try {
        await this.#post(Buffer.concat(sent.map(({ bytes }) => bytes)))
        for (const { taken } of sent) taken()
      } catch (error) {
        this.#failure =
          error instanceof FinPulseError
            ? error
            : new FinPulseError('sink-failed', `${this.name}: ${messageOf(error)}`, { cause: error })
      }
      this.#waitingBytes -= sent.reduce((sum, { bytes }) => sum + bytes.length, 0)
      this.#wake()
    }
  }

  #nextRequest(): Waiting[] {
    let [count, byteCount] = [0, 0]
    while (count < this.#waiting.length) {
      byteCount += this.#waiting[count]!.bytes.length
      if (count > 0 && byteCount > REQUEST_MAX_BYTES) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  async #post(body: Buffer): Promise<void> {
    const headers = { 'content-type': this.#contentType }
    const response = await fetch(this.name, { method: 'POST', headers, body: new Uint8Array(body) })
    await response.arrayBuffer()
    if (!response.ok) throw new FinPulseError('sink-failed', `${this.name}: answered ${response.status}`)
  }
}
