import { FinPulseError, messageOf } from '../../../base/errors.ts'
import type { PieceFormat } from '../source-spec.ts'
import type { Delivery, PieceSink } from './sink.ts'

/** Longest body: what many servers take unless told otherwise. Only a single line may be longer. */
const REQUEST_MAX_BYTES = 1_000_000
const NEWLINE = 10
/** Times that a body is sent to a place that says it is full, and the longest that is waited in between. */
const ATTEMPTS_MAX_COUNT = 20
const RETRY_MAX_SECONDS = 30
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
 * hole. What is made during a request goes together with the next one: the slower the place, the larger the bodies, up to a megabyte.
 * An answer other than 2xx ends the run, but for 429 and 503 that say when to come again.
 */
export class HttpSink implements PieceSink {
  readonly name: string
  readonly isGone = false
  readonly #contentType: string
  readonly #isText: boolean
  readonly #header: Uint8Array
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined
  #failure: FinPulseError | undefined
  #wake: () => void = () => undefined

  /** @param header begins every body, each of which is read by itself */
  constructor(url: string, format: PieceFormat, header: Uint8Array) {
    this.name = url
    this.#header = header
    this.#contentType = CONTENT_TYPES[format]
    this.#isText = format !== 'columnar'
  }

  writeHeader(): void {
    // Every body has it.
  }

  async write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    if (bytes.length === 0) taken()
    const parts = this.#isText ? linesWithin(bytes, REQUEST_MAX_BYTES) : [bytes]
    parts.forEach((part, index) => {
      this.#push(part, index === parts.length - 1 ? taken : () => undefined)
    })
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
        await this.#post(new Uint8Array(Buffer.concat([this.#header, ...sent.map(({ bytes }) => bytes)])))
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

  /** Waits, and sends the same again, where the place says that it is full: that is back-pressure, not a refusal. */
  async #post(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { 'content-type': this.#contentType }
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(this.name, { method: 'POST', headers, body })
      await response.arrayBuffer()
      if (response.ok) return
      const waitMs = attempt < ATTEMPTS_MAX_COUNT ? waitMsOf(response) : undefined
      if (waitMs === undefined) throw new FinPulseError('sink-failed', `${this.name}: answered ${response.status}`)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
}

/** @returns undefined where sending the same again is not asked for */
function waitMsOf({ status, headers }: Response): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const isFull = status === 429 || status === 503
  return isFull && seconds >= 0 ? Math.min(RETRY_MAX_SECONDS, seconds) * 1000 : undefined
}

/** A text in parts of whole lines, none longer than `maxBytes` unless it is one line. */
function linesWithin(text: Uint8Array, maxBytes: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let from = 0
  while (from < text.length) {
    let to = text.length
    if (to - from > maxBytes) {
      const last = text.lastIndexOf(NEWLINE, from + maxBytes - 1)
      to = (last >= from ? last : text.indexOf(NEWLINE, from)) + 1
    }
    parts.push(text.subarray(from, to))
    from = to
  }
  return parts
}
