import { Registry } from 'prom-client'
import { systemClock } from '../../base/clock.ts'
import { FinPulseError } from '../../base/errors.ts'
import type { Logger } from '../../base/logger.ts'
import type { Candle } from '../../events/candle.ts'
import type { Interval } from '../../events/interval.ts'
import type { MarketLabel } from '../../events/label.ts'
import { MemoryEventLog } from '../../log/memory/memory-event-log.ts'
import type { FeedRow, InjectRequest, ReplayState, Stats } from '../../protocol/rest.ts'
import type { EngineView, PushControl, Readiness, ReplayControl, SimulatorControl } from '../engine-view.ts'
import { type ApiServer, createServer, type ServerOptions } from '../server.ts'
import { ArrayMarketStore } from './array-market-store.ts'

/** The market time of the tests: 2026-11-20T12:00:00Z. */
export const NOW_MS = Date.UTC(2026, 10, 20, 12)
export const PARTITION_COUNT = 2

const FEED_ROW: FeedRow = {
  name: 'binance',
  state: 'running',
  venue: 'binance-spot',
  sockets: [
    {
      index: 0,
      state: 'open',
      streamCount: 4,
      openedTimeMs: NOW_MS - 1000,
      silenceMs: 3,
      reconnects: 1,
      handOvers: 0,
      quietSymbols: ['ETHUSDT'],
      lastError: 'closed with 1006',
    },
  ],
  repairs: {
    gapCount: 1,
    missingCount: 3,
    repairedCount: 3,
    absentCount: 0,
    givenUpCount: 0,
    outstandingCount: 0,
    requestCount: 1,
    lastError: null,
  },
  clockAheadMs: -12.5,
  reconnects: 1,
  queueCount: 0,
  queueWaits: 0,
  dropped: { overlap: 2 },
  lastError: 'closed with 1006',
}

/** An engine whose every answer a test can set. */
export class FakeEngine implements EngineView {
  open: Candle[] = []
  feedRows: FeedRow[] = [FEED_ROW]
  ready: Readiness = { isReady: true, detail: 'running' }
  push?: PushControl
  replay?: ReplayControl
  simulator?: SimulatorControl
  readonly registry = new Registry()

  nowMs(): number {
    return NOW_MS
  }

  stats(): Stats {
    return {
      status: 'running',
      epoch: 'one',
      uptimeSeconds: 12.5,
      feed: 'simulator',
      eventsPerHour: 360_000,
      eventsPerSecond: 100.5,
      eventsTotal: 1_000_000,
      anomalies24h: 3,
      symbolCount: 2,
      clientCount: 0,
      lag: { process: 0, store: 12 },
      backfill: { fromMs: NOW_MS - 1000, toMs: NOW_MS, atMs: NOW_MS - 500, fraction: 0.5, isDone: false },
      dropped: { malformed: 2 },
    }
  }

  async feeds(): Promise<readonly FeedRow[]> {
    return this.feedRows
  }

  readiness(): Readiness {
    return this.ready
  }

  metrics(): Promise<string> {
    return this.registry.metrics()
  }

  async openCandles(symbols: readonly string[] | undefined, interval?: Interval): Promise<readonly Candle[]> {
    return this.open.filter(
      (candle) =>
        (symbols === undefined || symbols.includes(candle.symbol)) &&
        (interval === undefined || candle.interval === interval),
    )
  }
}

export class FakeReplay implements ReplayControl {
  current: ReplayState = { status: 'playing', fromMs: 1000, toMs: 9000, atMs: 2000, speed: 1 }

  state(): ReplayState {
    return this.current
  }

  async pause(): Promise<void> {
    this.current = { ...this.current, status: 'paused' }
  }

  async resume(): Promise<void> {
    this.current = { ...this.current, status: 'playing' }
  }

  async seek(timeMs: number): Promise<void> {
    if (timeMs > 9000) throw new FinPulseError('request-invalid', `timeMs: expected 1000 to 9000, got ${timeMs}`)
    this.current = { ...this.current, atMs: timeMs }
  }

  async setSpeed(speed: number): Promise<void> {
    this.current = { ...this.current, speed }
  }
}

/** A simulated market of one symbol, in which one anomaly at a time may go on. */
export class FakeSimulator implements SimulatorControl {
  readonly requests: InjectRequest[] = []

  async inject(request: InjectRequest): Promise<MarketLabel> {
    const { kind, symbol = 'AAPL', magnitude = 5, durationMs = 60_000 } = request
    if (symbol !== 'AAPL') throw new FinPulseError('request-invalid', `symbol: expected one of AAPL, got "${symbol}"`)
    if (this.requests.length > 0) throw new FinPulseError('request-invalid', 'symbol: AAPL is in a price-spike')
    this.requests.push(request)
    const toMs = NOW_MS + durationMs
    const what = { id: 'one', kind, venue: 'sim', symbol, magnitude }
    return { type: 'market-label', ...what, fromMs: NOW_MS, toMs, eventTimeMs: toMs }
  }
}

export interface TestServer extends AsyncDisposable {
  readonly server: ApiServer
  readonly engine: FakeEngine
  readonly store: ArrayMarketStore
  readonly log: MemoryEventLog
  readonly logged: string[]
}

/** A listening server over a log in memory and a store of arrays. */
export async function startTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const engine = new FakeEngine()
  const store = new ArrayMarketStore()
  const log = new MemoryEventLog({ clock: systemClock })
  const logged: string[] = []
  const server = await createServer({
    engine,
    store,
    log: log.reader(),
    partitionCount: PARTITION_COUNT,
    host: '127.0.0.1',
    port: 0,
    registry: engine.registry,
    logger: recordingLogger(logged),
    ...options,
  })
  await server.listen()
  return {
    server,
    engine,
    store,
    log,
    logged,
    async [Symbol.asyncDispose]() {
      await server.close()
      await log.close()
    },
  }
}

function recordingLogger(lines: string[]): Logger {
  const record = (level: string) => (first: unknown, message?: string) => {
    lines.push(`${level} ${message ?? first}`)
  }
  return { debug: () => undefined, info: record('info'), warn: record('warn'), error: record('error') }
}
