import { expect, it } from 'vitest'
import { batchOf } from '../../../tests/support/trades.ts'
import { SimulatedClock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import { silentLogger } from '../../base/logger.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import { QuoteBatch } from '../../events/quote-batch.ts'
import type { Feed, FeedStep } from '../../feeds/feed.ts'
import { MemoryEventLog } from '../../log/memory/memory-event-log.ts'
import { INGEST_CHECKPOINT, IngestRole, type IngestRoleOptions } from './ingest-role.ts'

/** Gives so many steps of one trade, each as soon as it is asked for. */
class CountingFeed implements Feed {
  readonly name = 'counting'
  readonly #count: number
  askedCount = 0

  constructor(count: number) {
    this.#count = count
  }

  async next(): Promise<FeedStep | undefined> {
    if (this.askedCount >= this.#count) return undefined
    const id = this.askedCount++
    const instruments = new InstrumentTable()
    const trades = batchOf(instruments, [{ timeMs: id, price: '1', quantity: '1', id }])
    return { trades, quotes: new QuoteBatch(instruments, 0), deadLetters: [], position: Uint8Array.of(id + 1) }
  }

  progress(): undefined {}

  dropped(): Record<string, number> {
    return {}
  }

  async close(): Promise<void> {}
}

/** Gives these steps, then ends. */
class GivenSteps extends CountingFeed {
  readonly #steps: FeedStep[]

  constructor(steps: readonly FeedStep[]) {
    super(0)
    this.#steps = [...steps]
  }

  override async next(): Promise<FeedStep | undefined> {
    return this.#steps.shift()
  }
}

function roleOf(feed: Feed, options: Partial<IngestRoleOptions> = {}) {
  const clock = new SimulatedClock(0)
  const log = new MemoryEventLog({ clock })
  const role = new IngestRole({
    log,
    feed,
    clock,
    logger: silentLogger,
    partitionCount: 1,
    isBehind: () => false,
    ...options,
  })
  return { clock, log, role }
}

it('moves everything to the log and stands where the feed stood', async () => {
  const { log, role } = roleOf(new CountingFeed(20))
  await role.run(new AbortController().signal)
  expect(role.hasEnded).toBe(true)
  expect(role.tradeCount).toBe(20)
  expect((await log.bounds('market.trades', 0)).endOffset).toBe(20)
  expect(await log.checkpoint(INGEST_CHECKPOINT)).toEqual(Uint8Array.of(20))
})

it('lets the feed wait while the other roles are too far behind, and counts the waits', async () => {
  const feed = new CountingFeed(1000)
  let endOffset = 0
  let readOffset = 0
  const { clock, role } = roleOf(feed, {
    isBehind: () => endOffset - readOffset > 10,
    onAppended: (_partition, end) => {
      endOffset = end
    },
  })
  const running = role.run(new AbortController().signal)
  await clock.advance(100)
  const heldOffset = endOffset
  // Full steps share a commit, so that it is up to a commit more.
  expect(heldOffset > 10 && heldOffset <= 20).toBe(true)
  const waitCount = role.backPressureCount
  await clock.advance(100)
  expect(endOffset).toBe(heldOffset)
  expect(role.backPressureCount).toBeGreaterThan(waitCount)
  readOffset = endOffset
  await clock.advance(100)
  expect(endOffset).toBeGreaterThan(heldOffset)
  readOffset = 1000
  await clock.advance(100)
  await running
  expect(endOffset).toBe(1000)
})

it('asks a feed that refused again, and commits once what the log refused twice', async () => {
  const feed = new CountingFeed(3)
  const refusals = { feed: 2, log: 2 }
  const refuse = (what: 'feed' | 'log') => {
    if (refusals[what]-- > 0) throw new FinPulseError('log-failed', what, { retryable: true })
  }
  const next = feed.next.bind(feed)
  feed.next = async () => {
    refuse('feed')
    return next()
  }
  const { clock, log, role } = roleOf(feed)
  const commit = log.commit.bind(log)
  log.commit = async (wanted) => {
    refuse('log')
    return commit(wanted)
  }
  const running = role.run(new AbortController().signal)
  await clock.advance(1000)
  await running
  expect((await log.bounds('market.trades', 0)).endOffset).toBe(3)
})

it('fails with what cannot be tried again', async () => {
  const feed = new CountingFeed(1)
  const broken = new FinPulseError('input-unreadable', 'torn')
  feed.next = async () => {
    throw broken
  }
  await expect(roleOf(feed).role.run(new AbortController().signal)).rejects.toBe(broken)
})

it('commits the position of a step that brings nothing only where the step says so', async () => {
  const instruments = new InstrumentTable()
  const trades = batchOf(instruments, [])
  const empty = (position: number, keepsPosition: boolean): FeedStep => ({
    trades,
    quotes: new QuoteBatch(instruments, 1),
    deadLetters: [],
    position: Uint8Array.of(position),
    keepsPosition,
  })
  const steps = [empty(1, true), empty(2, false)]
  const { log, role } = roleOf(new GivenSteps(steps))
  await role.run(new AbortController().signal)
  expect(await log.checkpoint(INGEST_CHECKPOINT)).toEqual(Uint8Array.of(1))
})

it('tells the feed of a position only once it and its events are in the log', async () => {
  const feed = new CountingFeed(3)
  const told: number[] = []
  const { log, role } = roleOf(
    Object.assign(feed, {
      committed: async (position: Uint8Array) => {
        told.push(position[0]!)
        expect(await log.checkpoint(INGEST_CHECKPOINT)).toEqual(position)
        expect((await log.bounds('market.trades', 0)).endOffset).toBe(position[0])
      },
    }),
  )
  await role.run(new AbortController().signal)
  expect(told.at(-1)).toBe(3)
})

it('keeps the position of each of several feeds under its own name', async () => {
  const { log, clock } = roleOf(new CountingFeed(0))
  for (const [checkpoint, count] of [
    ['ingest/a', 2],
    ['ingest/b', 3],
  ] as const) {
    const options = { log, clock, logger: silentLogger, partitionCount: 1, isBehind: () => false, checkpoint }
    await new IngestRole({ ...options, feed: new CountingFeed(count) }).run(new AbortController().signal)
  }
  expect(await log.checkpoint('ingest/a')).toEqual(Uint8Array.of(2))
  expect(await log.checkpoint('ingest/b')).toEqual(Uint8Array.of(3))
  expect(await log.checkpoint(INGEST_CHECKPOINT)).toBeUndefined()
})
