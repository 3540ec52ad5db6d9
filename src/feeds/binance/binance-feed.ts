import type { Clock } from '../../base/clock.ts'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import { ConnectionBudget } from '../streaming/connection-budget.ts'
import { FeedLine } from '../streaming/feed-line.ts'
import { FeedPosition } from '../streaming/feed-position.ts'
import { FrameQueue } from '../streaming/frame-queue.ts'
import { GapLedger } from '../streaming/gap-ledger.ts'
import { Wake } from '../streaming/wake.ts'
import { type BinanceOptions, type BinanceSettings, binanceSettings } from './binance-options.ts'
import { RepairLoop } from './repair-loop.ts'
import { RestClient } from './rest-client.ts'
import { StepFiller } from './step-filler.ts'
import { announcesShutdown, planSockets } from './stream-plan.ts'
import { WeightBudget } from './weight-budget.ts'

export interface BinanceFeedContext {
  readonly clock: Clock
  /** Seed of the jitter. */
  readonly seed: number
  readonly logger?: Logger
  /** Of a step that was committed before. */
  readonly position?: Uint8Array
  /** Where several feeds share what the venue allows one address. Default: budgets of its own. */
  readonly budgets?: BinanceBudgets
}

interface BinanceBudgets {
  readonly connections: ConnectionBudget
  readonly weight: WeightBudget
}

const QUIET_SYMBOLS_MAX_COUNT = 20

/**
 * Binance's live market data: sockets → queue → steps, and beside them a loop that asks by REST for what is missing.
 * Sockets open at the first `next`.
 */
export class BinanceFeed implements Feed {
  readonly name = 'binance'
  readonly #settings: BinanceSettings
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ledger: GapLedger
  readonly #queue: FrameQueue
  readonly #lines: readonly FeedLine[]
  readonly #repair: RepairLoop
  readonly #filler: StepFiller
  readonly #wake = new Wake()
  readonly #closing = new AbortController()
  #running: Promise<unknown> | undefined
  #failure: unknown
  #lastError: string | null = null

  /** @throws FinPulseError config-invalid */
  constructor(options: BinanceOptions, context: BinanceFeedContext) {
    const settings = binanceSettings(options)
    const { clock, seed, logger = silentLogger } = context
    const { limits } = settings
    this.#settings = settings
    this.#clock = clock
    this.#logger = logger
    this.#ledger = new GapLedger(limits)
    this.#queue = new FrameQueue(limits.queueMaxCount, {
      pause: () => {
        for (const line of this.#lines) line.pause()
      },
      resume: () => {
        for (const line of this.#lines) line.resume()
      },
    })
    const { connections = new ConnectionBudget(limits.attemptsPerFiveMinutes) } = context.budgets ?? {}
    this.#lines = planSockets(settings).map(
      (plan) =>
        new FeedLine({
          name: 'binance',
          plan,
          limits,
          clock,
          logger,
          random: new Random(seed, plan.index + 1),
          budget: connections,
          onFrame: (frame) => {
            this.#queue.push(frame)
            this.#wake.ring()
          },
          announcesEnd: announcesShutdown,
          isPaused: () => this.#queue.isPaused,
        }),
    )
    const instruments = new InstrumentTable()
    const ledger = this.#ledger
    const { market, tradeStream, symbols, facts } = settings
    const identity = { feed: 'binance', market, tradeStream }
    const position = new FeedPosition({ identity, venue: facts.venue, symbols }, ledger, instruments)
    const known = context.position === undefined ? [] : position.restore(context.position)
    const budget = context.budgets?.weight ?? new WeightBudget(limits.weightPerMinute)
    const rest = new RestClient(settings, clock, budget)
    const random = new Random(seed)
    const onProgress = () => this.#wake.ring()
    this.#repair = new RepairLoop({ settings, clock, logger, random, ledger, rest, budget, onProgress }, known)
    this.#filler = new StepFiller({
      settings,
      clock,
      instruments,
      ledger,
      queue: this.#queue,
      repair: this.#repair,
      position,
      startedUs: clock.nowUs(),
    })
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    this.#start()
    const { limits } = this.#settings
    const idleUs = this.#clock.nowUs() + limits.idleStepMs * 1000
    while (!this.#filler.hasWork) {
      const restMs = (idleUs - this.#clock.nowUs()) / 1000
      if (restMs <= 0) return this.#filler.fill(this.#promiseUs())
      // While it holds nothing may ring when the time is over.
      await this.#wake.wait(
        this.#clock,
        this.#filler.isHolding ? Math.min(restMs, limits.checkEveryMs) : restMs,
        signal,
      )
      if (this.#failure !== undefined) throw this.#failure
    }
    if (this.#queue.count < limits.batchMaxCount) await this.#clock.sleep(limits.gatherMs, signal)
    return this.#filler.fill(-1)
  }

  #start(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#running !== undefined) return
    const { signal } = this.#closing
    this.#running = Promise.all([this.#watchLines(signal), this.#repair.run(signal)]).catch((error: unknown) => {
      if (signal.aborted && error === signal.reason) return
      this.#failure = error
      this.#lastError = messageOf(error)
      this.#wake.ring()
    })
  }

  async #watchLines(signal: AbortSignal): Promise<void> {
    for (;;) {
      for (const line of this.#lines) line.check()
      await this.#clock.sleep(this.#settings.limits.checkEveryMs, signal)
    }
  }

  /**
   * What a step without rows may promise: that nothing older will come, where every socket lives and nothing is missing.
   * -1 else.
   */
  #promiseUs(): number {
    if (this.#queue.count > 0 || this.#ledger.hasMissing || this.#repair.isCatchingUp) return -1
    if (!this.#lines.every((line) => line.isOpen)) return -1
    const aheadUs = Math.min(0, (this.#filler.skew.aheadMs ?? 0) * 1000)
    return Math.floor(this.#clock.nowUs() + aheadUs - this.#settings.limits.idleLatenessMs * 1000)
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#filler.dropped
  }

  status(): FeedStatus {
    const sinceUs = this.#clock.nowUs() - this.#settings.limits.quietAfterMs * 1000
    const sockets = this.#lines.map((line) =>
      line.status(line.isOpen ? this.#filler.quietSymbols(line.symbols, sinceUs, QUIET_SYMBOLS_MAX_COUNT) : []),
    )
    const { duplicateCount: _, renumberedCount: __, ...counts } = this.#ledger.counts
    return {
      name: this.name,
      venue: this.#settings.facts.venue,
      state: this.#state(),
      sockets,
      repairs: {
        ...counts,
        outstandingCount: this.#ledger.outstandingCount,
        requestCount: this.#repair.requestCount,
        lastError: this.#repair.lastError,
      },
      clockAheadMs: this.#filler.skew.aheadMs,
      reconnects: this.#lines.reduce((sum, line) => sum + line.reconnectCount, 0),
      queueCount: this.#queue.count,
      queueWaits: this.#queue.waitCount,
      dropped: { ...this.#filler.dropped },
      lastError: this.#lastError ?? sockets.find((socket) => socket.lastError !== null)?.lastError ?? null,
    }
  }

  #state(): FeedStatus['state'] {
    const openCount = this.#lines.filter((line) => line.isOpen).length
    if (openCount === 0) return 'connecting'
    if (this.#repair.isCatchingUp) return 'catching-up'
    return openCount < this.#lines.length || this.#ledger.hasMissing ? 'degraded' : 'running'
  }

  async close(): Promise<void> {
    this.#closing.abort(new FinPulseError('not-ready', 'binance feed: is closed'))
    await this.#running
    for (const line of this.#lines) line.close()
    this.#logger.debug('binance feed: closed')
  }
}
