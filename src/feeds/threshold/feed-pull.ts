import { FinPulseError } from '../../base/errors.ts'
import type { Feed, FeedStep } from '../feed.ts'

type Settled = { readonly step: FeedStep | undefined } | { readonly error: unknown }

/** One feed among several: its next step is asked for ahead, and held until it is taken. */
export class FeedPull {
  readonly feed: Feed
  /** Of the step that was taken last, or that it was opened with. */
  position: Uint8Array | undefined
  /** What it has promised: nothing older comes from it. µs, -1 where it has promised nothing. */
  promiseUs: number
  readonly #onSettled: () => void
  readonly #closing = new AbortController()
  #pending: Promise<void> | undefined
  #settled: Settled | undefined

  constructor(
    feed: Feed,
    start: { readonly position?: Uint8Array; readonly promiseUs: number },
    onSettled: () => void,
  ) {
    this.feed = feed
    this.position = start.position
    this.promiseUs = start.promiseUs
    this.#onSettled = onSettled
  }

  /** Asks for the next step, unless one is on its way or held. The step that was taken before is the feed's again. */
  ask(): void {
    if (this.#pending !== undefined || this.#settled !== undefined) return
    this.#pending = this.feed.next(this.#closing.signal).then(
      (step) => this.#settle({ step }),
      (error: unknown) => this.#settle({ error }),
    )
  }

  #settle(settled: Settled): void {
    this.#pending = undefined
    this.#settled = settled
    this.#onSettled()
  }

  get isSettled(): boolean {
    return this.#settled !== undefined
  }

  /** The held step; undefined where the feed has ended. Throws what the feed did; it may be asked again then. */
  take(): FeedStep | undefined {
    const settled = this.#settled
    this.#settled = undefined
    if (settled === undefined) return undefined
    if ('error' in settled) throw settled.error
    const { step } = settled
    if (step === undefined) return undefined
    this.position = step.position
    this.promiseUs = Math.max(this.promiseUs, step.trades.watermarkUs)
    return step
  }

  async close(): Promise<void> {
    this.#closing.abort(new FinPulseError('not-ready', `${this.feed.name} feed: is closed`))
    await this.#pending
    await this.feed.close()
  }
}
