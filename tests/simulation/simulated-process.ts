import { Registry } from 'prom-client'
import { ApiMetrics } from '../../src/api/api-metrics.ts'
import type { EngineView } from '../../src/api/engine-view.ts'
import { FrameEncoder } from '../../src/api/live/frame-encoder.ts'
import { LiveHub } from '../../src/api/live/live-hub.ts'
import { LogFollower } from '../../src/api/live/log-follower.ts'
import { Session, type SessionContext } from '../../src/api/live/session.ts'
import { MarketData } from '../../src/api/market-data.ts'
import { FakeEngine } from '../../src/api/testing/test-server.ts'
import { type Logger, silentLogger } from '../../src/base/logger.ts'
import { Pipeline } from '../../src/engine/pipeline.ts'
import { StoreRole } from '../../src/engine/roles/store-role.ts'
import { INTERVALS } from '../../src/events/interval.ts'
import type { Feed } from '../../src/feeds/feed.ts'
import type { Commit, CommitReceipt } from '../../src/log/event-log.ts'
import type { MemoryEventLog } from '../../src/log/memory/memory-event-log.ts'
import type { MemoryMarketStore } from '../../src/stores/memory/memory-market-store.ts'
import { faultyFeed, faultyLog, faultyReader, faultyStore, type Life } from './faults.ts'
import type { SimulatedClient } from './simulated-client.ts'

export interface ProcessOptions {
  readonly life: Life
  readonly log: MemoryEventLog
  readonly store: MemoryMarketStore
  readonly partitionCount: number
  readonly snapshotEveryMs: number
  readonly openFeed: (position: Uint8Array | undefined) => Feed
  readonly onAcknowledged: (commit: Commit, receipt: CommitReceipt) => void
}

const FRAME_EVERY_MS = 100
const OPEN_CANDLES_EVERY_MS = 250
const STALL_CHECK_EVERY_MS = 1000
const FOLLOWER_PASS_MS = 20

/** All roles of one `finpulse up`, in one thread and on one clock, each reaching log, store and feed through its faults. */
export class SimulatedProcess {
  readonly pipeline: Pipeline
  readonly failures: unknown[] = []
  /** Whether clients are taken in. */
  isListening = false
  readonly #options: ProcessOptions
  readonly #storeRole: StoreRole
  readonly #follower: LogFollower
  readonly #hub = new LiveHub()
  readonly #context: SessionContext
  readonly #sessions = new Map<Session, SimulatedClient>()
  readonly #abort = new AbortController()
  #storeRunning: Promise<unknown> = Promise.resolve()

  constructor(options: ProcessOptions) {
    this.#options = options
    const { life, log, partitionCount } = options
    const { clock } = life
    const logger: Logger = silentLogger
    this.pipeline = new Pipeline({
      log: faultyLog(life, log, options.onAcknowledged),
      clock,
      logger,
      partitionCount,
      processing: {},
      snapshotEveryMs: options.snapshotEveryMs,
      retentionMs: 1e9,
      retentionMaxBytes: 1e9,
      openFeed: async (position) => faultyFeed(life, options.openFeed(position)),
      onFailure: (error) => this.failures.push(error),
    })
    const store = faultyStore(life, options.store)
    const roleLog = faultyReader(life, log.reader())
    this.#storeRole = new StoreRole({ log: roleLog, store, clock, logger, partitionCount })
    const nowMs = () => clock.nowUs() / 1000
    const data = new MarketData(store, this.#engine(), this.#hub, nowMs)
    const metrics = new ApiMetrics(new Registry(), () => this.#sessions.size)
    this.#context = { hub: this.#hub, data, encoder: new FrameEncoder(this.#hub, nowMs), metrics, logger, nowMs }
    this.#follower = new LogFollower({
      log: faultyReader(life, log.reader()),
      hub: this.#hub,
      partitionCount,
      logger,
      clock,
      passIntervalMs: () => FOLLOWER_PASS_MS,
      events: {
        caughtUp: () => undefined,
        reset: (epoch) => {
          data.clear()
          for (const session of this.#sessions.keys()) session.restart(epoch)
        },
        lost: (topic, count) => this.failures.push(new Error(`live: ${count} records of ${topic} were passed over`)),
      },
    })
  }

  #engine(): EngineView {
    const engine = new FakeEngine()
    const openCandles: EngineView['openCandles'] = async (symbols, interval) =>
      this.pipeline.openCandles(symbols, interval)
    return Object.assign(engine, { openCandles, nowMs: () => this.#options.life.clock.nowUs() / 1000 })
  }

  async start(): Promise<void> {
    await this.pipeline.start()
    await this.#storeRole.recover()
    this.#storeRunning = this.#storeRole.run(this.#abort.signal).catch((error) => this.failures.push(error))
    await this.#follower.start()
    this.#every(FRAME_EVERY_MS, () => this.#serve())
    this.#every(OPEN_CANDLES_EVERY_MS, () => this.#pollOpenCandles())
    this.#every(STALL_CHECK_EVERY_MS, () => {
      for (const session of this.#sessions.keys()) session.checkStalled()
    })
    this.isListening = true
  }

  /** As Ctrl-C does it: no new events, state saved, then the store. */
  async stop(): Promise<void> {
    this.isListening = false
    for (const session of this.#sessions.keys()) session.close(3001, 'stopping')
    await this.pipeline.stop()
    this.#abort.abort(new Error('stop'))
    await Promise.all([this.#storeRunning, this.#follower.stop()])
    this.#options.life.isDead = true
  }

  accept(client: SimulatedClient): void {
    const socket = client.connect()
    const session = new Session(this.#context, socket.asWebSocket(), FRAME_EVERY_MS)
    this.#sessions.set(session, client)
    for (const { channel, symbols } of client.subscriptions) {
      session.receive(JSON.stringify({ type: 'subscribe', channel, symbols }))
    }
  }

  get processLagCount(): number {
    return this.pipeline.processLagCount
  }

  get storeLagCount(): number {
    return this.#storeRole.lagCount
  }

  #serve(): void {
    this.#hub.settle()
    for (const [session, client] of this.#sessions) {
      if (client.isConnected) {
        session.deliver()
      } else {
        session.ended()
        this.#sessions.delete(session)
      }
    }
  }

  #pollOpenCandles(): void {
    for (const interval of INTERVALS) {
      if (!this.#hub.candleChannel(interval).isWatched) continue
      this.#hub.takeOpenCandles(this.pipeline.openCandles(undefined, interval))
    }
  }

  #every(intervalMs: number, action: () => void): void {
    const { life } = this.#options
    const loop = async () => {
      while (!life.isDead) {
        action()
        await life.clock.sleep(intervalMs)
      }
    }
    loop().catch((error) => this.failures.push(error))
  }
}
