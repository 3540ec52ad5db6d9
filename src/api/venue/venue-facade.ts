import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Registry } from 'prom-client'
import { systemClock } from '../../base/clock.ts'
import { messageOf } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { EventLogReader } from '../../log/event-log.ts'
import type { AccessPolicy } from '../access-policy.ts'
import { LogFollower } from '../live/log-follower.ts'
import type { MarketData } from '../market-data.ts'
import type { App } from '../rest/route-context.ts'
import type { ChaosOrder } from './chaos-order.ts'
import { addChaosRoutes } from './chaos-routes.ts'
import { DayStatisticsReader } from './day-statistics.ts'
import { KlineReader } from './kline-reader.ts'
import { KlineSender } from './kline-sender.ts'
import { KlineUpdates } from './kline-updates.ts'
import { RolledUpdates } from './rolled-updates.ts'
import { SecondKlines } from './second-klines.ts'
import { SecondUpdates } from './second-updates.ts'
import { TickerUpdates } from './ticker-updates.ts'
import { VenueChaos } from './venue-chaos.ts'
import { VenueMarket } from './venue-market.ts'
import { VenueMetrics } from './venue-metrics.ts'
import { VenuePublisher } from './venue-publisher.ts'
import { addVenueRoutes } from './venue-routes.ts'
import { VENUE_PREFIX, type VenueSettings } from './venue-settings.ts'
import { VenueSockets } from './venue-sockets.ts'
import { VenueStreams } from './venue-streams.ts'
import { VenueSymbols } from './venue-symbols.ts'
import { VenueTrades } from './venue-trades.ts'

export interface VenueFacadeOptions {
  readonly settings: VenueSettings
  readonly data: MarketData
  /** The facade's own reader: it waits for commits of its own. */
  readonly log: EventLogReader
  readonly partitionCount: number
  readonly policy: AccessPolicy
  readonly registry: Registry
  readonly logger: Logger
}

/** How often connections are looked after and paced streams may be due. */
const TURN_MS = 100
const SECOND_TURNS = 10
const KLINE_TURNS = 20
/** While nobody waits for single events, small commits are read together, this often. */
const RELAXED_PASS_INTERVAL_MS = 20

/** The server as the venue's clients know it: REST and WebSocket at `/binance`, over whatever data the engine has. */
export class VenueFacade {
  readonly #options: VenueFacadeOptions
  readonly #streams = new VenueStreams()
  readonly #symbols: VenueSymbols
  readonly #market: VenueMarket
  readonly #trades: VenueTrades
  readonly #statistics: DayStatisticsReader
  readonly #publisher: VenuePublisher
  readonly #klineReader: KlineReader
  readonly #secondKlines: SecondKlines
  readonly #klines: KlineUpdates
  readonly #seconds: SecondUpdates
  readonly #tickers: TickerUpdates
  readonly #chaos: VenueChaos
  readonly #metrics: VenueMetrics
  readonly #sockets: VenueSockets
  readonly #follower: LogFollower
  #timer: NodeJS.Timeout | undefined
  #turn = 0
  #nextCutMs = 0
  #isPacing = false

  constructor(options: VenueFacadeOptions) {
    const { data, settings, policy, logger, registry } = options
    const nowMs = () => Math.floor(data.engine.nowMs())
    this.#options = options
    this.#metrics = new VenueMetrics(registry, () => this.#sockets.connections.size)
    this.#chaos = new VenueChaos(wallMs)
    this.#symbols = new VenueSymbols(() => data.symbols.instruments())
    this.#statistics = new DayStatisticsReader(data)
    this.#publisher = new VenuePublisher({
      streams: this.#streams,
      nowMs,
      tradeFate: () => this.#chaos.tradeFate(),
      latestQuote: (wireSymbol) => this.#market.latestQuote(wireSymbol),
      onFinalCandle: (listing, candle) => this.#klines.finish(listing, candle),
      onReset: () => this.#reset(),
      onUnnumberedTrade: () => this.#metrics.losses.inc({ reason: 'no-id' }),
    })
    this.#market = new VenueMarket(this.#symbols, this.#streams, this.#publisher)
    this.#trades = new VenueTrades(data.store, (listing, count) => this.#market.recentTrades(listing, count))
    this.#klineReader = new KlineReader({ data, recent: this.#market.recentCandles, nowMs })
    this.#secondKlines = new SecondKlines(this.#trades, this.#klineReader, nowMs)
    const sender = new KlineSender({
      firstId: (listing, fromMs, toMs) => this.#trades.firstId(listing, fromMs, toMs),
      nowMs,
    })
    const shared = { streams: this.#streams, symbols: this.#symbols, sender, nowMs }
    this.#klines = new KlineUpdates({
      ...shared,
      openCandles: (symbols, interval) => data.engine.openCandles(symbols, interval),
      rolled: new RolledUpdates({
        ...shared,
        reader: this.#klineReader,
        recent: this.#market.recentCandles,
        newestTradeMs: (listing) => this.#market.recentTrades(listing, 1)[0]?.eventTimeMs,
      }),
      onDropped: () => this.#metrics.losses.inc({ reason: 'candle-queue-full' }),
    })
    this.#seconds = new SecondUpdates({
      ...shared,
      recentTrades: (listing, count) => this.#market.recentTrades(listing, count),
      tradesIn: (listing, fromMs, toMs) => this.#secondKlines.tradesIn(listing, fromMs, toMs),
    })
    this.#tickers = new TickerUpdates(this.#streams, this.#symbols, this.#statistics, nowMs)
    this.#sockets = new VenueSockets({
      settings,
      policy,
      logger,
      streams: this.#streams,
      metrics: this.#metrics,
      nowMs,
      elapsedMs: () => performance.now(),
      delayMs: () => this.#chaos.delayMs,
      chaosRefusal: () => this.#chaos.refusal(),
    })
    this.#follower = new LogFollower({
      log: options.log,
      hub: this.#market,
      partitionCount: options.partitionCount,
      logger,
      passIntervalMs: () => (this.#streams.hasImmediate ? 0 : RELAXED_PASS_INTERVAL_MS),
      events: {
        caughtUp: () => undefined,
        reset: () => undefined,
        lost: (_topic, count) => this.#metrics.losses.inc({ reason: 'log-overrun' }, count),
      },
    })
  }

  /** Whether a WebSocket connection to this address is the facade's. */
  handles(url: string | undefined): boolean {
    return url?.startsWith(`${VENUE_PREFIX}/`) ?? false
  }

  addRoutes(app: App): void {
    const { data, settings, logger } = this.#options
    addVenueRoutes(app, {
      data,
      settings,
      logger,
      wallMs,
      symbols: this.#symbols,
      trades: this.#trades,
      klines: this.#klineReader,
      seconds: this.#secondKlines,
      statistics: this.#statistics,
      chaos: this.#chaos,
      metrics: this.#metrics,
      nowMs: () => Math.floor(data.engine.nowMs()),
    })
    addChaosRoutes(app, this.#chaos, (order) => this.#begin(order))
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.upgrade(request, socket, head)
  }

  /** Resolves once every later commit will be seen. */
  async start(): Promise<void> {
    // What the store knows has its names before what comes later.
    await this.#symbols.all()
    await this.#follower.start()
    this.#timer = setInterval(() => this.#takeTurn(), TURN_MS)
  }

  /** Clients are told, and gone within half a second. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([this.#sockets.close(), this.#follower.stop()])
  }

  #begin(order: ChaosOrder): void {
    this.#chaos.begin(order)
    const { connections } = this.#sockets
    if (order.kind === 'cut') this.#cut()
    if (order.kind === 'silence') {
      for (const connection of this.#chaos.pick('silence', connections)) connection.silence(order.durationMs ?? 0)
    }
    if (order.kind === 'server-shutdown') {
      for (const connection of this.#chaos.pick('server-shutdown', connections)) {
        connection.announceShutdown(order.delayMs)
      }
    }
  }

  #cut(): void {
    this.#nextCutMs = wallMs() + (this.#chaos.orderOf('cut')?.delayMs ?? 0)
    for (const connection of this.#chaos.pick('cut', this.#sockets.connections)) connection.cut('chaos')
  }

  #takeTurn(): void {
    this.#turn += 1
    for (const connection of this.#sockets.connections) connection.check()
    if (this.#chaos.orderOf('cut') !== undefined && wallMs() >= this.#nextCutMs) this.#cut()
    this.#publisher.sendBooks(TURN_MS)
    if (this.#turn % SECOND_TURNS === 0) {
      this.#publisher.sendBooks(TURN_MS * SECOND_TURNS)
      this.#publisher.tidy()
    }
    void this.#sendPaced(this.#turn % SECOND_TURNS === 0, this.#turn % KLINE_TURNS === 0)
  }

  /** Never twice at a time: a slow store makes updates rarer, not more. */
  async #sendPaced(isSecondDue: boolean, areKlinesDue: boolean): Promise<void> {
    if (this.#isPacing) return
    this.#isPacing = true
    try {
      await this.#klines.sendFinished()
      if (areKlinesDue) await this.#klines.sendOpen()
      if (isSecondDue) await this.#seconds.send()
      if (isSecondDue) await this.#tickers.send()
    } catch (error) {
      this.#options.logger.warn({ err: error }, `venue: updates could not be read: ${messageOf(error)}`)
    } finally {
      this.#isPacing = false
    }
  }

  /** The log began anew, with other ids: clients have to begin anew as well. */
  #reset(): void {
    this.#klines.reset()
    this.#statistics.clear()
    this.#sockets.endAll('log-reset', 'market begins anew')
  }
}

function wallMs(): number {
  return Math.floor(systemClock.nowUs() / 1000)
}
