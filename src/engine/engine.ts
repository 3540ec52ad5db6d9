import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Registry } from 'prom-client'
import type { EngineView, PushControl, Readiness, ReplayControl, SimulatorControl } from '../api/engine-view.ts'
import { type ApiServer, createServer } from '../api/server.ts'
import type { Logger } from '../base/logger.ts'
import type { Candle } from '../events/candle.ts'
import { EmbeddedEventLogReader } from '../log/embedded/embedded-event-log-reader.ts'
import type { PushResult } from '../protocol/push.ts'
import type { FeedRow, ReplayState, Stats } from '../protocol/rest.ts'
import type { MarketStoreReader } from '../stores/market-store.ts'
import type { Config } from './config.ts'
import { takesPushes } from './create-push-feed.ts'
import { makeDataDirectory } from './data-directory.ts'
import { createRegistry } from './engine-metrics.ts'
import type { PipelineStatus, StoreStatus } from './pipeline-status.ts'
import { RateMeter } from './rate-meter.ts'
import { venueSettingsFrom } from './settings/venue-settings.ts'
import { WorkerCalls } from './threads/calls.ts'
import { workerEntry } from './threads/entry.ts'
import { remoteStore } from './threads/remote-store.ts'
import { LOG_DIRECTORY, type ThreadData } from './threads/thread-data.ts'
import { type LogNotice, logNotice } from './threads/thread-logger.ts'
import { VERSION } from './version.ts'

export interface EngineOptions {
  readonly config: Config
  readonly logger: Logger
  /** Called once when a thread fails: the engine is then to be stopped. */
  readonly onFailure: (error: unknown) => void
  readonly dashboardDirectory: string | undefined
}

/** Records that process and store role may be behind for the engine to count as ready. */
const READY_LAG_MAX_COUNT = 200_000
const RATE_WINDOW_MS = 3000
const HOUR_MS = 3_600_000
const COUNTS_FRESH_MS = 2000

/** All roles of `finpulse up` in one process: a pipeline thread, a store thread, and the server in the main thread. */
export class Engine {
  readonly #options: EngineOptions
  readonly #startedMs = performance.now()
  readonly #rate = new RateMeter(RATE_WINDOW_MS)
  readonly #registry: Registry
  #pipelineCalls: WorkerCalls | undefined
  #storeCalls: WorkerCalls | undefined
  #reader: EmbeddedEventLogReader | undefined
  #venueReader: EmbeddedEventLogReader | undefined
  #store: MarketStoreReader | undefined
  #server: ApiServer | undefined
  #pipeline: PipelineStatus | undefined
  #storeStatus: StoreStatus | undefined
  #wasReady = false
  #isStopping = false
  #counts = { atMs: Number.NEGATIVE_INFINITY, eventsPerHour: 0, anomalies24h: 0, symbolCount: 0 }

  constructor(options: EngineOptions) {
    this.#options = options
    this.#registry = createRegistry({ pipeline: () => this.#pipeline, store: () => this.#storeStatus })
  }

  /** Starts threads and server. The URL answers from then on; `readiness` tells when the data is there. */
  async start(): Promise<string> {
    const { config, logger, dashboardDirectory } = this.#options
    makeDataDirectory(join(config.dataDir, LOG_DIRECTORY))
    const doorbell = new SharedArrayBuffer(4)
    const data: ThreadData = { config, doorbell }
    this.#pipelineCalls = this.#startThread('pipeline', data, (notice: PipelineStatus | LogNotice) =>
      this.#onPipeline(notice),
    )
    this.#storeCalls = this.#startThread('store', data, (notice: StoreStatus | LogNotice) => this.#onStore(notice))
    await this.#pipelineCalls.call('start')
    await this.#storeCalls.call('start')
    const openReader = () => EmbeddedEventLogReader.open({ directory: join(config.dataDir, LOG_DIRECTORY), doorbell })
    this.#reader = openReader()
    if (config.venueApi.enabled) this.#venueReader = openReader()
    this.#store = remoteStore(this.#storeCalls)
    this.#server = await createServer({
      engine: this.view(),
      store: this.#store,
      log: this.#reader,
      logger,
      registry: this.#registry,
      partitionCount: config.log.partitions,
      version: VERSION,
      host: config.host,
      port: config.port,
      ...(dashboardDirectory === undefined ? {} : { dashboardDirectory }),
      ...(this.#venueReader && { venue: { settings: venueSettingsFrom(config.venueApi), log: this.#venueReader } }),
    })
    await this.#server.listen()
    return this.#server.url
  }

  #startThread<N>(name: 'pipeline' | 'store', data: ThreadData, onNotice: (notice: N) => void): WorkerCalls {
    const worker = new Worker(workerEntry(`threads/${name}-worker`, import.meta.url), { workerData: data, name })
    return new WorkerCalls(worker, name, onNotice as (notice: never) => void, (error) => {
      if (!this.#isStopping) this.#options.onFailure(error)
    })
  }

  #onPipeline(status: PipelineStatus | LogNotice): void {
    if ('logged' in status) {
      logNotice(this.#options.logger, status)
      return
    }
    this.#pipeline = status
    this.#rate.read(performance.now(), status.tradeCount + status.quoteCount)
    if (status.newestTimeUs !== undefined) this.#tell(this.#storeCalls, 'noteNewestTime', status.newestTimeUs)
  }

  #onStore(notice: StoreStatus | LogNotice): void {
    if ('logged' in notice) {
      logNotice(this.#options.logger, notice)
      return
    }
    this.#storeStatus = notice
    this.#tell(this.#pipelineCalls, 'noteStorePositions', notice.positions)
  }

  /** A call whose answer nobody waits for. */
  #tell(calls: WorkerCalls | undefined, method: string, argument: unknown): void {
    calls?.call(method, argument).catch((error: unknown) => {
      if (!this.#isStopping) this.#options.logger.warn({ method, err: error }, 'a thread did not take a notice')
    })
  }

  /** Stops in order: no new events, state saved, store in step, clients told. Nothing acknowledged is lost. */
  async stop(): Promise<void> {
    this.#isStopping = true
    try {
      await Promise.all([
        this.#server?.close(),
        this.#pipelineCalls?.call('stop').finally(() => this.#storeCalls?.call('stop')),
      ])
      await Promise.all([this.#reader?.close(), this.#venueReader?.close()])
    } finally {
      // Where one thread has failed the other must not keep the process alive.
      await Promise.all([this.#pipelineCalls?.terminate(), this.#storeCalls?.terminate()])
    }
  }

  get status(): { pipeline: PipelineStatus | undefined; store: StoreStatus | undefined; eventsPerSecond: number } {
    return { pipeline: this.#pipeline, store: this.#storeStatus, eventsPerSecond: this.#rate.perSecond }
  }

  /** What the API sees of the engine. */
  view(): EngineView {
    return {
      nowMs: () => this.#nowMs(),
      stats: () => this.#stats(),
      readiness: () => this.#readiness(),
      metrics: () => this.#registry.metrics(),
      feeds: () => this.#pipelineCalls!.call<FeedRow[]>('feeds'),
      openCandles: (symbols, interval) => this.#pipelineCalls!.call<Candle[]>('openCandles', symbols, interval),
      ...(this.#options.config.feed.type === 'replay' ? { replay: this.#replay() } : {}),
      ...(this.#options.config.feed.type === 'simulator' ? { simulator: this.#simulator() } : {}),
      ...(takesPushes(this.#options.config) ? { push: this.#push() } : {}),
    }
  }

  #push(): PushControl {
    return { offer: (request) => this.#pipelineCalls!.call<PushResult>('push', request) }
  }

  #replay(): ReplayControl {
    const call = <R>(method: string, ...args: unknown[]) => this.#pipelineCalls!.call<R>(method, ...args)
    return {
      state: () => call<ReplayState>('replayState'),
      pause: () => call('replayPause'),
      resume: () => call('replayResume'),
      seek: (timeMs) => call('replaySeek', timeMs),
      setSpeed: (speed) => call('replaySetSpeed', speed),
    }
  }

  #simulator(): SimulatorControl {
    return { inject: (request) => this.#pipelineCalls!.call('simulatorInject', request) }
  }

  #nowMs(): number {
    const newestTimeUs = this.#pipeline?.newestTimeUs
    const isReplay = this.#options.config.feed.type === 'replay'
    return isReplay && newestTimeUs !== undefined ? newestTimeUs / 1000 : Date.now()
  }

  #readiness(): Readiness {
    if (this.#isStopping) return { isReady: false, detail: 'stopping' }
    const status = this.#pipeline
    if (status === undefined || this.#storeStatus === undefined) return { isReady: false, detail: 'starting' }
    const { progress, feed, processLagCount, tradeCount } = status
    if (feed === 'simulator' && progress?.isDone === false) {
      return { isReady: false, detail: `back-fill: ${Math.floor(progress.fraction * 100)} %` }
    }
    const isBehind = processLagCount > READY_LAG_MAX_COUNT || this.#storeStatus.lagCount > READY_LAG_MAX_COUNT
    const isStored = this.#storeStatus.writtenCount > 0 || tradeCount === 0 || this.#wasReady || this.#hasRows()
    if (!this.#wasReady && (isBehind || !isStored)) return { isReady: false, detail: 'storing the history' }
    this.#wasReady = true
    return { isReady: true, detail: 'running' }
  }

  /** True after a restart: the store holds what an earlier run wrote. */
  #hasRows(): boolean {
    return this.#storeStatus?.positions.some((position) => position.nextOffset > 0) ?? false
  }

  async #stats(): Promise<Stats> {
    await this.#refreshCounts()
    const status = this.#pipeline
    const { eventsPerHour, anomalies24h, symbolCount } = this.#counts
    return {
      status: this.#isStopping ? 'stopping' : await this.#runState(),
      epoch: status?.epoch ?? '',
      uptimeSeconds: Math.round((performance.now() - this.#startedMs) / 1000),
      feed: status?.feed ?? this.#options.config.feed.type,
      eventsPerHour,
      eventsPerSecond: Math.round(this.#rate.perSecond * 10) / 10,
      eventsTotal: (status?.tradeCount ?? 0) + (status?.quoteCount ?? 0),
      anomalies24h,
      symbolCount,
      clientCount: this.#server?.stats().clientCount ?? 0,
      lag: { process: status?.processLagCount ?? 0, store: this.#storeStatus?.lagCount ?? 0 },
      backfill: this.#backfill(status),
      dropped: { ...status?.dropped },
    }
  }

  async #runState(): Promise<Stats['status']> {
    if (!this.#readiness().isReady) return 'starting'
    if (this.#options.config.feed.type !== 'replay') return 'running'
    return (await this.#replay().state()).status === 'paused' ? 'paused' : 'running'
  }

  #backfill(status: PipelineStatus | undefined): Stats['backfill'] {
    const progress = status?.progress
    if (progress === undefined || this.#options.config.feed.type === 'replay') return null
    const { fromUs, toUs, atUs, fraction, isDone } = progress
    return { fromMs: fromUs / 1000, toMs: toUs / 1000, atMs: atUs / 1000, fraction, isDone }
  }

  /** Counts over hours are queries, so they are asked for every few seconds only. */
  async #refreshCounts(): Promise<void> {
    const atMs = performance.now()
    if (this.#store === undefined || atMs - this.#counts.atMs < COUNTS_FRESH_MS) return
    this.#counts = { ...this.#counts, atMs }
    const nowMs = this.#nowMs()
    const [hour, day, instruments] = await Promise.all([
      this.#store.countsSince(nowMs - HOUR_MS),
      this.#store.alertCountsSince(nowMs - 24 * HOUR_MS),
      this.#store.instruments(),
    ])
    this.#counts = {
      atMs,
      eventsPerHour: hour.trades + hour.quotes,
      anomalies24h: [...day.values()].reduce((sum, count) => sum + count, 0),
      symbolCount: instruments.length,
    }
  }
}
