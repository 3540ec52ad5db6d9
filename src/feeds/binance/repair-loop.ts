import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { Backoff } from '../streaming/backoff.ts'
import type { GapLedger, RepairRequest, StreamGap } from '../streaming/gap-ledger.ts'
import { Wake } from '../streaming/wake.ts'
import type { BinanceSettings } from './binance-options.ts'
import { restIdOf } from './market-from-rest.ts'
import type { RestAnswer, RestClient, RestRow } from './rest-client.ts'
import type { WeightBudget } from './weight-budget.ts'

/** Rows of a repair, to be taken into a step as a whole. */
export interface RepairPage {
  readonly request: RepairRequest
  readonly rows: readonly RestRow[]
  /** What is missing up to here and not among the rows is not at the venue. */
  readonly throughId: number
  readonly receivedTimeUs: number
}

export interface RepairLoopOptions {
  readonly settings: BinanceSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly random: Random
  readonly ledger: GapLedger
  readonly rest: RestClient
  readonly budget: WeightBudget
  /** Called when a page is there, or the catching up has ended. */
  readonly onProgress: () => void
}

const IDLE_MS = 1000

/** Asks the venue for what the ledger misses, one page at a time: the next one is asked for once the last was taken. */
export class RepairLoop {
  readonly #options: RepairLoopOptions
  readonly #backoff: Backoff
  readonly #wake = new Wake()
  #page: RepairPage | undefined
  /** Symbols that were followed before this start: what came since is still to be asked for. */
  #toCatchUp: string[]
  #catchUpGaps: StreamGap[] = []
  lastError: string | null = null
  requestCount = 0

  constructor(options: RepairLoopOptions, symbolsToCatchUp: readonly string[]) {
    this.#options = options
    this.#toCatchUp = [...symbolsToCatchUp]
    const { backoffFirstMs, backoffMaxMs } = options.settings.limits
    this.#backoff = new Backoff({ firstMs: backoffFirstMs, maxMs: backoffMaxMs }, options.random)
  }

  get hasPage(): boolean {
    return this.#page !== undefined
  }

  get isCatchingUp(): boolean {
    return this.#toCatchUp.length > 0 || this.#catchUpGaps.some((gap) => gap.remainingCount > 0)
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
    const { clock, ledger, rest, budget } = this.#options
    if (this.#page !== undefined) return IDLE_MS
    const nowUs = clock.nowUs()
    const symbol = this.#toCatchUp[0]
    if (symbol !== undefined) {
      const waitMs = budget.waitMs(rest.newestWeight, nowUs)
      if (waitMs === 0) await this.#findMissed(symbol, signal)
      return waitMs
    }
    const request = ledger.nextRequest(nowUs)
    if (request === undefined) return Math.min(IDLE_MS, Math.max(1, (ledger.nextDueUs - nowUs) / 1000))
    const waitMs = budget.waitMs(rest.pageWeight, nowUs)
    if (waitMs === 0) await this.#ask(request, signal)
    return waitMs
  }

  /** Compares the newest id of a symbol with the one that was kept. Where that fails, its next trade tells. */
  async #findMissed(symbol: string, signal: AbortSignal): Promise<void> {
    const { rest, ledger, settings, onProgress } = this.#options
    this.requestCount += 1
    const answer = await rest.newest(symbol, signal)
    this.#toCatchUp.shift()
    if ('rows' in answer) {
      const newestId = Math.max(...answer.rows.map((row) => restIdOf(row, settings.tradeStream)))
      if (newestId >= ledger.nextIdOf(symbol)) this.#catchUpGaps.push(ledger.miss(symbol, newestId))
    } else {
      this.#noteError(symbol, answer.reason)
    }
    onProgress()
  }

  async #ask(request: RepairRequest, signal: AbortSignal): Promise<void> {
    const { rest, settings, clock, onProgress } = this.#options
    const { symbol, fromId, toId } = request
    const limit = Math.min(settings.facts.pageMaxCount[settings.tradeStream], toId - fromId + 1)
    this.requestCount += 1
    const answer = await rest.page(symbol, fromId, limit, signal)
    if (!('rows' in answer)) {
      this.#fail(request, answer)
      return
    }
    const ids = answer.rows.map((row) => restIdOf(row, settings.tradeStream)).filter((id) => id >= fromId)
    if (ids.length === 0) {
      this.#fail(request, { reason: `no trades from ${fromId} on`, isFinal: false })
      return
    }
    this.#backoff.reset()
    const throughId = Math.min(toId, Math.max(...ids))
    const rows = answer.rows.filter((row) => restIdOf(row, settings.tradeStream) <= throughId)
    this.#page = { request, rows, throughId, receivedTimeUs: clock.nowUs() }
    onProgress()
  }

  #fail(request: RepairRequest, answer: Exclude<RestAnswer, { rows: unknown }>): void {
    const { ledger, clock, settings, onProgress } = this.#options
    this.#noteError(request.symbol, answer.reason)
    const delayMs = Math.max(this.#backoff.nextDelayMs(), answer.retryAfterMs ?? 0)
    const dueUs = clock.nowUs() + delayMs * 1000
    // To be told to wait is no failure of the request.
    const attemptCount = answer.retryAfterMs === undefined ? 1 : 0
    ledger.noteFailed(request, dueUs, answer.isFinal ? settings.limits.repairAttemptsMaxCount : attemptCount)
    onProgress()
  }

  #noteError(symbol: string, reason: string): void {
    this.lastError = `${symbol}: ${reason}`
    this.#options.logger.warn({ symbol, reason }, 'binance feed: a back-fill request failed')
  }
}
