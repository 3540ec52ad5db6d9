import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { PaymentsFeed } from '../feeds/payments/payments-feed.ts'
import { ConstantRate } from '../feeds/schedule.ts'
import type { Config } from './config.ts'
import { paymentsOptionsFrom } from './settings/payments-settings.ts'

/** Name of the payments feed beside the main one. */
export const PAYMENTS_SIDE_FEED = 'payments'

/** Whether payments are made: not beside a replay, which must give what was recorded. */
export function makesPayments({ feed, payments }: Config): boolean {
  return feed.type !== 'replay' && payments.ratePerSecond > 0
}

const DAY_MS = 86_400_000

/** @throws FinPulseError config-invalid */
export function createPaymentsFeed(
  { feed, payments }: Config,
  clock: Clock,
  logger: Logger,
  position?: Uint8Array,
): PaymentsFeed {
  const { ratePerSecond, seed, backfill, ...settings } = payments
  const { schedule: _, ...world } = paymentsOptionsFrom(
    settings,
    seed,
    new ConstantRate(ratePerSecond, 0),
    ratePerSecond,
  )
  const backfillMs = backfill ?? (feed.type === 'simulator' ? feed.backfill : DAY_MS)
  return new PaymentsFeed({ world, backfillUs: backfillMs * 1000 }, clock, logger, position)
}
