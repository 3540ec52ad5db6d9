import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { Backoff } from './backoff.ts'
import type { GapLedger, RepairRequest } from './gap-ledger.ts'
import type { StreamingLimits } from './streaming-limits.ts'
import { Wake } from './wake.ts'

/** Rows of a repair, in the order of their ids. */
export interface RepairPage<Row> {
  readonly request: RepairRequest
  readonly rows: readonly Row[]
  /** What is missing up to here and not among the rows the venue may not have. */
  readonly throughId: number
  readonly receivedTimeUs: number
}

/** Why a request brought nothing. */
export interface RequestFailure {
  readonly reason: string
  /** Present where the venue said when to come back. */
  readonly retryAfterMs?: number
  /** True where the same request will fail again. */
  readonly isFinal: boolean
}

/** `unfinished`: nothing new yet, but a further request goes on where this one ended. */
export type RepairAnswer<Row> = Pick<RepairPage<Row>, 'rows' | 'throughId'> | RequestFailure | 'unfinished'

/** Asks a venue, in its way and at its pace, for trades that it has sent before. */
export interface PastTrades<Row> {
  /** Time until the next request may go out, ms; 0: now. */
  waitMs(nowUs: number): number
  /** Rows from the first of the ids on, none that are not asked for. Rejects only with the signal's reason. */
  ask(request: RepairRequest, signal: AbortSignal): Promise<RepairAnswer<Row>>
}

export interface RepairLoopOptions<Row> {
  /** Of the feed, for the log. */
  readonly name: string
  readonly limits: Pick<StreamingLimits, 'backoffFirstMs' | 'backoffMaxMs' | 'repairAttemptsMaxCount'>
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly ledger: GapLedger
  readonly past: PastTrades<Row>
  /** Rung when a page is there, or a request has failed. */
  readonly wake: Wake
  /**
   * Finds out what else is missing, for feeds that ask: what is older is to be repaired first.
   * @returns how long repairs wait for that, ms
   */
  readonly findMissed?: (signal: AbortSignal) => Promise<number>
}

const IDLE_MS = 1000
/** Pages that wait to be taken, one a symbol. */
export const PAGES_MAX_COUNT = 64

/**
 * Asks the venue for what the ledger misses, a page of each symbol at a time: its next one is asked for once the last
 * was taken.
 */
export class RepairLoop<Row> {
  readonly #options: RepairLoopOptions<Row>
  readonly #backoff: Backoff
  /** Rung when there may be something to ask for. */
  readonly #due = new Wake()
  readonly #pages = new Map<string, RepairPage<Row>>()
  #lastError: string | null = null
  #requestCount = 0

  constructor(options: RepairLoopOptions<Row>) {
    this.#options = options
    const { backoffFirstMs, backoffMaxMs } = options.limits
    this.#backoff = new Backoff({ firstMs: backoffFirstMs, maxMs: backoffMaxMs }, options.random)
  }

  get lastError(): string | null {
    return this.#lastError
  }

  get requestCount(): number {
    return this.#requestCount
  }

  /** Those that wait to be taken, by symbol. */
  get pages(): ReadonlyMap<string, RepairPage<Row>> {
    return this.#pages
  }

  /** The page of a symbol was taken, and the ledger knows it. */
  taken(symbol: string): void {
    this.#pages.delete(symbol)
    this.wake()
  }

  /** To be called when the ledger has changed. */
  wake(): void {
    this.#due.ring()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { findMissed } = this.#options
    while (!signal.aborted) {
      const findMs = findMissed === undefined ? 0 : await findMissed(signal)
      const waitMs = findMs > 0 ? findMs : await this.#step(signal)
      if (waitMs > 0) await this.#due.wait(this.#options.clock, waitMs, signal)
    }
  }

  /** @returns how long to wait before the next step, ms */
  async #step(signal: AbortSignal): Promise<number> {
    const { clock, ledger, past } = this.#options
    if (this.#pages.size >= PAGES_MAX_COUNT) return IDLE_MS
    const nowUs = clock.nowUs()
    const request = ledger.nextRequest(nowUs, (symbol) => this.#pages.has(symbol))
    if (request === undefined) return Math.min(IDLE_MS, Math.max(1, (ledger.nextDueUs - nowUs) / 1000))
    const waitMs = past.waitMs(nowUs)
    if (waitMs === 0) await this.#ask(request, signal)
    return waitMs
  }

  async #ask(request: RepairRequest, signal: AbortSignal): Promise<void> {
    const { past, clock, wake } = this.#options
    this.noteRequest()
    const answer = await past.ask(request, signal)
    if (answer === 'unfinished') return
    if ('rows' in answer) {
      this.#backoff.reset()
      const { rows, throughId } = answer
      this.#pages.set(request.symbol, { request, rows, throughId, receivedTimeUs: clock.nowUs() })
    } else this.#fail(request, answer)
    wake.ring()
  }

  #fail(request: RepairRequest, { reason, retryAfterMs, isFinal }: RequestFailure): void {
    const { ledger, clock, limits } = this.#options
    this.noteError(request.symbol, reason)
    const delayMs = Math.max(this.#backoff.nextDelayMs(), retryAfterMs ?? 0)
    // To be told to wait is no failure of the request.
    const attemptCount = retryAfterMs === undefined ? 1 : 0
    ledger.noteFailed(request, clock.nowUs() + delayMs * 1000, isFinal ? limits.repairAttemptsMaxCount : attemptCount)
  }

  /** Counts a request: those of the loop, and what the feed asks besides. */
  noteRequest(): void {
    this.#requestCount += 1
  }

  /** As `noteRequest`. */
  noteError(symbol: string, reason: string): void {
    const { logger, name } = this.#options
    this.#lastError = `${symbol}: ${reason}`
    logger.warn({ symbol, reason }, `${name} feed: a back-fill request failed`)
  }
}
