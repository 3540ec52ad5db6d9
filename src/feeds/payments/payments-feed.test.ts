import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../base/clock.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { paymentAt } from '../../events/json.ts'
import { ConstantRate } from '../schedule.ts'
import { PaymentLabels } from './payment-labels.ts'
import { PaymentsFeed, type PaymentsFeedOptions } from './payments-feed.ts'
import { paymentsOf, START_US, scenariosWith, worldOptions } from './payments-test-kit.ts'
import { PaymentsWorld } from './payments-world.ts'

const HOUR_US = 3_600_000_000
const RATE = 2

/** A world in which frauds are common and known within hours. */
const { schedule: _, ...world } = worldOptions({
  ratePerSecond: RATE,
  scenarios: scenariosWith((_kind, { share }) => ({ share: share * 5 })),
  labels: { medianHours: 2, deviation: 0.5, minHours: 1, maxHours: 4, missingShare: 0 },
})

const options: PaymentsFeedOptions = { world, backfillUs: 12 * HOUR_US, startTimeUs: START_US, batchMaxCount: 997 }
const signal = new AbortController().signal

interface Brought {
  readonly payments: string[]
  readonly labels: string[]
  position: Uint8Array | undefined
}

async function bring(feed: PaymentsFeed, into: Brought, stepCount: number): Promise<void> {
  for (let step = 0; step < stepCount; step++) {
    const { payments, labels = [], position } = (await feed.next(signal))!
    for (let row = 0; row < payments!.count; row++) into.payments.push(JSON.stringify(paymentAt(payments!, row)))
    into.labels.push(...labels.map((label) => JSON.stringify(label)))
    into.position = position
  }
}

/** The payments from the first on, as the world alone makes them. */
function expectedPayments(count: number): string[] {
  const batch = paymentsOf(new PaymentsWorld({ ...world, schedule: new ConstantRate(RATE, START_US) }), 0, count)
  return Array.from({ length: count }, (_row, row) => JSON.stringify(paymentAt(batch, row)))
}

/** The first labels that become known. */
function expectedLabels(count: number): string[] {
  const labels = new PaymentLabels({ ...world, schedule: new ConstantRate(RATE, START_US) })
  return labels
    .before(START_US + 20 * HOUR_US)
    .slice(0, count)
    .map((label) => JSON.stringify(label))
}

/** A clock that sleeping moves: nothing waits. */
function movingClock(startUs: number): Clock {
  let nowUs = startUs
  return {
    nowUs: () => nowUs,
    sleep: async (milliseconds) => {
      nowUs += Math.ceil(milliseconds * 1000)
    },
  }
}

describe('PaymentsFeed', () => {
  it('brings the payments of its world, and each label once, wherever it was stopped', async () => {
    const lives = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(lives, async (stepCounts) => {
        const clock = movingClock(START_US + 9 * HOUR_US)
        const brought: Brought = { payments: [], labels: [], position: undefined }
        for (const stepCount of [...stepCounts, 120]) {
          await bring(new PaymentsFeed(options, clock, silentLogger, brought.position), brought, stepCount)
        }
        expect(brought.payments.length).toBeGreaterThan(9 * 3600 * RATE)
        expect(brought.payments).toEqual(expectedPayments(brought.payments.length))
        const expected = expectedLabels(brought.labels.length)
        expect(brought.labels).toEqual(expected)
        expect(expected.length).toBeGreaterThan(100)
      }),
      { numRuns: 5 },
    )
  })

  it('gives a label out only once its payment and its time have come', async () => {
    const brought: Brought = { payments: [], labels: [], position: undefined }
    const clock = movingClock(START_US + 9 * HOUR_US)
    const feed = new PaymentsFeed(options, clock, silentLogger)
    for (let step = 0; step < 60; step++) {
      await bring(feed, brought, 1)
      const { paymentId, eventTimeMs } = JSON.parse(brought.labels.at(-1) ?? '{"paymentId":0,"eventTimeMs":0}')
      expect(paymentId).toBeLessThanOrEqual(brought.payments.length)
      expect(eventTimeMs * 1000).toBeLessThanOrEqual(clock.nowUs())
    }
  })

  it('begins a new world where settings changed, with ids that go on, and says so', async () => {
    const clock = movingClock(START_US + HOUR_US)
    const brought: Brought = { payments: [], labels: [], position: undefined }
    await bring(new PaymentsFeed(options, clock, silentLogger), brought, 4)
    const warnings: unknown[] = []
    const logger: Logger = { ...silentLogger, warn: (fields: unknown) => warnings.push(fields) }
    const changed = { ...options, world: { ...world, meanRatePerSecond: 5 } }
    const before = brought.payments.length
    await bring(new PaymentsFeed(changed, clock, logger, brought.position), brought, 3)
    const ids = brought.payments.map((line) => (JSON.parse(line) as { id: number }).id)
    expect(ids).toEqual(ids.map((_id, index) => index + 1))
    expect(ids.length).toBeGreaterThan(before)
    expect(warnings).toEqual([{ payment: before + 1, reason: 'other settings' }])
  })
})
