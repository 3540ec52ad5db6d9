import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { Backoff } from '../streaming/backoff.ts'
import type { ClockSkew } from '../streaming/clock-skew.ts'
import type { SocketPlan } from '../streaming/feed-line.ts'
import type { Frame, FrameQueue } from '../streaming/frame-queue.ts'
import type { GapLedger, StreamGap } from '../streaming/gap-ledger.ts'
import type { HeardSymbols } from '../streaming/heard-symbols.ts'
import type { RepairLoop, RequestFailure } from '../streaming/repair-loop.ts'
import type { Wake } from '../streaming/wake.ts'
import type { BinanceSettings } from './binance-options.ts'
import { FrameReader } from './frame-reader.ts'
import type { RestClient, RestRow } from './rest-client.ts'
import { marksOf, type TradeMark } from './trade-mark.ts'
import type { WeightBudget } from './weight-budget.ts'

export interface CatchUpOptions {
  readonly settings: BinanceSettings
  readonly clock: Clock
  readonly ledger: GapLedger
  readonly queue: FrameQueue
  readonly rest: RestClient
  /** The venue's clock against ours. */
  readonly skew: ClockSkew
  readonly random: Random
  readonly budget: WeightBudget
  readonly repair: RepairLoop<RestRow>
  /** Rung when more is known of a symbol. */
  readonly wake: Wake
  /** The socket does not bring what is traded. */
  readonly onDead: (plan: SocketPlan) => void
}

/** What came of a symbol while nothing followed it? */
interface Question {
  readonly symbol: string
  /** Not to be asked before; Infinity while nothing follows the symbol, since more may be missed yet. */
  dueUs: number
  /** The first trade that came since by itself, if any: then nobody needs to be asked. */
  seen: TradeMark | undefined
  attemptCount: number
  /** Present where a socket that is open is in doubt. */
  readonly doubt: Doubt | undefined
}

interface Doubt {
  readonly plan: SocketPlan
  /** Whether it was behind the venue when that was asked before. */
  isBehind: boolean
}

const IDLE_MS = 1000
/** Share of the silence that is allowed: what is on its way comes within it. */
const MOMENT_SHARE = 1 / 30
/** How wrong the venue's time may be. A trade of shortly before the start does no harm. */
const CLOCK_MARGIN_US = 5_000_000
const NO_TRADE: TradeMark = { id: -1, timeUs: 0 }

/**
 * Finds out what came of each symbol while nothing followed it, since the start before or since a socket was lost, so
 * that the repairs ask for it: a symbol that is quiet afterwards would not show it by itself.
 */
export class CatchUp {
  readonly #options: CatchUpOptions
  readonly #backoff: Backoff
  readonly #reader: FrameReader
  readonly #questions = new Map<string, Question>()
  /** When the trades of each symbol came for the first time since the start. */
  readonly #followedUs = new Map<string, number>()
  #gaps: StreamGap[] = []
  /** When a socket was lost last: the ledger knows what came before once the frames of before are taken. */
  #lostUs = -1
  #hasFollowed = false
  #holdEndUs: number

  /** @param symbols that were followed before this start */
  constructor(options: CatchUpOptions, symbols: readonly string[]) {
    this.#options = options
    const { clock, random, settings } = options
    const { backoffFirstMs, backoffMaxMs, catchUpMaxMs } = settings.limits
    this.#backoff = new Backoff({ firstMs: backoffFirstMs, maxMs: backoffMaxMs }, random)
    this.#reader = new FrameReader(settings)
    this.#holdEndUs = clock.nowUs() + catchUpMaxMs * 1000
    for (const symbol of symbols) this.#raise(symbol)
  }

  #raise(symbol: string, dueUs = Number.POSITIVE_INFINITY, doubt?: Doubt): void {
    this.#questions.set(symbol, { symbol, dueUs, seen: undefined, attemptCount: 0, doubt })
  }

  /** True until all that was missed is known, and repaired or given up. */
  get isUnderWay(): boolean {
    return this.#questions.size > 0 || this.#gaps.some((gap) => gap.remainingCount > 0)
  }

  /** True while what came since waits for what was missed. */
  get isHolding(): boolean {
    return this.isUnderWay && this.#mayHold && this.#areOldFramesTaken
  }

  get #mayHold(): boolean {
    return this.#options.clock.nowUs() < this.#holdEndUs
  }

  get #areOldFramesTaken(): boolean {
    const frame = this.#options.queue.peek()
    return frame === undefined || frame.receivedTimeUs > this.#lostUs
  }

  /** Nothing brings the trades of these streams any more. */
  lost(plan: SocketPlan): void {
    this.#begin(this.#options.clock.nowUs())
    for (const symbol of this.#tradedIn(plan)) this.#raise(symbol)
  }

  /**
   * A socket that lives has brought nothing for longer than usual: where the venue has newer trades of its symbol that
   * spoke last, and they do not come within a moment, it is dead.
   */
  doubted(plan: SocketPlan, heard: HeardSymbols): void {
    const { clock, repair } = this.#options
    const known = this.#tradedIn(plan).filter((each) => this.#isKnown(each))
    const symbol = heard.latestAmong(known)
    if (symbol === undefined || this.#questions.has(symbol)) return
    const nowUs = clock.nowUs()
    this.#begin(nowUs)
    this.#raise(symbol, nowUs, { plan, isBehind: false })
    repair.wake()
  }

  #begin(nowUs: number): void {
    // The time to wait is counted once for all that fails together, so that a line that comes and goes stops no other.
    if (!this.isUnderWay) {
      this.#holdEndUs = nowUs + this.#options.settings.limits.catchUpMaxMs * 1000
      this.#hasFollowed = false
      this.#gaps = []
    }
    this.#lostUs = nowUs
  }

  /** From now on the trades of these streams come again. */
  following(plan: SocketPlan): void {
    const { clock, repair, settings } = this.#options
    const nowUs = clock.nowUs()
    if (!this.#hasFollowed) this.#holdEndUs = nowUs + settings.limits.catchUpMaxMs * 1000
    this.#hasFollowed = true
    for (const symbol of this.#tradedIn(plan)) {
      if (!this.#followedUs.has(symbol)) this.#followedUs.set(symbol, nowUs)
      const question = this.#questions.get(symbol)
      if (question !== undefined) question.dueUs = nowUs
    }
    repair.wake()
  }

  #tradedIn({ streams, symbols }: SocketPlan): string[] {
    const names = new Set(streams)
    return symbols.filter((symbol) => names.has(`${symbol.toLowerCase()}@${this.#options.settings.tradeStream}`))
  }

  /** Sees each frame as it comes, before it waits: a trade answers what would be asked of its symbol. */
  see({ bytes, receivedTimeUs }: Frame): void {
    if (this.#questions.size === 0) return
    const { ledger, repair } = this.#options
    const read = this.#reader.read(bytes, receivedTimeUs)
    if (read.kind !== 'trade' && read.kind !== 'empty-trade') return
    const { symbol } = read.instrument
    const question = this.#questions.get(symbol)
    if (question === undefined || question.dueUs === Number.POSITIVE_INFINITY || question.seen) return
    const { streamId: id, trade } = this.#reader
    // A trade that is known already tells nothing of what came after it.
    if (id < ledger.nextIdOf(symbol)) return
    question.seen = { id, timeUs: read.kind === 'trade' ? trade.eventTimeUs : receivedTimeUs }
    repair.wake()
  }

  /**
   * Asks for the newest trade of each symbol that has not shown one. Repairs wait for all answers, so that they begin
   * with what is oldest, unless the feed has gone on already.
   * @returns how long they wait, ms
   */
  async findMissed(signal: AbortSignal): Promise<number> {
    const { clock, rest, budget } = this.#options
    while (this.#areOldFramesTaken) {
      this.#takeSeen()
      if (this.#questions.size === 0) return 0
      const nowUs = clock.nowUs()
      const next = [...this.#questions.values()].reduce((first, other) => (other.dueUs < first.dueUs ? other : first))
      const waitMs = Math.max((next.dueUs - nowUs) / 1000, budget.waitMs(rest.newestWeight, nowUs))
      if (waitMs > 0) return this.#mayHold ? Math.min(IDLE_MS, waitMs) : 0
      await this.#ask(next, signal)
      if (!this.#mayHold) return 0
    }
    return 0
  }

  #isKnown(symbol: string): boolean {
    return this.#options.ledger.nextIdOf(symbol) >= 0
  }

  #takeSeen(): void {
    for (const { symbol, seen } of [...this.#questions.values()]) {
      // A symbol's very first trade does not tell how many were missed before it.
      if (seen !== undefined && this.#isKnown(symbol)) this.#answer(symbol, seen.id - 1, seen.timeUs)
    }
  }

  async #ask(question: Question, signal: AbortSignal): Promise<void> {
    const { rest, repair, ledger, settings } = this.#options
    const { symbol } = question
    repair.noteRequest()
    const answer = await rest.newest(symbol, this.#isKnown(symbol) ? 1 : rest.pageMaxCount, signal)
    // Lost again meanwhile, and more may be missed; or its own trades have told.
    if (this.#questions.get(symbol) !== question) return
    if (question.seen !== undefined && this.#isKnown(symbol)) return
    if ('rows' in answer) {
      this.#backoff.reset()
      const marks = marksOf(answer.rows, settings.tradeStream)
      if (!this.#isKnown(symbol)) this.#beginAt(symbol, marks)
      const { id, timeUs } = marks.at(-1) ?? NO_TRADE
      if (question.doubt !== undefined && id >= ledger.nextIdOf(symbol)) this.#findBehind(question, question.doubt)
      else this.#answer(symbol, id, timeUs)
    } else this.#fail(question, answer)
  }

  /** A symbol that has not traded since the start begins with its first trade after that, by the venue's clock. */
  #beginAt(symbol: string, marks: readonly TradeMark[]): void {
    const { ledger, skew } = this.#options
    const followedUs = this.#followedUs.get(symbol) ?? Number.POSITIVE_INFINITY
    const sinceUs = followedUs + (skew.aheadMs ?? 0) * 1000 - CLOCK_MARGIN_US
    const first = marks.find(({ timeUs }) => timeUs >= sinceUs)
    if (first !== undefined) ledger.begin(symbol, first.id)
  }

  /** What is on its way still comes within a moment. */
  #findBehind(question: Question, doubt: Doubt): void {
    const { clock, settings, onDead } = this.#options
    if (doubt.isBehind) {
      onDead(doubt.plan)
      return
    }
    doubt.isBehind = true
    question.dueUs = clock.nowUs() + settings.limits.silenceMaxMs * 1000 * MOMENT_SHARE
  }

  /** Where it cannot be found out, the symbol's next trade tells. */
  #fail(question: Question, { reason, retryAfterMs, isFinal }: RequestFailure): void {
    const { clock, repair, settings, wake } = this.#options
    repair.noteError(question.symbol, reason)
    // To be told to wait is no failure of the request.
    if (retryAfterMs === undefined) question.attemptCount += 1
    question.dueUs = clock.nowUs() + Math.max(this.#backoff.nextDelayMs(), retryAfterMs ?? 0) * 1000
    if (!isFinal && question.attemptCount < settings.limits.repairAttemptsMaxCount) return
    this.#questions.delete(question.symbol)
    wake.ring()
  }

  /** Everything up to this id has been traded. */
  #answer(symbol: string, newestId: number, timeUs: number): void {
    const { ledger, wake } = this.#options
    this.#questions.delete(symbol)
    const nextId = ledger.nextIdOf(symbol)
    if (nextId >= 0 && newestId >= nextId) this.#gaps.push(ledger.miss(symbol, newestId, timeUs))
    wake.ring()
  }
}
