import type { Clock } from '../../base/clock.ts'
import { FinPulseError, messageOf } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import { ConnectionBudget } from '../streaming/connection-budget.ts'
import { FeedLine } from '../streaming/feed-line.ts'
import { FeedPosition } from '../streaming/feed-position.ts'
import { type Frame, FrameQueue } from '../streaming/frame-queue.ts'
import { GapLedger } from '../streaming/gap-ledger.ts'
import type { StreamSocket } from '../streaming/stream-socket.ts'
import { Wake } from '../streaming/wake.ts'
import { isControl, readMessage } from './kraken-message.ts'
import { type KrakenOptions, type KrakenSettings, krakenSettings, VENUE } from './kraken-options.ts'
import { KrakenRepair } from './kraken-repair.ts'
import { KrakenRest } from './kraken-rest.ts'
import { KrakenSteps } from './kraken-steps.ts'
import { RequestPace } from './request-pace.ts'
import { Subscriptions } from './subscriptions.ts'

export interface KrakenFeedContext {
  readonly clock: Clock
  /** Seed of the jitter. */
  readonly seed: number
  readonly logger?: Logger
  /** Of a step that was committed before. */
  readonly position?: Uint8Array
  /** Where several feeds share what the venue allows one address. Default: budgets of its own. */
  readonly budgets?: KrakenBudgets
}

interface KrakenBudgets {
  readonly connections: ConnectionBudget
  readonly requests: RequestPace
}

const QUIET_SYMBOLS_MAX_COUNT = 20
const REFUSED_MAX_COUNT = 20

/**
 * Kraken's live market data over WebSocket v2: sockets → queue → steps, and beside them a loop that asks by REST for what
 * is missing. What was missed while it did not run shows by the past trades that the venue sends first. Sockets open at
 * the first `next`.
 */
export class KrakenFeed implements Feed {
  readonly name = 'kraken'
  readonly #settings: KrakenSettings
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ledger: GapLedger
  readonly #queue: FrameQueue
  readonly #lines: readonly FeedLine[]
  readonly #subscriptions: Subscriptions
  readonly #repair: KrakenRepair
  readonly #steps: KrakenSteps
  readonly #wake = new Wake()
  readonly #closing = new AbortController()
  #running: Promise<unknown> | undefined
  #failure: unknown
  /** What the venue says of itself. */
  #system = 'online'
  #lastError: string | null = null

  /** @throws FinPulseError config-invalid */
  constructor(options: KrakenOptions, context: KrakenFeedContext) {
    const settings = krakenSettings(options)
    const { clock, seed, logger = silentLogger } = context
    const { limits } = settings
    this.#settings = settings
    this.#clock = clock
    this.#logger = logger
    this.#ledger = new GapLedger(limits)
    this.#subscriptions = new Subscriptions(settings.hasQuotes)
    this.#queue = new FrameQueue(limits.queueMaxCount, {
      pause: () => {
        for (const line of this.#lines) line.pause()
      },
      resume: () => {
        this.#subscriptions.postpone(clock.nowUs())
        for (const line of this.#lines) line.resume()
      },
    })
    const { attemptsPerFiveMinutes, requestEveryMs } = limits
    const { connections = new ConnectionBudget(attemptsPerFiveMinutes) } = context.budgets ?? {}
    const pace = context.budgets?.requests ?? new RequestPace(requestEveryMs)
    this.#lines = this.#planLines(seed, connections)
    const instruments = new InstrumentTable()
    const scope = { identity: { feed: 'kraken' }, venue: VENUE, symbols: settings.symbols }
    const position = new FeedPosition(scope, this.#ledger, instruments)
    if (context.position !== undefined) position.restore(context.position)
    const ledger = this.#ledger
    const rest = new KrakenRest(settings, clock)
    const onProgress = () => this.#wake.ring()
    const random = new Random(seed)
    this.#repair = new KrakenRepair({ settings, clock, logger, random, ledger, rest, pace, onProgress })
    const queue = this.#queue
    this.#steps = new KrakenSteps({ settings, clock, instruments, ledger, queue, repair: this.#repair, position })
  }

  #planLines(seed: number, budget: ConnectionBudget): FeedLine[] {
    const { symbols, url, limits, hasQuotes } = this.#settings
    const lines: FeedLine[] = []
    for (let start = 0; start < symbols.length; start += limits.symbolsPerSocketMaxCount) {
      const index = lines.length
      const part = symbols.slice(start, start + limits.symbolsPerSocketMaxCount)
      const streams = part.flatMap((symbol) =>
        hasQuotes ? [`trade ${symbol}`, `ticker ${symbol}`] : [`trade ${symbol}`],
      )
      lines.push(
        new FeedLine({
          name: this.name,
          plan: { index, url, streams, symbols: part },
          limits,
          clock: this.#clock,
          logger: this.#logger,
          random: new Random(seed, index + 1),
          budget,
          onOpened: (socket) => this.#subscribe(socket, index, part),
          onFrame: (frame) => this.#receive(frame),
          isPaused: () => this.#queue.isPaused,
        }),
      )
    }
    return lines
  }

  #subscribe(socket: StreamSocket, line: number, symbols: readonly string[]): void {
    for (const text of this.#subscriptions.begin(line, symbols, this.#clock.nowUs())) socket.send(text)
  }

  #receive(frame: Frame): void {
    if (!isControl(frame.bytes)) {
      this.#queue.push(frame)
      this.#wake.ring()
      return
    }
    const message = readMessage(frame.bytes)
    if (message.kind === 'status') this.#noteSystem(message.system)
    else if (message.kind === 'refused') this.#queue.push(frame)
    else if (message.kind === 'answer') {
      const { answer } = message
      const refused = this.#subscriptions.take(answer, frame.receivedTimeUs)
      if (answer.isSuccess) return
      this.#lastError = answer.error
      const { symbol } = answer
      this.#logger.warn({ symbol: refused ?? symbol, error: answer.error }, 'kraken feed: the venue refuses a request')
    }
  }

  #noteSystem(system: string): void {
    if (system === this.#system) return
    this.#system = system
    this.#logger.warn({ system }, 'kraken feed: the state of the venue has changed')
  }

  async next(signal: AbortSignal): Promise<FeedStep | undefined> {
    signal.throwIfAborted()
    this.#start()
    const { limits } = this.#settings
    const idleUs = this.#clock.nowUs() + limits.idleStepMs * 1000
    while (!this.#steps.hasWork) {
      const restMs = (idleUs - this.#clock.nowUs()) / 1000
      if (restMs <= 0) return this.#steps.fill(this.#promiseUs())
      // While it holds nothing may ring when the time is over.
      await this.#wake.wait(this.#clock, this.#steps.isHolding ? Math.min(restMs, limits.checkEveryMs) : restMs, signal)
      if (this.#failure !== undefined) throw this.#failure
    }
    if (this.#queue.count < limits.batchMaxCount) await this.#clock.sleep(limits.gatherMs, signal)
    return this.#steps.fill(-1)
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
    const { subscribeTimeoutMs, checkEveryMs } = this.#settings.limits
    for (;;) {
      this.#lines.forEach((line, index) => {
        line.check()
        if (this.#queue.isPaused) return
        if (!this.#subscriptions.isOverdue(index, this.#clock.nowUs(), subscribeTimeoutMs)) return
        line.drop('a subscription was not answered in time')
      })
      await this.#clock.sleep(checkEveryMs, signal)
    }
  }

  /** As what nothing older will come: where every socket lives and brings all, and nothing is missing. -1 else. */
  #promiseUs(): number {
    if (this.#queue.count > 0 || this.#ledger.hasMissing || !this.#lines.every((_, index) => this.#isFollowed(index))) {
      return -1
    }
    const aheadUs = Math.min(0, (this.#steps.skew.aheadMs ?? 0) * 1000)
    return Math.floor(this.#clock.nowUs() + aheadUs - this.#settings.limits.idleLatenessMs * 1000)
  }

  #isFollowed(index: number): boolean {
    const { settleMs } = this.#settings.limits
    return this.#lines[index]!.isOpen && this.#subscriptions.isSettled(index, this.#clock.nowUs(), settleMs)
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#steps.dropped
  }

  status(): FeedStatus {
    const sinceUs = this.#clock.nowUs() - this.#settings.limits.quietAfterMs * 1000
    const sockets = this.#lines.map((line) =>
      line.status(line.isOpen ? this.#steps.quietSymbols(line.symbols, sinceUs, QUIET_SYMBOLS_MAX_COUNT) : []),
    )
    const { duplicateCount: _, renumberedCount: __, ...counts } = this.#ledger.counts
    return {
      name: this.name,
      venue: VENUE,
      state: this.#state(),
      sockets,
      repairs: {
        ...counts,
        outstandingCount: this.#ledger.outstandingCount,
        requestCount: this.#repair.requestCount,
        lastError: this.#repair.lastError,
      },
      clockAheadMs: this.#steps.skew.aheadMs,
      reconnects: this.#lines.reduce((sum, line) => sum + line.reconnectCount, 0),
      queueCount: this.#queue.count,
      queueWaits: this.#queue.waitCount,
      dropped: { ...this.#steps.dropped },
      lastError: this.#errorText() ?? sockets.find((socket) => socket.lastError !== null)?.lastError ?? null,
    }
  }

  #state(): FeedStatus['state'] {
    const openCount = this.#lines.filter((line) => line.isOpen).length
    if (openCount === 0) return 'connecting'
    if (this.#ledger.hasMissing || openCount < this.#lines.length) return 'degraded'
    if (this.#subscriptions.refused.size > 0 || this.#system !== 'online') return 'degraded'
    return this.#lines.every((_, index) => this.#isFollowed(index)) ? 'running' : 'catching-up'
  }

  #errorText(): string | null {
    const { refused } = this.#subscriptions
    if (this.#failure === undefined && refused.size > 0) {
      return `not followed: ${[...refused.values()].slice(0, REFUSED_MAX_COUNT).join('; ')}`
    }
    return (
      this.#lastError ?? (this.#system === 'online' ? null : `the venue says that it is in the state ${this.#system}`)
    )
  }

  async close(): Promise<void> {
    this.#closing.abort(new FinPulseError('not-ready', 'kraken feed: is closed'))
    await this.#running
    for (const line of this.#lines) line.close()
    this.#logger.debug('kraken feed: closed')
  }
}
