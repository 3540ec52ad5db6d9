import type { Writable } from 'node:stream'
import { Outbox } from './outbox.ts'
import { type Delivery, PATIENCE_MS, type PieceSink } from './sink.ts'

const WAITING_MAX_BYTES = 8 << 20
/** About what a pipe holds: what waits for a slow reader is told to be taken in parts of this. */
const BATCH_MAX_BYTES = 1 << 16

/** A pipe or a terminal, which stays open. A reader that goes away has had enough. */
export class PipeSink implements PieceSink {
  readonly name: string
  readonly patienceMs = PATIENCE_MS
  readonly #stream: Writable
  readonly #outbox: Outbox

  constructor(name: string, stream: Writable) {
    this.name = name
    this.#stream = stream
    // The callback of the write has the error too; without a listener it would end the process.
    stream.on('error', () => undefined)
    this.#outbox = new Outbox({
      name,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: BATCH_MAX_BYTES,
      send: (bytes, signal) => this.#send(bytes, signal),
      isFarewell: (error) => (error as NodeJS.ErrnoException).code === 'EPIPE',
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

  close(): Promise<void> {
    return this.#outbox.drain()
  }

  giveUp(): Promise<void> {
    return this.#outbox.giveUp()
  }

  #send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      this.#stream.write(bytes, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
  }
}
