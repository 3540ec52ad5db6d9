import type { WebSocket } from 'ws'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import { CLOSE_CODES } from '../../protocol/live.ts'
import { BATCH_ID_MAX_LENGTH, type PushAnswer } from '../../protocol/push.ts'
import type { PushControl, PushRequest } from '../engine-view.ts'

/** Messages of one socket that are not answered yet, and their bytes: with either it is not read from until some are. */
const UNANSWERED_MAX_COUNT = 256
const UNANSWERED_MAX_BYTES = 1024 * 1024
/** A client that does not read its answers is cut off when so many bytes of them wait. */
const UNSENT_MAX_BYTES = 1024 * 1024
/** Longest first line that may name the batch. */
const BATCH_LINE_MAX_BYTES = 1024
const BATCH_LINE = /^\{\s*"type"\s*:\s*"batch"/
const NEWLINE = 0x0a

/** One system that pushes: each message is a batch of NDJSON, answered in the order of the messages. */
export class PushSession {
  readonly #socket: WebSocket
  readonly #push: PushControl
  readonly #request: Omit<PushRequest, 'bytes'>
  readonly #logger: Logger
  #messageCount = 0
  #unansweredCount = 0
  #unansweredBytes = 0
  #answered: Promise<void> = Promise.resolve()
  #isAlive = true

  constructor(socket: WebSocket, push: PushControl, request: Omit<PushRequest, 'bytes'>, logger: Logger) {
    this.#socket = socket
    this.#push = push
    this.#request = request
    this.#logger = logger
  }

  receive(bytes: Uint8Array): void {
    this.#messageCount += 1
    this.#unansweredCount += 1
    this.#unansweredBytes += bytes.length
    if (this.#isFull) this.#socket.pause()
    const answer = this.#answerTo(this.#messageCount, bytes)
    this.#answered = this.#answered.then(async () => {
      this.#send(await answer)
      this.#unansweredCount -= 1
      this.#unansweredBytes -= bytes.length
      if (this.#socket.isPaused && !this.#isFull) this.#socket.resume()
    })
  }

  get #isFull(): boolean {
    return this.#unansweredCount >= UNANSWERED_MAX_COUNT || this.#unansweredBytes >= UNANSWERED_MAX_BYTES
  }

  async #answerTo(id: number, bytes: Uint8Array): Promise<PushAnswer> {
    try {
      const { batchId, rest } = splitBatchLine(bytes)
      const request = { ...this.#request, bytes: rest, ...(batchId === undefined ? {} : { batchId }) }
      return { type: 'ack', id, ...(await this.#push.offer(request)) }
    } catch (error) {
      if (error instanceof FinPulseError) return { type: 'error', id, code: error.code, detail: error.message }
      this.#logger.error({ err: error }, `push: a batch failed: ${messageOf(error)}`)
      return { type: 'error', id, code: 'internal', detail: 'the batch failed inside FinPulse; the log says more' }
    }
  }

  #send(answer: PushAnswer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > UNSENT_MAX_BYTES) {
      this.#socket.close(CLOSE_CODES.slow, 'answers are not read')
      return
    }
    this.#socket.send(JSON.stringify(answer))
  }

  markAlive(): void {
    this.#isAlive = true
  }

  /** Ends a connection that did not answer the ping before, else sends the next. */
  checkAlive(): void {
    // While it is paused, no pong could be read.
    if (!this.#isAlive && !this.#socket.isPaused) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = this.#socket.isPaused
    this.#socket.ping()
  }

  close(code: number, reason: string): void {
    this.#socket.resume()
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

/**
 * Takes off a first line `{"type":"batch","batchId":"…"}`.
 * @throws FinPulseError request-invalid where that line is none
 */
function splitBatchLine(bytes: Uint8Array): { readonly batchId?: string; readonly rest: Uint8Array } {
  const newline = bytes.subarray(0, BATCH_LINE_MAX_BYTES).indexOf(NEWLINE)
  const end = newline < 0 ? Math.min(bytes.length, BATCH_LINE_MAX_BYTES) : newline
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, end).toString()
  if (!BATCH_LINE.test(line)) return { rest: bytes }
  const batchId = batchIdOf(line)
  if (batchId === undefined) {
    const allowed = `{"type":"batch","batchId":"…"} with 1 to ${BATCH_ID_MAX_LENGTH} characters`
    throw new FinPulseError('request-invalid', `batch: expected ${allowed}, got ${line.slice(0, 200)}`)
  }
  return { batchId, rest: bytes.subarray(end + 1) }
}

function batchIdOf(line: string): string | undefined {
  let json: { readonly batchId?: unknown }
  try {
    json = JSON.parse(line)
  } catch {
    // The caller says what is expected.
    return undefined
  }
  const { batchId } = json
  const isId = typeof batchId === 'string' && batchId !== '' && batchId.length <= BATCH_ID_MAX_LENGTH
  return isId ? batchId : undefined
}
