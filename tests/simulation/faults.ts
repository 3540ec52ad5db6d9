import type { SimulatedClock } from '../../src/base/clock.ts'
import { type ErrorCode, FinPulseError } from '../../src/base/errors.ts'
import type { Random } from '../../src/base/random.ts'
import type { Feed, FeedStep } from '../../src/feeds/feed.ts'
import type { Commit, CommitReceipt, EventLog, EventLogReader, RetentionPolicy } from '../../src/log/event-log.ts'
import type { MemoryEventLog } from '../../src/log/memory/memory-event-log.ts'
import type { MarketStore, StoreWrite } from '../../src/stores/market-store.ts'

/** How often what goes wrong, as parts of 1 per call. */
export interface FaultRates {
  readonly feedStall: number
  readonly feedRefuse: number
  readonly logSlow: number
  readonly logRefuse: number
  readonly logReadRefuse: number
  readonly storeRefuse: number
  /** The write is done, but its answer is an error. */
  readonly storeUncertain: number
  /** The process ends just before, or just after, a commit or a store write takes effect. */
  readonly crash: number
}

export const NO_FAULTS: FaultRates = {
  feedStall: 0,
  feedRefuse: 0,
  logSlow: 0,
  logRefuse: 0,
  logReadRefuse: 0,
  storeRefuse: 0,
  storeUncertain: 0,
  crash: 0,
}

export type Trace = (what: string) => void

/** One life of the process. Whatever a dead one still calls never answers, so that it does nothing any more. */
export class Life {
  isDead = false
  readonly clock: SimulatedClock
  readonly random: Random
  readonly trace: Trace
  rates: FaultRates
  /** Bytes that one read of the log gives at most: with little, what is read in one go in a test takes many. */
  readonly readMaxBytes: number

  constructor(clock: SimulatedClock, random: Random, rates: FaultRates, trace: Trace) {
    this.readMaxBytes = [1, 2000, 20_000, Number.MAX_SAFE_INTEGER][random.nextInt(4)]!
    this.clock = clock
    this.random = random
    this.rates = rates
    this.trace = trace
  }

  die(where: string): void {
    if (this.isDead) return
    this.isDead = true
    this.trace(`crash ${where}`)
  }

  happens(rate: number): boolean {
    return rate > 0 && this.random.next() < rate
  }

  /** Calls what outlives the process. A dead process gets no answer. */
  async reach<T>(operation: () => Promise<T>): Promise<T> {
    if (this.isDead) return never()
    const result = await operation()
    return this.isDead ? never() : result
  }

  /** A change of what outlives the process, which may be the last thing that the process does. */
  async change<T>(where: string, operation: () => Promise<T>): Promise<T> {
    if (this.happens(this.rates.crash)) this.die(`before ${where}`)
    return this.reach(async () => {
      const result = await operation()
      if (this.happens(this.rates.crash)) this.die(`after ${where}`)
      return result
    })
  }

  refuseSometimes(rate: number, code: ErrorCode, what: string): void {
    if (!this.happens(rate)) return
    this.trace(`${what} refused`)
    throw new FinPulseError(code, `${what}: refused by the simulation`, { retryable: true })
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined)
}

export function faultyReader(life: Life, log: EventLogReader): EventLogReader {
  const read: EventLogReader['read'] = (topic, partition, fromOffset, maxBytes) =>
    life.reach(async () => {
      life.refuseSometimes(life.rates.logReadRefuse, 'log-failed', 'log read')
      return log.read(topic, partition, fromOffset, Math.min(maxBytes, life.readMaxBytes))
    })
  return {
    epoch: () => life.reach(() => log.epoch()),
    bounds: (...args) => life.reach(() => log.bounds(...args)),
    read,
    checkpoint: (name) => life.reach(() => log.checkpoint(name)),
    stats: () => life.reach(() => log.stats()),
    waitForCommit: (timeoutMs) => life.reach(() => log.waitForCommit(timeoutMs)),
    close: () => life.reach(() => log.close()),
  }
}

/** @param onAcknowledged told of every commit whose promise the process has seen resolve */
export function faultyLog(
  life: Life,
  log: MemoryEventLog,
  onAcknowledged: (commit: Commit, receipt: CommitReceipt) => void,
): EventLog {
  const commit = async (wanted: Commit): Promise<CommitReceipt> => {
    if (life.happens(life.rates.logSlow)) await life.clock.sleep(1 + life.random.nextInt(3000))
    const receipt = await life.change('commit', async () => {
      life.refuseSometimes(life.rates.logRefuse, 'log-failed', 'commit')
      return log.commit(wanted)
    })
    onAcknowledged(wanted, receipt)
    return receipt
  }
  return {
    ...faultyReader(life, log.reader()),
    commit,
    retain: (policies: readonly RetentionPolicy[], nowUs) => life.reach(() => log.retain(policies, nowUs)),
    reset: () => life.reach(() => log.reset()),
  }
}

export function faultyStore(life: Life, store: MarketStore): MarketStore {
  const write = (rows: StoreWrite) =>
    life.change('store write', async () => {
      life.refuseSometimes(life.rates.storeRefuse, 'store-failed', 'store write')
      await store.write(rows)
      life.refuseSometimes(life.rates.storeUncertain, 'store-failed', 'answer of a store write that was done')
    })
  return new Proxy(store, {
    get(target, name) {
      if (name === 'write') return write
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>
      return (...args: unknown[]) => life.reach(() => method.apply(target, args))
    },
  })
}

export function faultyFeed(life: Life, feed: Feed): Feed {
  const next = async (signal: AbortSignal): Promise<FeedStep | undefined> => {
    if (life.happens(life.rates.feedStall)) {
      life.trace('feed stalls')
      await life.clock.sleep(life.random.nextInt(5000), signal)
    }
    life.refuseSometimes(life.rates.feedRefuse, 'input-unreadable', 'feed')
    return life.reach(() => feed.next(signal))
  }
  return {
    name: feed.name,
    next,
    progress: () => feed.progress(),
    dropped: () => feed.dropped(),
    close: () => feed.close(),
  }
}
