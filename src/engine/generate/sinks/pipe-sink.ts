import type { Writable } from 'node:stream'
import { OutboxSink } from './outbox-sink.ts'
import { PATIENCE_MS } from './sink.ts'

const WAITING_MAX_BYTES = 8 << 20
/** About what a pipe holds: what waits for a slow reader is told to be taken in parts of this. */
const BATCH_MAX_BYTES = 1 << 16

/** A pipe or a terminal, which stays open. A reader that goes away has had enough. */
export class PipeSink extends OutboxSink {
  readonly patienceMs = PATIENCE_MS

  constructor(name: string, stream: Writable) {
    super({
      name,
      waitingMaxBytes: WAITING_MAX_BYTES,
      batchMaxBytes: BATCH_MAX_BYTES,
      send: (bytes, signal) => write(stream, bytes, signal),
      isFarewell: (error) => (error as NodeJS.ErrnoException).code === 'EPIPE',
    })
    // The callback of the write has the error too; without a listener it would end the process.
    stream.on('error', () => undefined)
  }
}

function write(stream: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason as Error)
    signal.addEventListener('abort', giveUp, { once: true })
    stream.write(bytes, (error) => {
      signal.removeEventListener('abort', giveUp)
      if (error === null || error === undefined) resolve()
      else reject(error)
    })
  })
}
