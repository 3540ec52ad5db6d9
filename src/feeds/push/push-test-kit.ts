import { setImmediate as nextTurn } from 'node:timers/promises'
import { SimulatedClock } from '../../base/clock.ts'
import { paymentAt, quoteAt, tradeAt } from '../../events/json.ts'
import type { Label } from '../../events/label.ts'
import type { Payment } from '../../events/payment.ts'
import type { Quote, Trade } from '../../events/trade.ts'
import type { FeedStep } from '../feed.ts'
import type { PushBatch, PushResult } from './push-batch.ts'
import { PushFeed, type PushOptions } from './push-feed.ts'

/** 2026-01-01T00:01:00Z, the time of the tests' clock. */
export const NOW_US = 1_767_225_660_000_000

const OPTIONS: PushOptions = {
  venue: 'push',
  queueMaxCount: 1000,
  queueMaxBytes: 1024 * 1024,
  aheadMaxUs: 60_000_000,
  batchIdsMaxCount: 100,
}

/** A push feed over a log that is an array, with crashes. */
export class PushRig {
  readonly clock = new SimulatedClock(NOW_US)
  readonly rows: (Trade | Quote | Payment | Label)[] = []
  readonly watermarks: number[] = []
  readonly reasons: string[] = []
  commitCount = 0
  /** What is committed of the feed. */
  position: Uint8Array | undefined
  feed: PushFeed
  readonly #options: PushOptions
  #abort = new AbortController()
  #ahead: Promise<FeedStep | undefined> | undefined

  constructor(options: Partial<PushOptions> = {}) {
    this.#options = { ...OPTIONS, ...options }
    this.feed = this.#open()
  }

  #open(): PushFeed {
    return new PushFeed(this.#options, this.clock, this.position)
  }

  offer(text: string, more: Partial<PushBatch> = {}): Promise<PushResult> {
    return this.feed.offer({ bytes: Buffer.from(text), format: 'ndjson', ...more })
  }

  /** Offers a batch and commits until there is nothing left. */
  async push(text: string, more: Partial<PushBatch> = {}): Promise<PushResult> {
    const answer = this.offer(text, more)
    // Where it is refused, the caller is told by the promise that is returned.
    answer.catch(() => undefined)
    await this.commitAll()
    return answer
  }

  /** @returns undefined where the feed has nothing to give now */
  async #step(): Promise<FeedStep | undefined> {
    const next = this.#ahead ?? this.feed.next(this.#abort.signal)
    const step = await Promise.race([next, nextTurn(undefined)])
    this.#ahead = step === undefined ? next : undefined
    return step
  }

  /** Commits up to so many steps as one. @returns whether there were any */
  async commit(stepCount = 1): Promise<boolean> {
    let position: Uint8Array | undefined
    for (let count = 0; count < stepCount; count++) {
      const step = await this.#step()
      if (step === undefined) break
      this.#append(step)
      position = step.position
    }
    if (position === undefined) return false
    this.position = position
    this.commitCount += 1
    this.feed.committed(position)
    return true
  }

  async commitAll(): Promise<void> {
    while (await this.commit()) await nextTurn()
  }

  /** Goes on from what is committed; up to so many steps that were given before are lost. */
  async crash(lostStepCount = 0): Promise<void> {
    for (let count = 0; count < lostStepCount; count++) await this.#step()
    this.#ahead?.catch(() => undefined)
    this.#ahead = undefined
    this.#abort.abort(new Error('crash'))
    this.#abort = new AbortController()
    await this.feed.close()
    this.feed = this.#open()
  }

  #append({ trades, quotes, payments, labels = [], deadLetters }: FeedStep): void {
    for (let row = 0; row < trades.count; row++) this.rows.push(tradeAt(trades, row))
    for (let row = 0; row < quotes.count; row++) this.rows.push(quoteAt(quotes, row))
    for (let row = 0; row < (payments?.count ?? 0); row++) this.rows.push(paymentAt(payments!, row))
    this.rows.push(...labels)
    this.reasons.push(...deadLetters.map(({ reason }) => reason))
    if (trades.watermarkUs >= 0) this.watermarks.push(trades.watermarkUs)
  }
}

export function tradeLine(fields: Partial<Record<keyof Trade, unknown>> = {}): string {
  return JSON.stringify({
    type: 'trade',
    venue: 'acme',
    symbol: 'BTC-EUR',
    price: '100.5',
    quantity: '2',
    eventTimeMs: NOW_US / 1000 - 60_000,
    ...fields,
  })
}

export function quoteLine(fields: Partial<Record<keyof Quote, unknown>> = {}): string {
  return JSON.stringify({
    type: 'quote',
    venue: 'acme',
    symbol: 'BTC-EUR',
    bidPrice: '100.4',
    bidQuantity: '1',
    askPrice: '100.6',
    askQuantity: '1',
    eventTimeMs: NOW_US / 1000 - 60_000,
    ...fields,
  })
}

export function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
