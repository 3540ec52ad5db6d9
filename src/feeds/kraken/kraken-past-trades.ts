import type { Clock } from '../../base/clock.ts'
import type { GapLedger, RepairRequest } from '../streaming/gap-ledger.ts'
import type { PastTrades, RepairAnswer, RequestFailure } from '../streaming/repair-loop.ts'
import { type KrakenSettings, PAGE_MAX_COUNT } from './kraken-options.ts'
import type { KrakenRest, RestAnswer, RestRow } from './kraken-rest.ts'
import { restIdOf } from './market-from-kraken.ts'
import type { RequestPace } from './request-pace.ts'

export interface KrakenPastTradesOptions {
  readonly settings: KrakenSettings
  readonly clock: Clock
  readonly ledger: GapLedger
  readonly rest: KrakenRest
  readonly pace: RequestPace
}

/**
 * Kraken is asked by time, not by id: from just before the last trade that is known. Where a page holds only what is
 * known, the next one goes on where it ended.
 */
export class KrakenPastTrades implements PastTrades<RestRow> {
  readonly #options: KrakenPastTradesOptions
  /** Where to go on for these ids, ns, and how often that was so in a row. */
  #cursor: { readonly fromId: number; readonly symbol: string; readonly ns: string; readonly count: number } | undefined

  constructor(options: KrakenPastTradesOptions) {
    this.#options = options
  }

  waitMs(nowUs: number): number {
    return this.#options.pace.waitMs(nowUs)
  }

  async ask(request: RepairRequest, signal: AbortSignal): Promise<RepairAnswer<RestRow>> {
    const answer = await this.#trades(request.symbol, this.#sinceNs(request), signal)
    if (!('rows' in answer)) return answer
    const { fromId, toId } = request
    const ids = answer.rows.map(restIdOf)
    const newestId = newestOf(answer.rows)
    if (newestId < fromId) return this.#goOnAfter(request, answer)
    this.#cursor = undefined
    const throughId = Math.min(toId, newestId)
    return { rows: answer.rows.filter((_, index) => ids[index]! >= fromId && ids[index]! <= throughId), throughId }
  }

  /** Id of the newest trade that the venue has, as far as a page from the last known one on reaches; -1 for none. */
  async newestId(symbol: string, signal: AbortSignal): Promise<number | RequestFailure> {
    const answer = await this.#trades(symbol, sinceNs(this.#options.ledger.lastTimeUsOf(symbol)), signal)
    return 'rows' in answer ? newestOf(answer.rows) : answer
  }

  async #trades(symbol: string, fromNs: string, signal: AbortSignal): Promise<RestAnswer> {
    const { clock, pace, rest } = this.#options
    pace.spend(clock.nowUs())
    const answer = await rest.trades(symbol, fromNs, signal)
    // A complaint about too many requests is about all of them.
    if ('retryAfterMs' in answer && answer.retryAfterMs !== undefined) {
      pace.block(clock.nowUs() + answer.retryAfterMs * 1000)
    }
    return answer
  }

  #sinceNs(request: RepairRequest): string {
    const cursor = this.#cursor
    if (cursor !== undefined && cursor.symbol === request.symbol && cursor.fromId === request.fromId) return cursor.ns
    return sinceNs(this.#options.ledger.timeBefore(request))
  }

  /** A full page of what is known: more than a page of trades within a µs, or a gap whose oldest ids were given up. */
  #goOnAfter(
    { symbol, fromId }: RepairRequest,
    { rows, last }: Extract<RestAnswer, { rows: unknown }>,
  ): RepairAnswer<RestRow> {
    const { knownPagesMaxCount } = this.#options.settings.limits
    const count = (this.#cursor?.fromId === fromId ? this.#cursor.count : 0) + 1
    if (rows.length >= PAGE_MAX_COUNT && /^\d+$/.test(last) && count <= knownPagesMaxCount) {
      this.#cursor = { symbol, fromId, ns: last, count }
      return 'unfinished'
    }
    this.#cursor = undefined
    return { reason: `no trades from ${fromId} on`, isFinal: count > knownPagesMaxCount }
  }
}

/** The stream's times are in µs and may be cut off, so one µs earlier is asked for; what is known already is passed over. */
function sinceNs(knownUs: number): string {
  return `${Math.max(1, knownUs - 1)}000`
}

function newestOf(rows: readonly RestRow[]): number {
  return Math.max(-1, ...rows.map(restIdOf).filter((id) => !Number.isNaN(id)))
}
