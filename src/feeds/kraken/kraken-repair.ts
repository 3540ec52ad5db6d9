import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { Backoff } from '../streaming/backoff.ts'
import type { GapLedger, RepairRequest } from '../streaming/gap-ledger.ts'
import { Wake } from '../streaming/wake.ts'
import { textOf } from './kraken-message.ts'
import { type KrakenSettings, PAGE_MAX_COUNT } from './kraken-options.ts'
import type { KrakenRest, RestAnswer, RestRow } from './kraken-rest.ts'
import { tradeIdOf } from './market-from-kraken.ts'
import type { RequestPace } from './request-pace.ts'

/** Rows of a repair, to be taken into a step as a whole. */
export interface RepairPage {
  readonly request: RepairRequest
  readonly rows: readonly RestRow[]
  /** What is missing up to here and not among the rows is not at the venue. */
  readonly throughId: number
  readonly receivedTimeUs: number
}

export interface KrakenRepairOptions {
  readonly settings: KrakenSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly ledger: GapLedger
  readonly rest: KrakenRest
  readonly pace: RequestPace
  /** Called when a page is there, or ids were given up. */
  readonly onProgress: () => void
}

const IDLE_MS = 1000

/**
 * Asks the venue for what the ledger misses, one page at a time. The venue is asked by time, not by id: from just before
 * the last trade that is known. Where a page holds only what is known, the next one goes on where it ended.
 */
export class KrakenRepair {
  readonly #options: KrakenRepairOptions
  readonly #backoff: Backoff
  readonly #wake = new Wake()
  #page: RepairPage | undefined
  /** Where to go on for these ids, ns, and how often that was so in a row. */
  #cursor: { readonly fromId: number; readonly symbol: string; readonly ns: string; readonly count: number } | undefined
  lastError: string | null = null
  requestCount = 0

  constructor(options: KrakenRepairOptions) {
    this.#options = options
    const { backoffFirstMs, backoffMaxMs } = options.settings.limits
    this.#backoff = new Backoff({ firstMs: backoffFirstMs, maxMs: backoffMaxMs }, options.random)
  }

  get hasPage(): boolean {
    return this.#page !== undefined
  }

  takePage(): RepairPage | undefined {
    const page = this.#page
    this.#page = undefined
    return page
  }

  /** To be called when the ledger has changed or a page was taken. */
  wake(): void {
    this.#wake.ring()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waitMs = await this.#step(signal)
      if (waitMs > 0) await this.#wake.wait(this.#options.clock, waitMs, signal)
    }
  }

  /** @returns how long to wait before the next step, ms */
  async #step(signal: AbortSignal): Promise<number> {
    const { clock, ledger, pace } = this.#options
    if (this.#page !== undefined) return IDLE_MS
    const nowUs = clock.nowUs()
    const request = ledger.nextRequest(nowUs)
    if (request === undefined) return Math.min(IDLE_MS, Math.max(1, (ledger.nextDueUs - nowUs) / 1000))
    const waitMs = pace.waitMs(nowUs)
    if (waitMs > 0) return waitMs
    pace.spend(nowUs)
    await this.#ask(request, signal)
    return 0
  }

  async #ask(request: RepairRequest, signal: AbortSignal): Promise<void> {
    const { rest, clock, onProgress } = this.#options
    this.requestCount += 1
    const answer = await rest.trades(request.symbol, this.#sinceNs(request), signal)
    if (!('rows' in answer)) {
      this.#fail(request, answer)
      return
    }
    const { fromId, toId } = request
    const ids = answer.rows.map(restIdOf)
    const newestId = Math.max(0, ...ids.filter((id) => !Number.isNaN(id)))
    if (newestId < fromId) {
      this.#noteKnown(request, answer)
      return
    }
    this.#backoff.reset()
    this.#cursor = undefined
    const throughId = Math.min(toId, newestId)
    const rows = answer.rows.filter((_, index) => ids[index]! >= fromId && ids[index]! <= throughId)
    this.#page = { request, rows, throughId, receivedTimeUs: clock.nowUs() }
    onProgress()
  }

  /** The stream's times are in µs and may be cut off, so one µs earlier is asked for; what is known already is passed over. */
  #sinceNs(request: RepairRequest): string {
    const cursor = this.#cursor
    if (cursor !== undefined && cursor.symbol === request.symbol && cursor.fromId === request.fromId) return cursor.ns
    return `${Math.max(1, this.#options.ledger.timeBefore(request) - 1)}000`
  }

  /** A full page of what is known: more than a page of trades within a µs, or a gap whose oldest ids were given up. */
  #noteKnown(request: RepairRequest, { rows, last }: Extract<RestAnswer, { rows: unknown }>): void {
    const { symbol, fromId } = request
    const { knownPagesMaxCount } = this.#options.settings.limits
    const count = (this.#cursor?.fromId === fromId ? this.#cursor.count : 0) + 1
    if (rows.length >= PAGE_MAX_COUNT && /^\d+$/.test(last) && count <= knownPagesMaxCount) {
      this.#cursor = { symbol, fromId, ns: last, count }
      return
    }
    this.#cursor = undefined
    this.#fail(request, { reason: `no trades from ${fromId} on`, isFinal: count > knownPagesMaxCount })
  }

  #fail(request: RepairRequest, answer: Exclude<RestAnswer, { rows: unknown }>): void {
    const { ledger, clock, settings, logger, pace, onProgress } = this.#options
    this.lastError = `${request.symbol}: ${answer.reason}`
    logger.warn({ symbol: request.symbol, reason: answer.reason }, 'kraken feed: a back-fill request failed')
    const nowUs = clock.nowUs()
    const delayMs = Math.max(this.#backoff.nextDelayMs(), answer.retryAfterMs ?? 0)
    // A complaint about too many requests is about all of them.
    if (answer.retryAfterMs !== undefined) pace.block(nowUs + answer.retryAfterMs * 1000)
    // To be told to wait is no failure of the request.
    const attemptCount = answer.retryAfterMs === undefined ? 1 : 0
    const { repairAttemptsMaxCount } = settings.limits
    ledger.noteFailed(request, nowUs + delayMs * 1000, answer.isFinal ? repairAttemptsMaxCount : attemptCount)
    onProgress()
  }
}

/** NaN where the row has none. */
export function restIdOf(row: RestRow): number {
  return tradeIdOf(textOf(row[6]))
}
