import { setTimeout as sleep } from 'node:timers/promises'
import { FinPulseError } from '../../../base/errors.ts'
import type { PieceFormat } from '../source-spec.ts'
import { OutboxSink } from './outbox-sink.ts'
import { type Delivery, PATIENCE_MS } from './sink.ts'

/** Longest body: what many servers take unless told otherwise. Only a single line may be longer. */
const REQUEST_MAX_BYTES = 1_000_000
const NEWLINE = 10
/** Times that a body is sent to a place that says it is full, and the longest that is waited in between. */
const ATTEMPTS_MAX_COUNT = 20
const RETRY_MAX_SECONDS = 30
const ANSWER_MAX_MS = 60_000
/** Bytes that may wait or be on their way. */
const WAITING_MAX_BYTES = 4 << 20

export const CONTENT_TYPES: Readonly<Record<PieceFormat, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  columnar: 'application/octet-stream',
}

/**
 * Pieces as the bodies of POST requests, one request at a time. What is made during a request goes together with the
 * next one, up to a megabyte. An answer other than 2xx ends the run, but for 429 and 503 that say when to come again;
 * so does none within a minute.
 */
export class HttpSink extends OutboxSink {
  readonly patienceMs = PATIENCE_MS
  readonly #headers: Readonly<Record<string, string>>
  readonly #isText: boolean
  readonly #header: Uint8Array
  readonly #answerMaxMs: number

  /** @param header begins every body, each of which is read by itself */
  constructor(url: string, format: PieceFormat, header: Uint8Array, answerMaxMs = ANSWER_MAX_MS) {
    super({
      name: url,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: REQUEST_MAX_BYTES,
      send: (bytes, signal) => this.#post(bytes, signal),
    })
    this.#header = header
    this.#headers = { 'content-type': CONTENT_TYPES[format] }
    this.#isText = format !== 'columnar'
    this.#answerMaxMs = answerMaxMs
  }

  override async writeHeader(): Promise<void> {
    // Every body has it.
  }

  override async write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    const parts = this.#isText ? linesWithin(bytes, REQUEST_MAX_BYTES) : [bytes]
    const last = parts.pop() ?? bytes
    for (const part of parts) await this.outbox.push(part, () => undefined)
    await this.outbox.push(last, taken)
  }

  /** Waits, and sends the same again, where the place says that it is full: that is back-pressure, not a refusal. */
  async #post(bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void> {
    const body = this.#header.length === 0 ? bytes : new Uint8Array(Buffer.concat([this.#header, bytes]))
    for (let attempt = 1; ; attempt++) {
      const response = await this.#ask(body, signal)
      if (response.ok) return
      const waitMs = attempt < ATTEMPTS_MAX_COUNT ? waitMsOf(response) : undefined
      if (waitMs === undefined) throw new FinPulseError('sink-failed', `${this.name}: ${refusalOf(response)}`)
      await sleep(waitMs, undefined, { signal })
    }
  }

  async #ask(body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<Response> {
    const late = AbortSignal.timeout(this.#answerMaxMs)
    try {
      // Whoever follows a redirect asks for the new place without the body, and takes its answer for that to the events.
      const response = await fetch(this.name, {
        method: 'POST',
        headers: this.#headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, late]),
      })
      await response.arrayBuffer()
      return response
    } catch (error) {
      if (!late.aborted || signal.aborted) throw error
      const seconds = this.#answerMaxMs / 1000
      throw new FinPulseError(
        'sink-failed',
        `${this.name}: no answer within ${seconds} s; it may have taken the last body`,
      )
    }
  }
}

function refusalOf({ status, headers }: Response): string {
  const place = headers.get('location')
  const hasMoved = status >= 300 && status < 400 && place !== null
  return !hasMoved ? `answered ${status}` : `answered ${status}: it has moved to ${place}; give --out that address`
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
