import { Outbox, type OutboxOptions } from './outbox.ts'
import type { Delivery, PieceSink } from './sink.ts'

/** A sink that sends the bytes of the pieces as they are, through an outbox. */
export abstract class OutboxSink implements PieceSink {
  readonly name: string
  protected readonly outbox: Outbox

  constructor(options: OutboxOptions) {
    this.name = options.name
    this.outbox = new Outbox(options)
  }

  get isGone(): boolean {
    return this.outbox.isGone
  }

  writeHeader(bytes: Uint8Array): Promise<void> {
    return this.outbox.push(bytes, () => undefined)
  }

  write({ piece: { bytes } }: Delivery, taken: () => void): Promise<void> {
    return this.outbox.push(bytes, taken)
  }

  close(): Promise<void> {
    return this.outbox.drain()
  }

  giveUp(): Promise<void> {
    return this.outbox.giveUp()
  }
}
