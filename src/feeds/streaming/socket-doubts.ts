import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { Backoff } from './backoff.ts'
import type { SocketPlan } from './feed-line.ts'
import type { GapLedger } from './gap-ledger.ts'
import type { HeardSymbols } from './heard-symbols.ts'
import type { RepairLoop, RequestFailure } from './repair-loop.ts'
import type { SocketSet } from './socket-set.ts'
import type { StreamingLimits } from './streaming-limits.ts'

export interface SocketDoubtsOptions {
  readonly clock: Clock
  readonly limits: Pick<StreamingLimits, 'silenceMaxMs' | 'repairAttemptsMaxCount' | 'backoffFirstMs' | 'backoffMaxMs'>
  readonly random: Random
  readonly ledger: GapLedger
  readonly repair: Pick<RepairLoop<unknown>, 'noteRequest' | 'noteError' | 'wake'>
  /** Time until the venue may be asked, ms; 0: now. */
  readonly waitMs: () => number
  /** Id in its stream of the newest trade that the venue has, -1 for none. Rejects only with the signal's reason. */
  readonly newestId: (symbol: string, signal: AbortSignal) => Promise<number | RequestFailure>
}

interface Doubt {
  readonly plan: SocketPlan
  /** The one that spoke last. */
  readonly symbol: string
  readonly sinceUs: number
  dueUs: number
  attemptCount: number
  /** Whether the socket was behind the venue when that was asked before. */
  isBehind: boolean
}

/** Share of the silence that is allowed: what is on its way comes within it. */
const MOMENT_SHARE = 1 / 30

/** What is on its way between the venue and us comes within this time, ms. */
export function momentMs({ silenceMaxMs }: Pick<StreamingLimits, 'silenceMaxMs'>): number {
  return silenceMaxMs * MOMENT_SHARE
}

/**
 * Sockets that live and bring nothing for longer than usual. The venue is asked for the newest trade of the symbol that
 * spoke last: where it is not known here, and the socket brings nothing within a moment either, the socket is dead.
 */
export class SocketDoubts {
  readonly #options: SocketDoubtsOptions
  readonly #sockets: () => SocketSet
  readonly #backoff: Backoff
  readonly #doubts = new Map<number, Doubt>()

  constructor(options: SocketDoubtsOptions, sockets: () => SocketSet) {
    this.#options = options
    this.#sockets = sockets
    const { backoffFirstMs: firstMs, backoffMaxMs: maxMs } = options.limits
    this.#backoff = new Backoff({ firstMs, maxMs }, options.random)
  }

  /** Whether a socket is in doubt: what it should have brought may be missing. */
  get isUnderWay(): boolean {
    return [...this.#doubts.values()].some((doubt) => this.#stands(doubt))
  }

  /** A socket that has brought something since, or was lost, is in doubt no more. */
  #stands({ plan, sinceUs }: Doubt): boolean {
    const { isOpen, broughtUs } = this.#sockets().lines[plan.index]!
    return isOpen && broughtUs <= sinceUs
  }

  raise(plan: SocketPlan, heard: HeardSymbols): void {
    const { clock, ledger, repair } = this.#options
    const symbol = heard.latestAmong(plan.symbols.filter((each) => ledger.nextIdOf(each) >= 0))
    if (symbol === undefined || this.#doubts.has(plan.index)) return
    const nowUs = clock.nowUs()
    this.#doubts.set(plan.index, { plan, symbol, sinceUs: nowUs, dueUs: nowUs, attemptCount: 0, isBehind: false })
    repair.wake()
  }

  /** Lets `settle` be called where something is due. To be called often. */
  check(): void {
    if (this.#due() !== undefined) this.#options.repair.wake()
  }

  /** Asks all that is due and may be asked. */
  async settle(signal: AbortSignal): Promise<void> {
    for (let doubt = this.#due(); doubt !== undefined; doubt = this.#due()) await this.#ask(doubt, signal)
  }

  #due(): Doubt | undefined {
    const nowUs = this.#options.clock.nowUs()
    for (const doubt of this.#doubts.values()) if (!this.#stands(doubt)) this.#doubts.delete(doubt.plan.index)
    if (this.#doubts.size === 0 || this.#options.waitMs() > 0) return undefined
    // What had come before the silence, the ledger must know.
    const frame = this.#sockets().queue.peek()
    const areTaken = ({ sinceUs }: Doubt) => frame === undefined || frame.receivedTimeUs > sinceUs
    return [...this.#doubts.values()].find((doubt) => doubt.dueUs <= nowUs && areTaken(doubt))
  }

  async #ask(doubt: Doubt, signal: AbortSignal): Promise<void> {
    const { clock, ledger, limits, newestId, repair } = this.#options
    repair.noteRequest()
    const answer = await newestId(doubt.symbol, signal)
    if (typeof answer !== 'number') this.#fail(doubt, answer)
    else if (answer < ledger.nextIdOf(doubt.symbol)) this.#doubts.delete(doubt.plan.index)
    else if (!doubt.isBehind) {
      doubt.isBehind = true
      doubt.dueUs = clock.nowUs() + momentMs(limits) * 1000
    } else {
      this.#doubts.delete(doubt.plan.index)
      if (this.#stands(doubt)) this.#sockets().lines[doubt.plan.index]!.drop('brings nothing although there are trades')
    }
  }

  /** Where it cannot be found out, a longer silence will be doubted again. */
  #fail(doubt: Doubt, { reason, retryAfterMs, isFinal }: RequestFailure): void {
    const { clock, limits, repair } = this.#options
    repair.noteError(doubt.symbol, reason)
    // To be told to wait is no failure of the request.
    if (retryAfterMs === undefined) doubt.attemptCount += 1
    doubt.dueUs = clock.nowUs() + Math.max(this.#backoff.nextDelayMs(), retryAfterMs ?? 0) * 1000
    if (isFinal || doubt.attemptCount >= limits.repairAttemptsMaxCount) this.#doubts.delete(doubt.plan.index)
  }
}
