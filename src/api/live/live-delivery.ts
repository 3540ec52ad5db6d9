import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from '../../base/logger.ts'
import type { EventLogReader } from '../../log/event-log.ts'
import type { AccessPolicy } from '../access-policy.ts'
import type { ApiMetrics } from '../api-metrics.ts'
import type { EngineView } from '../engine-view.ts'
import type { MarketData } from '../market-data.ts'
import { FrameClock } from './frame-clock.ts'
import { FrameEncoder, type FrameField } from './frame-encoder.ts'
import type { LiveHub } from './live-hub.ts'
import { LiveServer } from './live-server.ts'
import { type FollowedTopic, LogFollower } from './log-follower.ts'
import { OpenCandlePoll } from './open-candle-poll.ts'

/** While nobody waits for every commit, small commits are read together, this often. */
const RELAXED_PASS_INTERVAL_MS = 20

const FIELD_OF_TOPIC: Readonly<Record<FollowedTopic, FrameField>> = {
  'market.trades': 'trades',
  'market.quotes': 'quotes',
  'market.candles': 'candles',
  alerts: 'alerts',
}

export interface LiveDeliveryOptions {
  readonly hub: LiveHub
  readonly data: MarketData
  readonly engine: EngineView
  readonly log: EventLogReader
  readonly partitionCount: number
  readonly policy: AccessPolicy
  readonly metrics: ApiMetrics
  readonly logger: Logger
  readonly sessionsMaxCount: number
  /** Wall clock, ms. */
  readonly nowMs: () => number
}

/** The live half of the API, put together: log → follower → hub → frame clock → sessions. */
export class LiveDelivery {
  readonly #clock: FrameClock
  readonly #server: LiveServer
  readonly #follower: LogFollower
  readonly #poll: OpenCandlePoll

  constructor(options: LiveDeliveryOptions) {
    const { hub, data, metrics, logger, nowMs } = options
    this.#clock = new FrameClock(() => hub.settle())
    const encoder = new FrameEncoder(hub, nowMs)
    const context = { hub, data, encoder, metrics, logger, nowMs }
    this.#server = new LiveServer(context, this.#clock, options.policy, options.sessionsMaxCount)
    this.#poll = new OpenCandlePoll(hub, options.engine, logger)
    this.#follower = new LogFollower({
      log: options.log,
      hub,
      partitionCount: options.partitionCount,
      logger,
      passIntervalMs: () => (this.#clock.hasImmediate ? 0 : RELAXED_PASS_INTERVAL_MS),
      events: {
        caughtUp: () => this.#clock.pulse(),
        reset: (epoch) => {
          data.clear()
          for (const session of this.#server.sessions) session.restart(epoch)
        },
        lost: (topic, count) => {
          metrics.losses.inc({ reason: 'log-overrun' }, count)
          for (const session of this.#server.sessions) session.reportLoss(FIELD_OF_TOPIC[topic], count)
        },
      },
    })
  }

  get sessionCount(): number {
    return this.#server.sessionCount
  }

  async start(): Promise<void> {
    await this.#follower.start()
    this.#server.start()
    this.#poll.start()
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.upgrade(request, socket, head)
  }

  async close(): Promise<void> {
    this.#poll.stop()
    await Promise.all([this.#server.close(), this.#follower.stop()])
    this.#clock.stop()
  }
}
