import type { Clock } from '../../base/clock.ts'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import { ConnectionBudget } from '../streaming/connection-budget.ts'
import type { SocketPlan } from '../streaming/feed-line.ts'
import { FeedPosition } from '../streaming/feed-position.ts'
import { FeedRun, type StreamingContext } from '../streaming/feed-run.ts'
import type { Frame } from '../streaming/frame-queue.ts'
import { GapLedger } from '../streaming/gap-ledger.ts'
import { RepairLoop } from '../streaming/repair-loop.ts'
import { SocketDoubts } from '../streaming/socket-doubts.ts'
import { SocketSet } from '../streaming/socket-set.ts'
import type { StreamSocket } from '../streaming/stream-socket.ts'
import { Wake } from '../streaming/wake.ts'
import { isControl, readMessage } from './kraken-message.ts'
import { type KrakenOptions, type KrakenSettings, krakenSettings, VENUE } from './kraken-options.ts'
import { KrakenPastTrades } from './kraken-past-trades.ts'
import { KrakenRest } from './kraken-rest.ts'
import { KrakenSteps } from './kraken-steps.ts'
import { RequestPace } from './request-pace.ts'
import { planSockets } from './socket-plan.ts'
import { Subscriptions } from './subscriptions.ts'

export interface KrakenFeedContext extends StreamingContext {
  /** Where several feeds share what the venue allows one address. Default: budgets of its own. */
  readonly budgets?: KrakenBudgets
}

interface KrakenBudgets {
  readonly connections: ConnectionBudget
  readonly requests: RequestPace
}

const REFUSED_MAX_COUNT = 20

/**
 * Kraken's live market data over WebSocket v2: sockets → queue → steps, and beside them a loop that asks by REST for what
 * is missing. What was missed while it did not run shows by the past trades that the venue sends first. Sockets open at
 * the first `next`.
 */
export class KrakenFeed implements Feed {
  readonly name = 'kraken'
  readonly venues = [VENUE]
  readonly #settings: KrakenSettings
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #ledger: GapLedger
  readonly #subscriptions: Subscriptions
  readonly #sockets: SocketSet
  readonly #doubts: SocketDoubts
  readonly #steps: KrakenSteps
  readonly #run: FeedRun
  /** What the venue says of itself. */
  #system = 'online'
  /** What the venue refused last. */
  #lastRefusal: string | null = null

  /** @throws FinPulseError config-invalid */
  constructor(options: KrakenOptions, context: KrakenFeedContext) {
    const settings = krakenSettings(options)
    const { clock, seed, logger = silentLogger } = context
    const { symbols, limits } = settings
    const { name } = this
    const budget = context.budgets?.connections ?? new ConnectionBudget(limits.attemptsPerFiveMinutes)
    const pace = context.budgets?.requests ?? new RequestPace(limits.requestEveryMs)
    const ledger = new GapLedger(limits)
    const instruments = new InstrumentTable()
    const position = new FeedPosition({ identity: { feed: name }, venue: VENUE, symbols }, ledger, instruments)
    if (context.position !== undefined) position.restore(context.position)
    const wake = new Wake()
    const parts = { name, clock, logger, limits, ledger, wake }
    const subscriptions = new Subscriptions(settings.hasQuotes)
    const sockets = new SocketSet({
      ...parts,
      plans: planSockets(settings),
      seed,
      budget,
      onOpened: (socket, plan) => this.#subscribe(socket, plan),
      takesAside: (frame) => this.#takeControl(frame),
      isLifeOnly: isControl,
      onDoubt: (plan) => this.#doubts.raise(plan, this.#steps.heard),
      onResume: () => subscriptions.postpone(clock.nowUs()),
    })
    const rest = new KrakenRest(settings, clock)
    const past = new KrakenPastTrades({ settings, clock, ledger, rest, pace })
    const findMissed = async (signal: AbortSignal) => {
      await this.#doubts.settle(signal)
      return 0
    }
    const repair = new RepairLoop({ ...parts, random: new Random(seed), past, findMissed })
    const doubts = new SocketDoubts(
      {
        ...parts,
        repair,
        random: new Random(seed, sockets.lines.length + 1),
        waitMs: () => pace.waitMs(clock.nowUs()),
        newestId: (symbol, signal) => past.newestId(symbol, signal),
      },
      () => sockets,
    )
    const { queue } = sockets
    const steps = new KrakenSteps({ settings, clock, instruments, ledger, queue, repair, position })
    this.#settings = settings
    this.#clock = clock
    this.#logger = logger
    this.#ledger = ledger
    this.#subscriptions = subscriptions
    this.#sockets = sockets
    this.#doubts = doubts
    this.#steps = steps
    this.#run = new FeedRun({
      ...parts,
      sockets,
      repair,
      steps,
      onCheck: () => {
        this.#dropUnanswered()
        doubts.check()
      },
      runRepairs: (signal) => repair.run(signal),
      isFollowing: () => this.#isFollowing,
    })
  }

  #subscribe(socket: StreamSocket, { index, symbols }: SocketPlan): void {
    for (const text of this.#subscriptions.begin(index, symbols, this.#clock.nowUs())) socket.send(text)
  }

  /** Answers and news of the venue do not wait behind trades. @returns false for what is none of them */
  #takeControl({ bytes, receivedTimeUs }: Frame): boolean {
    if (!isControl(bytes)) return false
    const message = readMessage(bytes)
    if (message.kind === 'refused') return false
    if (message.kind === 'status') this.#noteSystem(message.system)
    else if (message.kind === 'answer') {
      const { answer } = message
      const refused = this.#subscriptions.take(answer, receivedTimeUs)
      if (answer.isSuccess) return true
      this.#lastRefusal = answer.error
      const { symbol } = answer
      this.#logger.warn({ symbol: refused ?? symbol, error: answer.error }, 'kraken feed: the venue refuses a request')
    }
    return true
  }

  #noteSystem(system: string): void {
    if (system === this.#system) return
    this.#system = system
    this.#logger.warn({ system }, 'kraken feed: the state of the venue has changed')
  }

  /** Gives up sockets whose subscriptions are not answered. */
  #dropUnanswered(): void {
    if (this.#sockets.queue.isPaused) return
    const { subscribeTimeoutMs } = this.#settings.limits
    this.#sockets.lines.forEach((line, index) => {
      if (!this.#subscriptions.isOverdue(index, this.#clock.nowUs(), subscribeTimeoutMs)) return
      line.drop('a subscription was not answered in time')
    })
  }

  get #isFollowing(): boolean {
    const { settleMs } = this.#settings.limits
    if (this.#doubts.isUnderWay) return false
    return this.#sockets.lines.every(
      (line, index) => line.isOpen && this.#subscriptions.isSettled(index, this.#clock.nowUs(), settleMs),
    )
  }

  next(signal: AbortSignal): Promise<FeedStep | undefined> {
    return this.#run.next(signal)
  }

  progress(): FeedProgress | undefined {
    return undefined
  }

  dropped(): Readonly<Record<string, number>> {
    return this.#steps.dropped
  }

  status(): FeedStatus {
    return this.#run.status({ venue: VENUE, state: this.#state(), lastError: this.#errorText() })
  }

  #state(): FeedStatus['state'] {
    if (this.#sockets.openCount === 0) return 'connecting'
    if (this.#ledger.hasMissing || !this.#sockets.areAllOpen) return 'degraded'
    if (this.#subscriptions.refused.size > 0 || this.#system !== 'online') return 'degraded'
    return this.#isFollowing ? 'running' : 'catching-up'
  }

  #errorText(): string | null {
    const { failureText } = this.#run
    if (failureText !== null) return failureText
    const { refused } = this.#subscriptions
    if (refused.size > 0) return `not followed: ${[...refused.values()].slice(0, REFUSED_MAX_COUNT).join('; ')}`
    if (this.#lastRefusal !== null) return this.#lastRefusal
    return this.#system === 'online' ? null : `the venue says that it is in the state ${this.#system}`
  }

  close(): Promise<void> {
    return this.#run.close()
  }
}
