import { FinPulseError, messageOf } from '../../../base/errors.ts'

export interface OutboxOptions {
  /** The place, for errors. */
  readonly name: string
  /** Bytes that may wait or be on their way before `push` waits. */
  readonly waitingMaxBytes: number
  /** What waits is sent together up to so many bytes; 0: each by itself. */
  readonly batchMaxBytes: number
  /** Resolves when the place has taken all of it; ends at once where the signal aborts, if it can. */
  readonly send: (bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal) => Promise<void>
  /** Errors by which the place says that it wants no more, which is no failure. */
  readonly isFarewell?: (error: unknown) => boolean
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly taken: () => void
}

/**
 * What waits for a place: bounded, in order, sent one after the other, so that a failure leaves no hole. What comes
 * during a sending goes together with the next: the slower the place, the larger the parts.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #abort = new AbortController()
  #waiting: Waiting[] = []
  #waitingBytes = 0
  #running: Promise<void> | undefined
  #failure: FinPulseError | undefined
  #isGone = false
  #wake: () => void = () => undefined

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** True once nothing is taken any more, as the place wanted or because it was given up. */
  get isGone(): boolean {
    return this.#isGone
  }

  /**
   * Resolves when there is room for more.
   * @param taken called when the place has taken the bytes, which must stay as they are until then
   * @throws FinPulseError sink-failed, also for what was pushed before
   */
  async push(bytes: Uint8Array, taken: () => void): Promise<void> {
    this.#check()
    if (this.#isGone) return
    this.#waiting.push({ bytes, taken })
    this.#waitingBytes += bytes.length
    this.#running ??= this.#sendAll()
    while (this.#waitingBytes > this.#options.waitingMaxBytes && !this.#isOver()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#check()
  }

  /** Resolves when nothing waits. @throws FinPulseError sink-failed */
  async drain(): Promise<void> {
    await this.#running
    this.#check()
  }

  /** Resolves when nothing is on its way any more: what waits is not sent, what is being sent is broken off. */
  async giveUp(): Promise<void> {
    this.#isGone = true
    this.#abort.abort()
    this.#wake()
    await this.#running
  }

  async #sendAll(): Promise<void> {
    // In a turn of its own, so that it is known to run before it has ended, also where there is nothing to wait for.
    await Promise.resolve()
    while (this.#waiting.length > 0 && !this.#isOver()) {
      const batch = this.#nextBatch()
      const parts = batch.map(({ bytes }) => bytes)
      // Counted before they are taken: who gets their memory back may give it to another thread, and leave them empty.
      const byteCount = parts.reduce((sum, { length }) => sum + length, 0)
      try {
        const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
        if (whole.length > 0) await this.#options.send(whole as Uint8Array<ArrayBuffer>, this.#abort.signal)
        for (const { taken } of batch) taken()
      } catch (error) {
        this.#end(error)
      }
      this.#waitingBytes -= byteCount
      this.#wake()
    }
    this.#running = undefined
  }

  #nextBatch(): Waiting[] {
    let [count, byteCount] = [0, 0]
    while (count < this.#waiting.length) {
      byteCount += this.#waiting[count]!.bytes.length
      if (count > 0 && byteCount > this.#options.batchMaxBytes) break
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  #end(error: unknown): void {
    // What breaks because it was given up is no failure of the place.
    if (this.#isGone) return
    if (this.#options.isFarewell?.(error) === true) this.#isGone = true
    else this.#failure = failureOf(this.#options.name, error)
  }

  #isOver(): boolean {
    return this.#isGone || this.#failure !== undefined
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

/** An error of a place, with its name. */
export function failureOf(name: string, error: unknown): FinPulseError {
  if (error instanceof FinPulseError) return error
  return new FinPulseError('sink-failed', `${name}: ${messageOf(error)}`, { cause: error })
}
