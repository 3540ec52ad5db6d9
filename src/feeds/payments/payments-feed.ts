import { deserialize, serialize } from 'node:v8'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Label } from '../../events/label.ts'
import { PaymentBatch } from '../../events/payment-batch.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import { TradeBatch } from '../../events/trade-batch.ts'
import { DuePace } from '../due-pace.ts'
import type { Feed, FeedProgress, FeedStep } from '../feed.ts'
import { ConstantRate } from '../schedule.ts'
import { PaymentLabels } from './payment-labels.ts'
import type { PaymentsOptions } from './payments-options.ts'
import { PaymentsWorld } from './payments-world.ts'

export interface PaymentsFeedOptions {
  /** The world; its mean rate is the feed's rate. */
  readonly world: Omit<PaymentsOptions, 'schedule'>
  /** Length of history that a new world first lives through, µs. A pause is made up for as far back as this. */
  readonly backfillUs: number
  /** Event time of the first payment, µs; instead of `now - backfill`. */
  readonly startTimeUs?: number
  /** Payments per step, at most. */
  readonly batchMaxCount?: number
}

const BATCH_MAX_COUNT = 8192

/** Everything that the feed goes on with: the rest follows from it. */
interface Position {
  readonly world: Omit<PaymentsOptions, 'schedule'>
  /** Index of the first payment of this world, and when it was due. */
  readonly originUs: number
  readonly originIndex: number
  /** Payment that comes next. */
  readonly index: number
  /** Labels known before this time are given out. */
  readonly labelTimeUs: number
}

/**
 * Made-up payments as a feed, and their labels as they become known. The n-th payment is due at `origin + n / rate`. A
 * pause longer than the history, or other settings, begin a new world: ids go on, labels of the old one come no more.
 */
export class PaymentsFeed implements Feed {
  readonly name = 'payments'
  readonly #at: Omit<Position, 'index' | 'labelTimeUs'>
  readonly #schedule: ConstantRate
  readonly #pace: DuePace
  readonly #world: PaymentsWorld
  readonly #labels: PaymentLabels
  readonly #payments: PaymentBatch
  readonly #noTrades = new TradeBatch(new InstrumentTable(), 1)
  readonly #noQuotes = new QuoteBatch(this.#noTrades.instruments, 1)
  #labelTimeUs: number

  /** @throws FinPulseError config-invalid */
  constructor(options: PaymentsFeedOptions, clock: Clock, logger: Logger, position?: Uint8Array) {
    const saved = position === undefined ? undefined : (deserialize(position) as Position)
    const nowUs = clock.nowUs()
    const start = startOf(options, nowUs, saved, logger)
    this.#at = { world: options.world, originUs: start.originUs, originIndex: start.originIndex }
    this.#schedule = new ConstantRate(options.world.meanRatePerSecond, start.originUs, start.originIndex)
    this.#pace = new DuePace(this.#schedule, clock, start.index)
    const world = { ...options.world, schedule: this.#schedule }
    this.#world = new PaymentsWorld(world)
    this.#world.skipTo(start.index)
    this.#labels = new PaymentLabels(world)
    this.#labels.skipTo(start.labelTimeUs)
    this.#labelTimeUs = start.labelTimeUs
    this.#payments = new PaymentBatch(options.batchMaxCount ?? BATCH_MAX_COUNT)
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    const { nowUs, dueIndex } = await this.#pace.wait(this.#world.index, signal)
    this.#payments.count = 0
    this.#world.fill(this.#payments, dueIndex)
    // Labels come as their time does; while the past is lived through that is the time of the payments.
    const labels = this.#labelsBefore(Math.min(nowUs, this.#schedule.dueUs(this.#world.index)))
    return {
      trades: this.#noTrades,
      quotes: this.#noQuotes,
      payments: this.#payments,
      labels,
      deadLetters: [],
      position: this.#position(),
    }
  }

  #labelsBefore(timeUs: number): readonly Label[] {
    if (timeUs <= this.#labelTimeUs) return []
    this.#labelTimeUs = timeUs
    return this.#labels.before(timeUs)
  }

  #position(): Uint8Array {
    return serialize({ ...this.#at, index: this.#world.index, labelTimeUs: this.#labelTimeUs } satisfies Position)
  }

  progress(): FeedProgress {
    return this.#pace.progress(this.#world.index)
  }

  dropped(): Readonly<Record<string, number>> {
    return {}
  }

  async close(): Promise<void> {
    // Holds no resource.
  }
}

type Start = Omit<Position, 'world'>

function startOf(options: PaymentsFeedOptions, nowUs: number, saved: Position | undefined, logger: Logger): Start {
  const { backfillUs, startTimeUs, world } = options
  const earliestUs = startTimeUs ?? Math.floor(nowUs - backfillUs)
  if (saved === undefined) return { originUs: earliestUs, originIndex: 0, index: 0, labelTimeUs: earliestUs }
  const nextUs = new ConstantRate(saved.world.meanRatePerSecond, saved.originUs, saved.originIndex).dueUs(saved.index)
  const isTooOld = startTimeUs === undefined && nextUs < earliestUs
  if (!isTooOld && JSON.stringify(saved.world) === JSON.stringify(world)) return saved
  const originUs = isTooOld ? earliestUs : nextUs
  const reason = isTooOld ? 'the pause was longer than the history' : 'other settings'
  logger.warn({ payment: saved.index + 1, reason }, 'payments: a new world begins; labels of the one before end here')
  return { originUs, originIndex: saved.index, index: saved.index, labelTimeUs: originUs }
}
