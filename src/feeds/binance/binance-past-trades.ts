import type { RepairRequest } from '../streaming/gap-ledger.ts'
import type { PastTrades, RepairAnswer } from '../streaming/repair-loop.ts'
import type { BinanceSettings } from './binance-options.ts'
import { restIdOf } from './market-from-rest.ts'
import type { RestClient } from './rest-client.ts'
import type { RestRow } from './rest-requests.ts'

/** Binance is asked by id, within the weight of a minute. */
export class BinancePastTrades implements PastTrades<RestRow> {
  readonly #settings: BinanceSettings
  readonly #rest: RestClient

  constructor(settings: BinanceSettings, rest: RestClient) {
    this.#settings = settings
    this.#rest = rest
  }

  waitMs(): number {
    return this.#rest.waitMs(this.#rest.pageWeight)
  }

  async ask({ symbol, fromId, toId }: RepairRequest, signal: AbortSignal): Promise<RepairAnswer<RestRow>> {
    const { tradeStream } = this.#settings
    const limit = Math.min(this.#rest.pageMaxCount, toId - fromId + 1)
    const answer = await this.#rest.page(symbol, fromId, limit, signal)
    if (!('rows' in answer)) return answer
    const ids = answer.rows.map((row) => restIdOf(row, tradeStream)).filter((id) => id >= fromId)
    if (ids.length === 0) return { reason: `no trades from ${fromId} on`, isFinal: false }
    const throughId = Math.min(toId, Math.max(...ids))
    return { rows: answer.rows.filter((row) => restIdOf(row, tradeStream) <= throughId), throughId }
  }
}
