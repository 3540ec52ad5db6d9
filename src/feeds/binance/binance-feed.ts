import { silentLogger } from '../../base/logger.ts'
import { Random } from '../../base/random.ts'
import { InstrumentTable } from '../../events/instrument.ts'
import type { Feed, FeedProgress, FeedStatus, FeedStep } from '../feed.ts'
import { ClockSkew } from '../streaming/clock-skew.ts'
import { ConnectionBudget } from '../streaming/connection-budget.ts'
import { FeedPosition } from '../streaming/feed-position.ts'
import { FeedRun, type StreamingContext } from '../streaming/feed-run.ts'
import { GapLedger } from '../streaming/gap-ledger.ts'
import { RepairLoop } from '../streaming/repair-loop.ts'
import { SocketDoubts } from '../streaming/socket-doubts.ts'
import { SocketSet } from '../streaming/socket-set.ts'
import { Wake } from '../streaming/wake.ts'
import { type BinanceOptions, type BinanceSettings, binanceSettings } from './binance-options.ts'
import { BinancePastTrades } from './binance-past-trades.ts'
import { BinanceSteps } from './binance-steps.ts'
import { CatchUp } from './catch-up.ts'
import { RestClient } from './rest-client.ts'
import { RestRequests } from './rest-requests.ts'
import { announcesShutdown, planSockets } from './stream-plan.ts'
import { marksOf } from './trade-mark.ts'
import { WeightBudget } from './weight-budget.ts'

export interface BinanceFeedContext extends StreamingContext {
  /** Where several feeds share what the venue allows one address. Default: budgets of its own. */
  readonly budgets?: BinanceBudgets
}

interface BinanceBudgets {
  readonly connections: ConnectionBudget
  readonly weight: WeightBudget
}

/**
 * Binance's live market data: sockets → queue → steps, and beside them a loop that asks by REST for what is missing.
 * Sockets open at the first `next`.
 */
export class BinanceFeed implements Feed {
  readonly name = 'binance'
  readonly venues: readonly string[]
  readonly #settings: BinanceSettings
  readonly #ledger: GapLedger
  readonly #sockets: SocketSet
  readonly #catchUp: CatchUp
  readonly #doubts: SocketDoubts
  readonly #steps: BinanceSteps
  readonly #run: FeedRun

  /** @throws FinPulseError config-invalid */
  constructor(options: BinanceOptions, context: BinanceFeedContext) {
    const settings = binanceSettings(options)
    const { clock, seed, logger = silentLogger } = context
    const { market, tradeStream, symbols, facts, limits } = settings
    const { name } = this
    const connections = context.budgets?.connections ?? new ConnectionBudget(limits.attemptsPerFiveMinutes)
    const weight = context.budgets?.weight ?? new WeightBudget(limits.weightPerMinute)
    const ledger = new GapLedger(limits)
    const instruments = new InstrumentTable()
    const identity = { feed: name, market, tradeStream }
    const position = new FeedPosition({ identity, venue: facts.venue, symbols }, ledger, instruments)
    const known = context.position === undefined ? [] : position.restore(context.position)
    const wake = new Wake()
    const parts = { name, clock, logger, limits, ledger, wake }
    const plans = planSockets(settings)
    const sockets = new SocketSet({
      ...parts,
      plans,
      seed,
      budget: connections,
      announcesEnd: announcesShutdown,
      onLost: (plan) => this.#catchUp.lost(plan),
      onFollowing: (plan) => this.#catchUp.following(plan),
      onDoubt: (plan) => this.#doubts.raise(plan, this.#steps.heard),
      takesAside: (frame) => {
        this.#catchUp.see(frame)
        return false
      },
    })
    const base = `${settings.restUrl}${facts.restPath}`
    const rest = new RestClient(settings, new RestRequests({ base, clock, budget: weight, limits }))
    const past = new BinancePastTrades(settings, rest)
    const findMissed = async (signal: AbortSignal) => {
      await this.#doubts.settle(signal)
      return this.#catchUp.findMissed(signal)
    }
    const repair = new RepairLoop({ ...parts, random: new Random(seed), past, findMissed })
    const { queue } = sockets
    const randomOf = (use: number) => new Random(seed, plans.length + use)
    const shared = { ...parts, settings, queue, repair, skew: new ClockSkew() }
    const catchUp = new CatchUp({ ...shared, rest, random: randomOf(1) }, known)
    const waitMs = () => rest.waitMs(rest.newestWeight)
    const newestId = async (symbol: string, signal: AbortSignal) => {
      const answer = await rest.newest(symbol, 1, signal)
      return 'rows' in answer ? (marksOf(answer.rows, tradeStream).at(-1)?.id ?? -1) : answer
    }
    const doubts = new SocketDoubts({ ...shared, random: randomOf(2), waitMs, newestId }, () => sockets)
    const steps = new BinanceSteps({ ...shared, instruments, catchUp, position })
    this.#settings = settings
    this.venues = [facts.venue]
    this.#ledger = ledger
    this.#sockets = sockets
    this.#catchUp = catchUp
    this.#doubts = doubts
    this.#steps = steps
    this.#run = new FeedRun({
      ...parts,
      sockets,
      repair,
      steps,
      onCheck: () => doubts.check(),
      runRepairs: (signal) => repair.run(signal),
      isFollowing: () => sockets.areAllOpen && !catchUp.isUnderWay && !doubts.isUnderWay,
    })
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
    const { venue } = this.#settings.facts
    return this.#run.status({ venue, state: this.#state(), lastError: this.#run.failureText })
  }

  #state(): FeedStatus['state'] {
    if (this.#sockets.openCount === 0) return 'connecting'
    if (!this.#sockets.areAllOpen) return 'degraded'
    if (this.#catchUp.isUnderWay || this.#doubts.isUnderWay) return 'catching-up'
    return this.#ledger.hasMissing ? 'degraded' : 'running'
  }

  close(): Promise<void> {
    return this.#run.close()
  }
}
