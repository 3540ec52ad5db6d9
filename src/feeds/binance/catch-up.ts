import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { Backoff } from '../streaming/backoff.ts'
import type { ClockSkew } from '../streaming/clock-skew.ts'
import type { SocketPlan } from '../streaming/feed-line.ts'
import type { Frame, FrameQueue } from '../streaming/frame-queue.ts'
import type { GapLedger, StreamGap } from '../streaming/gap-ledger.ts'
import type { RepairLoop, RequestFailure } from '../streaming/repair-loop.ts'
import { momentMs } from '../streaming/socket-doubts.ts'
import type { Wake } from '../streaming/wake.ts'
import type { BinanceSettings } from './binance-options.ts'
import { FrameReader } from './frame-reader.ts'
import { MissedQuestions, type Question } from './missed-questions.ts'
import type { RestClient } from './rest-client.ts'
import type { RestRow } from './rest-requests.ts'
import { lastTradeIdsOf, marksOf, type TradeMark } from './trade-mark.ts'

export interface CatchUpOptions {
  readonly settings: BinanceSettings
  readonly clock: Clock
  readonly ledger: GapLedger
  readonly queue: FrameQueue
  readonly rest: RestClient
  /** The venue's clock against ours. */
  readonly skew: ClockSkew
  readonly random: Random
  readonly repair: RepairLoop<RestRow>
  /** Rung when more is known of a symbol. */
  readonly wake: Wake
}

const IDLE_MS = 1000
const MANY_ATTEMPTS_MAX_COUNT = 3
/** How wrong the venue's time may be. A trade of shortly before the start does no harm. */
const CLOCK_MARGIN_US = 5_000_000

/**
 * Finds out what came of each symbol while nothing followed it, since the start before or since a socket was lost, so
 * that the repairs ask for it: a symbol that is quiet afterwards would not show it by itself.
 *
 * Most symbols have traded nothing meanwhile, so first `ticker/24hr` is asked, which tells the last trade of many at
 * once; only of the others more is asked. What REST tells of may have been traded since the socket opened: what the
 * socket brings by itself was not missed, so it gets a moment for that.
 */
export class CatchUp {
  readonly #options: CatchUpOptions
  readonly #backoff: Backoff
  readonly #reader: FrameReader
  readonly #questions: MissedQuestions
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
    this.#questions = new MissedQuestions(settings)
    this.#holdEndUs = clock.nowUs() + catchUpMaxMs * 1000
    for (const symbol of symbols) this.#questions.raise(symbol)
  }

  /** True until all that was missed is known, and repaired or given up. */
  get isUnderWay(): boolean {
    return this.#questions.count > 0 || this.#gaps.some((gap) => gap.remainingCount > 0)
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
    const nowUs = this.#options.clock.nowUs()
    // The time to wait is counted once for all that fails together, so that a line that comes and goes stops no other.
    if (!this.isUnderWay) {
      this.#holdEndUs = nowUs + this.#options.settings.limits.catchUpMaxMs * 1000
      this.#hasFollowed = false
      this.#gaps = []
    }
    this.#lostUs = nowUs
    for (const symbol of this.#tradedIn(plan)) this.#questions.raise(symbol)
  }

  /** From now on the trades of these streams come again. */
  following(plan: SocketPlan): void {
    const { clock, repair, settings } = this.#options
    const { catchUpMaxMs, tickerLagMs } = settings.limits
    const nowUs = clock.nowUs()
    if (!this.#hasFollowed) this.#holdEndUs = nowUs + catchUpMaxMs * 1000
    this.#hasFollowed = true
    for (const symbol of this.#tradedIn(plan)) {
      if (!this.#followedUs.has(symbol)) this.#followedUs.set(symbol, nowUs)
      // What is asked earlier may tell of a time at which nothing followed the symbol.
      const question = this.#questions.of(symbol)
      if (question !== undefined) question.dueUs = nowUs + tickerLagMs * 1000
    }
    repair.wake()
  }

  #tradedIn({ streams, symbols }: SocketPlan): string[] {
    const names = new Set(streams)
    return symbols.filter((symbol) => names.has(`${symbol.toLowerCase()}@${this.#options.settings.tradeStream}`))
  }

  /** Sees each frame as it comes, before it waits: a trade answers what would be asked of its symbol. */
  see({ bytes, receivedTimeUs }: Frame): void {
    if (this.#questions.count === 0) return
    const { ledger, repair } = this.#options
    const read = this.#reader.read(bytes, receivedTimeUs)
    if (read.kind !== 'trade' && read.kind !== 'empty-trade') return
    const { symbol } = read.instrument
    const question = this.#questions.of(symbol)
    if (question === undefined || question.dueUs === Number.POSITIVE_INFINITY || question.seen) return
    const { streamId: id, trade } = this.#reader
    // A trade that is known already tells nothing of what came after it.
    if (id < ledger.nextIdOf(symbol)) return
    question.seen = { id, timeUs: read.kind === 'trade' ? trade.eventTimeUs : receivedTimeUs, lastTradeId: -1 }
    repair.wake()
  }

  /**
   * Finds out what each symbol has traded that has not shown it by itself. Repairs wait for all answers, so that they
   * begin with what is oldest, unless the feed has gone on already.
   * @returns how long they wait, ms
   */
  async findMissed(signal: AbortSignal): Promise<number> {
    const { clock, rest } = this.#options
    while (this.#areOldFramesTaken) {
      const nowUs = clock.nowUs()
      this.#takeShown(nowUs)
      const next = this.#questions.next(nowUs)
      if (next === undefined) return 0
      const isMany = next.kind === 'many'
      const budgetMs = next.kind === 'none' ? 0 : rest.waitMs(isMany ? rest.tickersWeight : rest.newestWeight)
      const waitMs = Math.max((next.dueUs - nowUs) / 1000, budgetMs)
      if (waitMs > 0) return this.#mayHold ? Math.min(IDLE_MS, waitMs) : 0
      await (isMany ? this.#askMany(next.questions, signal) : this.#ask(next.questions[0]!, signal))
      if (!this.#mayHold) return 0
    }
    return 0
  }

  #isKnown(symbol: string): boolean {
    return this.#options.ledger.nextIdOf(symbol) >= 0
  }

  /** Takes what the sockets have shown, and what REST has told where the socket did not within its moment. */
  #takeShown(nowUs: number): void {
    for (const { symbol, seen, told, dueUs } of this.#questions.all()) {
      // A symbol's very first trade does not tell how many were missed before it.
      if (seen !== undefined && this.#isKnown(symbol)) this.#answer(symbol, { ...seen, id: seen.id - 1 })
      else if (told !== undefined && dueUs <= nowUs) this.#answer(symbol, told)
    }
  }

  async #askMany(questions: readonly Question[], signal: AbortSignal): Promise<void> {
    const { rest, repair } = this.#options
    repair.noteRequest()
    const answer = await rest.tickers(
      questions.map(({ symbol }) => symbol),
      signal,
    )
    const open = questions.filter((question) => this.#questions.of(question.symbol) === question)
    if ('rows' in answer) {
      this.#backoff.reset()
      const lastIds = lastTradeIdsOf(answer.rows)
      for (const question of open) this.#compare(question, lastIds.get(question.symbol))
      this.#options.wake.ring()
    } else {
      this.#fail(open, 'ticker/24hr', { ...answer, isFinal: false })
      for (const question of open) {
        // One that the venue does not know makes it refuse them all; and not every server may know of tickers.
        question.isAlone = answer.isFinal || question.attemptCount >= MANY_ATTEMPTS_MAX_COUNT
      }
    }
  }

  /** A symbol whose last trade is the one that is known has missed nothing; the others are asked about one by one. */
  #compare(question: Question, lastId: number | undefined): void {
    const { ledger, settings } = this.#options
    const { symbol } = question
    const knownId = settings.tradeStream === 'trade' ? ledger.nextIdOf(symbol) - 1 : ledger.lastTradeIdOf(symbol)
    if (knownId >= 0 && lastId === knownId) this.#questions.delete(symbol)
    else question.isAlone = true
  }

  async #ask(question: Question, signal: AbortSignal): Promise<void> {
    const { rest, repair, settings } = this.#options
    const { symbol } = question
    repair.noteRequest()
    const answer = await rest.newest(symbol, this.#isKnown(symbol) ? 1 : rest.pageMaxCount, signal)
    // Lost again meanwhile, and more may be missed.
    if (this.#questions.of(symbol) !== question) return
    if ('rows' in answer) {
      this.#backoff.reset()
      const marks = marksOf(answer.rows, settings.tradeStream)
      if (!this.#isKnown(symbol)) this.#begin(question, marks)
      const newest = marks.at(-1)
      if (newest === undefined || newest.id < this.#options.ledger.nextIdOf(symbol)) this.#questions.delete(symbol)
      else this.#tell(question, newest)
      this.#options.wake.ring()
    } else this.#fail([question], symbol, answer)
  }

  /** REST knows trades that did not come: what the socket brings of them by itself comes within a moment. */
  #tell(question: Question, mark: TradeMark): void {
    const { clock, settings } = this.#options
    question.told = mark
    question.dueUs = clock.nowUs() + momentMs(settings.limits) * 1000
  }

  /**
   * A symbol that has not traded since the start begins with its first trade after that, by the venue's clock; where
   * there is none yet, with the one after its newest.
   */
  #begin({ symbol, seen }: Question, marks: readonly TradeMark[]): void {
    const { ledger, skew } = this.#options
    const followedUs = this.#followedUs.get(symbol) ?? Number.POSITIVE_INFINITY
    const sinceUs = followedUs + (skew.aheadMs ?? 0) * 1000 - CLOCK_MARGIN_US
    const first = marks.find(({ timeUs }) => timeUs >= sinceUs)
    const newest = marks.at(-1)
    if (newest === undefined) return
    ledger.begin(symbol, first?.id ?? Math.min(newest.id + 1, seen?.id ?? Number.POSITIVE_INFINITY))
    if (first === undefined) ledger.noteLastTrade(symbol, newest.lastTradeId)
  }

  /** Where it cannot be found out, the symbol's next trade tells. */
  #fail(questions: readonly Question[], what: string, { reason, retryAfterMs, isFinal }: RequestFailure): void {
    const { clock, repair, settings, wake } = this.#options
    repair.noteError(what, reason)
    const dueUs = clock.nowUs() + Math.max(this.#backoff.nextDelayMs(), retryAfterMs ?? 0) * 1000
    for (const question of questions) {
      // To be told to wait is no failure of the request.
      if (retryAfterMs === undefined) question.attemptCount += 1
      question.dueUs = dueUs
      const isGivenUp = isFinal || question.attemptCount >= settings.limits.repairAttemptsMaxCount
      if (isGivenUp) this.#questions.delete(question.symbol)
    }
    wake.ring()
  }

  /** Everything up to this trade has been traded. */
  #answer(symbol: string, { id, timeUs, lastTradeId }: TradeMark): void {
    const { ledger, wake } = this.#options
    this.#questions.delete(symbol)
    const nextId = ledger.nextIdOf(symbol)
    if (nextId >= 0 && id >= nextId) {
      this.#gaps.push(ledger.miss(symbol, id, timeUs))
      if (lastTradeId >= 0) ledger.noteLastTrade(symbol, lastTradeId)
    }
    wake.ring()
  }
}
